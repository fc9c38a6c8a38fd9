#include "handshake/handshake_error.hpp"

#include "printable.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace rakka::handshake {
namespace {

constexpr std::size_t shown_bytes = 64;

/// First bytes that give away what really is at the other end.
struct foreign_protocol {
    std::string_view start;
    std::string_view story;
};

constexpr std::array<foreign_protocol, 9> foreign_protocols = {{
    {std::string_view("\x16\x03", 2),
     "the peer speaks TLS and this side does not: use the TLS carrier on both nodes or on none"},
    {std::string_view("\x15\x03", 2),
     "the peer speaks TLS and this side does not: use the TLS carrier on both nodes or on none"},
    {"GET ", "an HTTP client dialled the distribution port"},
    {"POST", "an HTTP client dialled the distribution port"},
    {"HEAD", "an HTTP client dialled the distribution port"},
    {"HTTP", "an HTTP server listens on that port, not a node"},
    {"SSH-", "an SSH server or client is at the other end, not a node"},
    {"220 ", "a mail or file server listens on that port, not a node"},
    {std::string_view("w\x00", 2), "an epmd listens on that port, not a node"},
}};

std::string_view as_text(byte_view b) {
    return {reinterpret_cast<const char*>(b.data()), b.size()};
}

std::string_view cause_of_close(role who, step where) {
    switch (where) {
        case step::sending_name:
        case step::awaiting_status:
            return "the peer did not like our name (it accepts only name@host), is busy with another "
                   "connection of "
                   "the same name, speaks TLS, or is not a node at all: look at its log and at the port";
        case step::awaiting_challenge:
            return "the peer gave up after its status: it is stopping, or its setup timer ran out";
        case step::sending_reply:
        case step::awaiting_ack:
            return "most likely the cookies differ: the peer closes at this point when our digest is wrong, "
                   "and "
                   "its log says \"Invalid challenge reply\"; give both nodes the same cookie";
        case step::awaiting_name:
            return "something dialled the distribution port and went away: a port scan, a health check, or a "
                   "client that expects another protocol";
        case step::awaiting_alive_answer:
            return "the peer gave up this attempt in favour of another one";
        case step::sending_challenge:
        case step::awaiting_complement:
        case step::awaiting_reply:
            return "the peer gave up after our challenge: it dialled another name than ours, misses flags it "
                   "needs, or its setup timer ran out; look at its log";
        case step::sending_ack:
        case step::taking_over:
            return "the peer gave up before our last message: its setup timer ran out";
        default:
            return who == role::acceptor ? "the dialling node gave up" : "the dialled node gave up";
    }
}

std::string_view cause_of_timeout(role who, step where, bool anything_received) {
    if (where == step::awaiting_owner || where == step::taking_over) {
        return "this node was too busy, or the old connection to the same peer took too long to close";
    }
    if (anything_received) {
        return "the peer stopped in the middle of a message: it hangs, the network loses packets, or it "
               "counts "
               "message lengths differently (plain carrier against TLS carrier)";
    }
    if (who == role::initiator && where == step::awaiting_status) {
        return "the peer took the connection but says nothing: it hangs, it expects TLS, or something else "
               "listens on that port";
    }
    return "the peer hangs, is overloaded, or the network between the nodes loses packets";
}

std::string_view cause_of_size(byte_view raw, length_prefix prefix) {
    if (prefix == length_prefix::four_bytes && raw.size() >= 2 && raw[0] == 0) {
        return "the peer counts message lengths in 2 bytes: it uses the plain carrier inside what should be "
               "TLS";
    }
    return "the other end is not an Erlang node, or the stream is damaged";
}

std::string_view cause_of_garbage(byte_view raw) {
    if (raw.empty()) {
        return "an empty message: the peer may count lengths in 4 bytes (TLS carrier) where 2 are expected";
    }
    if (raw.front() == 'x' || raw.front() == 'z' || (raw.front() == 'n' && raw.size() == 1)) {
        return "an epmd client dialled the distribution port: check ERL_EPMD_PORT over there";
    }
    return "the other end is not an Erlang node, or a step of the handshake is missing";
}

}  // namespace

std::string_view to_string(step s) noexcept {
    switch (s) {
        case step::not_started:
            return "before the first message";
        case step::sending_name:
            return "sending our name";
        case step::awaiting_name:
            return "waiting for the peer's name";
        case step::awaiting_owner:
            return "checking the peer against our own connections";
        case step::sending_status:
            return "sending our status";
        case step::awaiting_status:
            return "waiting for the peer's status";
        case step::sending_alive_answer:
            return "answering whether this attempt is wanted";
        case step::awaiting_alive_answer:
            return "waiting for the peer to confirm its attempt";
        case step::sending_challenge:
            return "sending our challenge";
        case step::awaiting_challenge:
            return "waiting for the peer's challenge";
        case step::awaiting_complement:
            return "waiting for the rest of the peer's flags";
        case step::sending_reply:
            return "sending our digest";
        case step::awaiting_reply:
            return "waiting for the peer's digest";
        case step::taking_over:
            return "making older connections to the peer give way";
        case step::sending_ack:
            return "sending the last message";
        case step::awaiting_ack:
            return "waiting for the peer's last message";
        case step::finished:
            return "after the last message";
    }
    return "in an unknown step";
}

std::string handshake_error::message() const {
    const std::string_view verb = role == handshake::role::initiator ? "dialling" : "accepting";
    return fmt::format("handshake failed {} {}, {}: {}. Sent: {}. Received: {}. Likely cause: {}.", verb,
                       peer.empty() ? "a peer that did not tell its name" : peer, to_string(step),
                       make_error_code(code).message(), sent.empty() ? "nothing" : sent,
                       received.empty() ? "nothing" : received, cause);
}

std::string describe_received(byte_view data, std::size_t prefix_size) {
    if (data.empty()) return "nothing";
    const byte_view body = data.size() > prefix_size ? data.subspan(prefix_size) : byte_view{};
    const bool secret = !body.empty() && (body.front() == static_cast<std::uint8_t>(message_tag::reply) ||
                                          body.front() == static_cast<std::uint8_t>(message_tag::ack));
    if (secret) {
        return fmt::format("{} bytes starting with \"{}\" (digest not shown)", data.size(),
                           detail::printable(data.first(prefix_size + 1)));
    }
    return fmt::format("\"{}\"", detail::printable(data, shown_bytes));
}

bool starts_like_tls(byte_view raw) noexcept {
    return raw.size() >= 2 && (raw[0] == 0x16 || raw[0] == 0x15) && raw[1] == 0x03;
}

std::string likely_cause(role who, step where, node_errc code, byte_view raw, length_prefix prefix) {
    for (const auto& [start, story] : foreign_protocols) {
        if (as_text(raw).starts_with(start)) return std::string(story);
    }
    switch (code) {
        case node_errc::handshake_closed:
            return std::string(cause_of_close(who, where));
        case node_errc::handshake_timeout:
            return std::string(cause_of_timeout(who, where, !raw.empty()));
        case node_errc::handshake_too_large:
            return std::string(cause_of_size(raw, prefix));
        case node_errc::handshake_bad_message:
            return std::string(cause_of_garbage(raw));
        case node_errc::unsupported_version:
            return "the peer is older than OTP 23, or not a BEAM: upgrade it";
        default:
            return "see the error itself";
    }
}

}  // namespace rakka::handshake
