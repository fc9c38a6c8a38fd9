#include "handshake/handshake_messages.hpp"

#include <rakka/base/check.hpp>
#include <rakka/node/errc.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace rakka::handshake {
namespace {

using detail::field_reader;
using detail::put;

/// The only version the old send_name was ever sent with.
constexpr std::uint16_t old_form_version = 5;

constexpr std::array<std::pair<status, std::string_view>, 8> status_texts = {{
    {status::ok, "ok"},
    {status::ok_simultaneous, "ok_simultaneous"},
    {status::nok, "nok"},
    {status::not_allowed, "not_allowed"},
    {status::alive, "alive"},
    {status::yes, "true"},
    {status::no, "false"},
    {status::named, "named:"},
}};

bytes begin(message_tag tag) {
    return {static_cast<std::uint8_t>(tag)};
}

bytes with_length(const bytes& body, length_prefix prefix) {
    bytes message;
    message.reserve(body.size() + 4);
    put(message, body.size(), static_cast<std::size_t>(prefix));
    message.insert(message.end(), body.begin(), body.end());
    return message;
}

void put_name(bytes& out, std::string_view name) {
    RAKKA_CHECK(name.size() <= 0xFFFF);
    put(out, name.size(), 2);
    put(out, name);
}

/// A reader behind the tag; a body with another tag is marked as not ok by giving it no bytes at all.
field_reader after_tag(byte_view body, message_tag tag) {
    const bool fits = !body.empty() && body.front() == static_cast<std::uint8_t>(tag);
    return field_reader(fits ? body.subspan(1) : byte_view{});
}

result<name_message> decode_old_name(byte_view body) {
    field_reader in = after_tag(body, message_tag::old_name);
    const std::uint16_t version = in.take_u16();
    name_message m;
    m.flags = distribution_flags(in.take_u32());
    m.name = in.take_rest();
    m.old_form = true;
    if (!in.ok()) return node_errc::handshake_bad_message;
    if (version != old_form_version) return node_errc::unsupported_version;
    return m;
}

}  // namespace

bytes encode(const name_message& m, length_prefix prefix) {
    bytes body = begin(m.old_form ? message_tag::old_name : message_tag::name);
    if (m.old_form) {
        put(body, old_form_version, 2);
        put(body, m.flags.bits() & 0xFFFFFFFF, 4);
        put(body, m.name);
    } else {
        put(body, m.flags.bits(), 8);
        put(body, m.creation.value(), 4);
        put_name(body, m.name);
    }
    return with_length(body, prefix);
}

bytes encode(const status_message& m, length_prefix prefix) {
    bytes body = begin(message_tag::status);
    put(body, to_string(m.status));
    if (m.status == status::named) {
        put_name(body, m.name);
        put(body, m.creation.value(), 4);
    }
    return with_length(body, prefix);
}

bytes encode(const challenge_message& m, length_prefix prefix) {
    bytes body = begin(message_tag::name);
    put(body, m.flags.bits(), 8);
    put(body, m.challenge.value(), 4);
    put(body, m.creation.value(), 4);
    put_name(body, m.name);
    return with_length(body, prefix);
}

bytes encode(const complement_message& m, length_prefix prefix) {
    bytes body = begin(message_tag::complement);
    put(body, m.upper_flags, 4);
    put(body, m.creation.value(), 4);
    return with_length(body, prefix);
}

bytes encode(const reply_message& m, length_prefix prefix) {
    bytes body = begin(message_tag::reply);
    put(body, m.challenge.value(), 4);
    body.insert(body.end(), m.digest.begin(), m.digest.end());
    return with_length(body, prefix);
}

bytes encode(const ack_message& m, length_prefix prefix) {
    bytes body = begin(message_tag::ack);
    body.insert(body.end(), m.digest.begin(), m.digest.end());
    return with_length(body, prefix);
}

result<name_message> decode_name(byte_view body) {
    if (!body.empty() && body.front() == static_cast<std::uint8_t>(message_tag::old_name)) {
        return decode_old_name(body);
    }
    field_reader in = after_tag(body, message_tag::name);
    name_message m;
    m.flags = distribution_flags(in.take_u64());
    m.creation = rakka::creation{in.take_u32()};
    m.name = in.take_text(in.take_u16());
    if (!in.ok()) return node_errc::handshake_bad_message;
    return m;
}

result<status_message> decode_status(byte_view body) {
    field_reader in = after_tag(body, message_tag::status);
    const std::string text = in.take_rest();
    status_message m;
    if (text.starts_with(to_string(status::named))) {
        in = field_reader(body.subspan(1 + to_string(status::named).size()));
        m.status = status::named;
        m.name = in.take_text(in.take_u16());
        m.creation = rakka::creation{in.take_u32()};
        if (!in.ok()) return node_errc::handshake_bad_message;
        return m;
    }
    for (const auto& [value, name] : status_texts) {
        if (name != text) continue;
        m.status = value;
        return m;
    }
    return node_errc::handshake_bad_message;
}

result<challenge_message> decode_challenge(byte_view body) {
    if (!body.empty() && body.front() == static_cast<std::uint8_t>(message_tag::old_name)) {
        return node_errc::unsupported_version;
    }
    field_reader in = after_tag(body, message_tag::name);
    challenge_message m;
    m.flags = distribution_flags(in.take_u64());
    m.challenge = handshake::challenge{in.take_u32()};
    m.creation = rakka::creation{in.take_u32()};
    m.name = in.take_text(in.take_u16());
    if (!in.ok()) return node_errc::handshake_bad_message;
    return m;
}

result<complement_message> decode_complement(byte_view body) {
    field_reader in = after_tag(body, message_tag::complement);
    complement_message m;
    m.upper_flags = in.take_u32();
    m.creation = rakka::creation{in.take_u32()};
    if (!in.ok() || in.remaining() != 0) return node_errc::handshake_bad_message;
    return m;
}

result<reply_message> decode_reply(byte_view body) {
    field_reader in = after_tag(body, message_tag::reply);
    reply_message m;
    m.challenge = handshake::challenge{in.take_u32()};
    const byte_view digest = in.take(m.digest.size());
    if (!in.ok() || in.remaining() != 0) return node_errc::handshake_bad_message;
    std::copy(digest.begin(), digest.end(), m.digest.begin());
    return m;
}

result<ack_message> decode_ack(byte_view body) {
    field_reader in = after_tag(body, message_tag::ack);
    ack_message m;
    const byte_view digest = in.take(m.digest.size());
    if (!in.ok() || in.remaining() != 0) return node_errc::handshake_bad_message;
    std::copy(digest.begin(), digest.end(), m.digest.begin());
    return m;
}

std::string_view to_string(status s) noexcept {
    for (const auto& [value, text] : status_texts) {
        if (value == s) return text;
    }
    return {};
}

result<std::optional<bytes>> message_buffer::next() {
    if (buffer_.size() < prefix_size_) return std::optional<bytes>();
    const std::uint64_t size = field_reader(buffer_).take_number(prefix_size_);
    if (size > max_message_size_) return node_errc::handshake_too_large;
    if (buffer_.size() - prefix_size_ < size) return std::optional<bytes>();
    const auto body = buffer_.begin() + static_cast<std::ptrdiff_t>(prefix_size_);
    const auto end = body + static_cast<std::ptrdiff_t>(size);
    std::optional<bytes> message(std::in_place, body, end);
    buffer_.erase(buffer_.begin(), end);
    return message;
}

}  // namespace rakka::handshake
