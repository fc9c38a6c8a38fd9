#include "epmd/epmd_messages.hpp"

#include <rakka/node/errc.hpp>

#include <fmt/format.h>

#include <charconv>

namespace rakka::epmd {
namespace {

using detail::field_reader;
using detail::put;

/// An ALIVE2 body without name and extra is 13 bytes; epmd wants more than that.
constexpr std::size_t empty_alive2_size = 13;

void put_node(bytes& out, const node_entry& n) {
    put(out, n.port, 2);
    put(out, n.type, 1);
    put(out, n.protocol, 1);
    put(out, n.highest_version, 2);
    put(out, n.lowest_version, 2);
    put(out, n.name.size(), 2);
    put(out, n.name);
    put(out, n.extra.size(), 2);
    put(out, n.extra);
}

node_entry take_node(field_reader& in) {
    node_entry n;
    n.port = in.take_u16();
    n.type = in.take_u8();
    n.protocol = in.take_u8();
    n.highest_version = in.take_u16();
    n.lowest_version = in.take_u16();
    n.name = in.take_text(in.take_u16());
    n.extra = in.take_text(in.take_u16());
    return n;
}

struct request_encoder {
    bytes& out;

    void operator()(const alive2_request& r) const { put_node(tagged(request_tag::alive2), r.node); }
    void operator()(const port2_request& r) const { put(tagged(request_tag::port2), r.name); }
    void operator()(const names_request&) const { tagged(request_tag::names); }
    void operator()(const dump_request&) const { tagged(request_tag::dump); }
    void operator()(const kill_request&) const { tagged(request_tag::kill); }
    void operator()(const stop_request& r) const { put(tagged(request_tag::stop), r.name); }

    bytes& tagged(request_tag tag) const {
        out.push_back(static_cast<std::uint8_t>(tag));
        return out;
    }
};

result<request> decode_alive2(field_reader in, std::size_t body_size) {
    if (body_size <= empty_alive2_size) return node_errc::epmd_bad_request;
    node_entry n = take_node(in);
    const bool has_nul = n.name.find('\0') != std::string::npos;
    if (!in.ok() || n.name.empty() || has_nul) return node_errc::epmd_bad_request;
    return request(alive2_request{std::move(n)});
}

/// The name in a PORT2 or STOP request ends at the first NUL, if there is one.
std::string take_name(field_reader& in) {
    std::string name = in.take_rest();
    return name.substr(0, name.find('\0'));
}

/// "name NAME at port PORT", without the line end.
std::optional<named_port> parse_names_line(std::string_view line) {
    constexpr std::string_view before = "name ";
    constexpr std::string_view between = " at port ";
    const std::size_t at = line.rfind(between);
    if (!line.starts_with(before) || at == std::string_view::npos || at < before.size()) return std::nullopt;
    const std::string_view number = line.substr(at + between.size());
    named_port n;
    n.name = std::string(line.substr(before.size(), at - before.size()));
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), n.port);
    if (error != std::errc() || end != number.data() + number.size()) return std::nullopt;
    return n;
}

}  // namespace

bytes encode(const request& r) {
    bytes body;
    std::visit(request_encoder{body}, r);
    bytes message;
    put(message, body.size(), 2);
    message.insert(message.end(), body.begin(), body.end());
    return message;
}

result<request> decode_request(byte_view body) {
    if (body.empty()) return node_errc::epmd_bad_request;
    field_reader in(body.subspan(1));
    switch (static_cast<request_tag>(body.front())) {
        case request_tag::alive2:
            return decode_alive2(in, body.size());
        case request_tag::port2: {
            std::string name = take_name(in);
            if (name.empty()) return node_errc::epmd_bad_request;
            return request(port2_request{std::move(name)});
        }
        case request_tag::names:
            return request(names_request{});
        case request_tag::dump:
            return request(dump_request{});
        case request_tag::kill:
            return request(kill_request{});
        case request_tag::stop: {
            std::string name = take_name(in);
            if (name.empty()) return node_errc::epmd_bad_request;
            return request(stop_request{std::move(name)});
        }
    }
    return node_errc::epmd_bad_request;
}

bytes encode_alive2_reply(const alive2_reply& r, std::uint16_t highest_version) {
    const bool wide = highest_version >= 6;
    bytes out{static_cast<std::uint8_t>(wide ? reply_tag::alive2_wide : reply_tag::alive2), r.result};
    put(out, r.creation, wide ? 4 : 2);
    return out;
}

bytes encode_port2_reply(const std::optional<node_entry>& node) {
    bytes out{static_cast<std::uint8_t>(reply_tag::port2), static_cast<std::uint8_t>(node ? 0 : 1)};
    if (node) put_node(out, *node);
    return out;
}

std::string names_line(const node_entry& node) {
    return fmt::format("name {} at port {}\n", node.name, node.port);
}

result<std::optional<alive2_reply>> decode_alive2_reply(byte_view arrived) {
    if (arrived.empty()) return std::optional<alive2_reply>();
    field_reader in(arrived);
    const auto tag = static_cast<reply_tag>(in.take_u8());
    if (tag != reply_tag::alive2 && tag != reply_tag::alive2_wide) return node_errc::epmd_bad_reply;
    alive2_reply r;
    r.result = in.take_u8();
    r.creation = static_cast<std::uint32_t>(in.take_number(tag == reply_tag::alive2_wide ? 4 : 2));
    if (!in.ok()) return std::optional<alive2_reply>();
    if (in.remaining() != 0) return node_errc::epmd_bad_reply;
    return std::optional<alive2_reply>(r);
}

result<std::optional<port2_reply>> decode_port2_reply(byte_view arrived) {
    if (arrived.empty()) return std::optional<port2_reply>();
    field_reader in(arrived);
    if (static_cast<reply_tag>(in.take_u8()) != reply_tag::port2) return node_errc::epmd_bad_reply;
    port2_reply r;
    r.result = in.take_u8();
    if (in.ok() && r.result == 0) r.node = take_node(in);
    if (!in.ok()) return std::optional<port2_reply>();
    return std::optional<port2_reply>(std::move(r));
}

result<names_reply> decode_names_reply(byte_view all) {
    field_reader in(all);
    names_reply r;
    r.epmd_port = in.take_u32();
    if (!in.ok()) return node_errc::epmd_closed;
    const std::string text = in.take_rest();
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::size_t end = rest.find('\n');
        if (end == std::string_view::npos) return node_errc::epmd_closed;
        std::optional<named_port> node = parse_names_line(rest.substr(0, end));
        if (!node) return node_errc::epmd_bad_reply;
        r.nodes.push_back(std::move(*node));
        rest.remove_prefix(end + 1);
    }
    return r;
}

std::optional<std::size_t> count_characters(std::string_view text) noexcept {
    std::size_t count = 0;
    for (std::size_t i = 0; i < text.size(); ++count) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const std::size_t size = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        if (size == 0 || lead > 0xF4 || text.size() - i < size) return std::nullopt;
        char32_t value = size == 1 ? lead : lead & (0x7Fu >> size);
        for (std::size_t k = 1; k < size; ++k) {
            const auto next = static_cast<unsigned char>(text[i + k]);
            if ((next & 0xC0) != 0x80) return std::nullopt;
            value = value << 6 | (next & 0x3Fu);
        }
        const bool overlong = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
        if (overlong || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return std::nullopt;
        i += size;
    }
    return count;
}

}  // namespace rakka::epmd
