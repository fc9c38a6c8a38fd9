#include "handshake/handshake_messages.hpp"
#include "printable.hpp"
#include "wire/message_reader.hpp"

#include <rakka/etf/print.hpp>
#include <rakka/node/capture.hpp>
#include <rakka/node/node_name.hpp>

#include <fmt/format.h>

#include <array>
#include <utility>

namespace rakka::capture {
namespace {

using handshake::message_tag;

constexpr std::size_t max_handshake_message = 4096;
constexpr std::uint8_t tls_record = 0x16;

std::string names(distribution_flags flags) {
    return fmt::format("flags {:#x}", flags.bits());
}

/// What one side has said so far.
struct speaker {
    std::string name;
    distribution_flags flags;
    handshake::message_buffer handshake{handshake::length_prefix::two_bytes, max_handshake_message};
    std::unique_ptr<wire::message_reader> frames;  // since its part of the handshake has ended
    bool begun = false;
    bool ended = false;  // cannot be read any further
};

}  // namespace

struct conversation_reader::state {
    explicit state(reading_options o) : options(o) {}

    reading_options options;
    std::array<speaker, 2> speakers;
    std::vector<statement> said;

    speaker& of(side s) { return speakers[static_cast<std::size_t>(s)]; }
    speaker& other(side s) { return speakers[1 - static_cast<std::size_t>(s)]; }

    void say(side from, std::string text) { said.push_back({from, std::move(text)}); }
    void end(side from, const std::string& why) {
        of(from).ended = true;
        say(from, "(cannot be read from here on: " + why + ")");
    }

    void take(side from, byte_view data);
    void take_handshake(side from);
    void take_frames(side from);
    void begin_frames(side from);
    bool on_message(side from, byte_view body);
    bool on_dialler(side from, byte_view body);
    bool on_acceptor(side from, byte_view body);
    void on_name(side from, const std::string& latin1, distribution_flags flags);
    std::string describe(const wire::inbound_message& m) const;
    std::string print(term_view t) const;
};

void conversation_reader::state::take(side from, byte_view data) {
    speaker& s = of(from);
    if (s.ended || data.empty()) return;
    if (!std::exchange(s.begun, true) && data[0] == tls_record) {
        other(from).ended = true;
        return end(from, "this is TLS; record the nodes without it");
    }
    if (s.frames) {
        s.frames->feed(std::as_bytes(data));
        return take_frames(from);
    }
    s.handshake.append(data);
    take_handshake(from);
}

void conversation_reader::state::take_handshake(side from) {
    speaker& s = of(from);
    while (!s.ended && !s.frames) {
        const auto message = s.handshake.next();
        if (!message) return end(from, message.error().message());
        if (!*message) return;
        if (!on_message(from, **message)) return end(from, "no message of a handshake");
    }
}

bool conversation_reader::state::on_message(side from, byte_view body) {
    return from == side::dialler ? on_dialler(from, body) : on_acceptor(from, body);
}

void conversation_reader::state::on_name(side from, const std::string& latin1, distribution_flags flags) {
    of(from).name = detail::printable(latin1_to_utf8(latin1));
    of(from).flags = flags.expanded();
}

/// False: nothing that a dialler says.
bool conversation_reader::state::on_dialler(side from, byte_view body) {
    if (const auto name = handshake::decode_name(body)) {
        on_name(from, name->name, name->flags);
        say(from, fmt::format("name: {}, creation {}, {}", of(from).name, name->creation.value(),
                              names(name->flags)));
        return true;
    }
    if (const auto status = handshake::decode_status(body)) {
        say(from, fmt::format("status: {}", to_string(status->status)));
        return true;
    }
    if (const auto rest = handshake::decode_complement(body)) {
        of(from).flags = of(from).flags.with(distribution_flags(std::uint64_t{rest->upper_flags} << 32));
        say(from, fmt::format("complement: creation {}", rest->creation.value()));
        return true;
    }
    if (!handshake::decode_reply(body)) return false;
    say(from, "reply: knows the cookie, and wants to see that the other does");
    begin_frames(from);
    return true;
}

/// False: nothing that an acceptor says.
bool conversation_reader::state::on_acceptor(side from, byte_view body) {
    if (const auto status = handshake::decode_status(body)) {
        if (status->status == handshake::status::named) other(from).name = detail::printable(status->name);
        say(from, fmt::format("status: {}{}", to_string(status->status), detail::printable(status->name)));
        return true;
    }
    if (const auto challenge = handshake::decode_challenge(body)) {
        on_name(from, challenge->name, challenge->flags);
        say(from, fmt::format("challenge: {}, creation {}, {}; both may use {}", of(from).name,
                              challenge->creation.value(), names(challenge->flags),
                              to_string(effective_flags(challenge->flags, other(from).flags))));
        return true;
    }
    if (!handshake::decode_ack(body)) return false;
    say(from, "ack: knows the cookie too; connected");
    begin_frames(from);
    return true;
}

void conversation_reader::state::begin_frames(side from) {
    speaker& s = of(from);
    wire::reader_options o;
    o.effective = effective_flags(s.flags, other(from).flags);
    o.frames.max_frame_size = std::size_t{1} << 30;
    o.fragments = {.max_sequences = 100'000,
                   .max_sequence_size = std::size_t{2} << 30,
                   .max_total_size = std::size_t{4} << 30};
    s.frames = std::make_unique<wire::message_reader>(o);
    const bytes rest = s.handshake.take_pending();
    s.frames->feed(std::as_bytes(std::span(rest)));
    take_frames(from);
}

void conversation_reader::state::take_frames(side from) {
    speaker& s = of(from);
    wire::inbound_message m;
    for (;;) {
        const auto event = s.frames->next(m);
        if (!event) return end(from, event.error().text);
        if (*event == wire::message_reader::event::need_bytes) return;
        say(from, *event == wire::message_reader::event::tick ? "tick" : describe(m));
    }
}

std::string conversation_reader::state::print(term_view t) const {
    return to_string(t, print_options{.charset = print_charset::unicode, .max_chars = options.max_text});
}

std::string conversation_reader::state::describe(const wire::inbound_message& m) const {
    const wire::control_message& c = m.control();
    std::string out = to_string(c);
    if (c.mfa.has_value()) out += " mfa " + print(c.mfa);
    if (c.options.has_value()) out += " options " + print(c.options);
    if (c.token.has_value()) out += " token " + print(c.token);
    if (!m.has_payload()) return out;
    const auto payload = m.payload();
    if (!payload) return out + " (contents cannot be read: " + payload.error().text + ")";
    return out + fmt::format(" {} bytes: ", m.payload_size()) + print(*payload);
}

conversation_reader::conversation_reader(reading_options options)
    : state_(std::make_unique<state>(options)) {}
conversation_reader::~conversation_reader() = default;
conversation_reader::conversation_reader(conversation_reader&&) noexcept = default;
conversation_reader& conversation_reader::operator=(conversation_reader&&) noexcept = default;

std::vector<statement> conversation_reader::read(side from, std::span<const std::byte> data) {
    state_->take(from, {reinterpret_cast<const std::uint8_t*>(data.data()), data.size()});
    return std::exchange(state_->said, {});
}

const std::string& conversation_reader::name(side which) const noexcept {
    return state_->of(which).name;
}

}  // namespace rakka::capture
