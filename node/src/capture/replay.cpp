#include "handshake/initiator_fsm.hpp"

#include <rakka/base/check.hpp>
#include <rakka/node/capture.hpp>

#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

namespace rakka::capture {
namespace {

using namespace handshake;

/// Both sides of one connection of a recording.
struct recorded {
    bool found = false;
    std::array<bytes, 2> sent;
};

/// What matters of its handshake, and what the dialler said afterwards.
struct conversation_begun {
    name_message dialler;
    challenge_message acceptor;
    bytes frames;
};

replay::outcome<recorded> load(std::istream& recording, std::uint32_t connection) {
    auto reader = recording_reader::open(recording);
    if (!reader) return "this is no recording: " + reader.error().message();
    recorded r;
    for (;;) {
        const auto h = reader->next();
        if (!h) return "the recording is damaged: " + h.error().message();
        if (!*h) return r;
        if ((*h)->connection != connection) continue;
        r.found = true;
        bytes& all = r.sent[static_cast<std::size_t>((*h)->from)];
        for (const std::byte b : (*h)->data)
            all.push_back(static_cast<std::uint8_t>(b));
    }
}

/// The first message that `decode` can read; nothing when the bytes end before. What is behind it stays in
/// `from`.
template <class Message>
std::optional<Message> find(message_buffer& from, result<Message> (*decode)(byte_view)) {
    for (;;) {
        const auto body = from.next();
        if (!body || !*body) return std::nullopt;
        if (const auto m = decode(**body)) return *m;
    }
}

replay::outcome<conversation_begun> take_apart(const recorded& r) {
    message_buffer dialler(length_prefix::two_bytes, 4096), acceptor(length_prefix::two_bytes, 4096);
    dialler.append(r.sent[0]);
    acceptor.append(r.sent[1]);
    const auto name = find<name_message>(dialler, decode_name);
    const auto challenge = find<challenge_message>(acceptor, decode_challenge);
    if (!name || !challenge || !find<reply_message>(dialler, decode_reply) ||
        !find<ack_message>(acceptor, decode_ack))
        return "the handshake of this connection was not completed, or is encrypted";
    if (name->flags.has(distribution_flag::name_me))
        return "the dialler had no name of its own: the next one it is given would be another";
    if (name->old_form) return "the dialler used a form of the handshake older than OTP 23";
    return conversation_begun{*name, *challenge, dialler.take_pending()};
}

std::vector<std::byte> to_bytes(const bytes& from) {
    const auto data = std::as_bytes(std::span(from));
    return {data.begin(), data.end()};
}

}  // namespace

struct replay::state {
    state(conversation_begun c, initiator_options o)
        : what(std::move(c)),
          dialler(o.own_name->text()),
          acceptor(o.peer.text()),
          machine(std::move(o), random_challenge()) {}

    outcome<std::vector<std::byte>> resume(const event& e) {
        auto next = go_on(e);
        if (!next) failure = next.error();
        return next;
    }
    outcome<std::vector<std::byte>> go_on(const event& e);
    outcome<std::vector<std::byte>> finish();

    conversation_begun what;
    std::string dialler;
    std::string acceptor;
    initiator_fsm machine;
    bool connected = false;
    std::optional<std::string> failure;  // of start() or received()
};

replay::outcome<std::vector<std::byte>> replay::state::go_on(const event& e) {
    bytes out;
    for (action a = machine.resume(e);;) {
        switch (a.kind) {
            case action_kind::read:
                return to_bytes(out);
            case action_kind::write:
                out.insert(out.end(), a.data.begin(), a.data.end());
                a = machine.resume(written{});
                break;
            case action_kind::check_attempt:
                a = machine.resume(attempt::wanted);
                break;
            case action_kind::done:
                return finish();
            case action_kind::fail:
                return machine.error().message();
            default:
                RAKKA_CHECK(false);
        }
    }
}

replay::outcome<std::vector<std::byte>> replay::state::finish() {
    const established now = machine.take_result();
    const distribution_flags then = effective_flags(what.dialler.flags, what.acceptor.flags);
    if (now.effective_flags != then)
        return fmt::format(
            "the node talks in another form than the one that was recorded: both may use {}, then {}",
            to_string(now.effective_flags), to_string(then));
    connected = true;
    return to_bytes(what.frames);
}

replay::outcome<replay> replay::of(std::istream& recording, std::uint32_t connection, cookie secret) {
    const auto r = load(recording, connection);
    if (!r) return r.error();
    if (!r->found) return fmt::format("the recording has no connection {}", connection);
    auto c = take_apart(*r);
    if (!c) return c.error();
    auto own = node_name::from_latin1(c->dialler.name);
    auto peer = node_name::from_latin1(c->acceptor.name);
    if (!own || !peer) return "the recorded nodes have names that are none";
    initiator_options o{.own_name = std::move(*own),
                        .own_host = {},
                        .own_creation = c->dialler.creation,
                        .own_flags = c->dialler.flags,
                        .peer = std::move(*peer),
                        .peer_cookie = std::move(secret),
                        .carrier = {}};
    return replay(std::make_unique<state>(std::move(*c), std::move(o)));
}

replay::replay(std::unique_ptr<state> s) noexcept : state_(std::move(s)) {}
replay::~replay() = default;
replay::replay(replay&&) noexcept = default;
replay& replay::operator=(replay&&) noexcept = default;

const std::string& replay::acceptor() const noexcept {
    return state_->acceptor;
}
const std::string& replay::dialler() const noexcept {
    return state_->dialler;
}
bool replay::connected() const noexcept {
    return state_->connected;
}

replay::outcome<std::vector<std::byte>> replay::start() {
    return state_->resume(started{});
}

replay::outcome<std::vector<std::byte>> replay::received(std::span<const std::byte> data) {
    if (state_->failure) return *state_->failure;
    if (connected() || data.empty()) return std::vector<std::byte>();
    return state_->resume(
        handshake::received{{reinterpret_cast<const std::uint8_t*>(data.data()), data.size()}});
}

}  // namespace rakka::capture
