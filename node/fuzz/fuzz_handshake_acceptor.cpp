// The accepting side fed by a hostile dialler. Without the cookie no input may reach `done`; with the flag in
// the first byte a correct digest is put in for the peer, so that the last steps are reached too.
#include "handshake/acceptor_fsm.hpp"

#include <rakka/base/check.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

using namespace rakka;
using namespace rakka::handshake;

namespace {

event owner_answer(action_kind question, std::uint8_t choice) {
    switch (question) {
        case action_kind::check_peer:
            if (choice % 5 == 4) return peer_refused{};
            return peer_allowed{static_cast<peer_relation>(choice % 5), std::nullopt};
        case action_kind::assign_name:
            if ((choice & 1) != 0) return peer_refused{};
            return name_assigned{node_name::parse("x@h").value(), creation{9}};
        case action_kind::take_over:
            if ((choice & 0x40) != 0) return peer_refused{};
            return taken_over{};
        default:
            return written{};
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    const bool knows_cookie = (data[0] & 1) != 0;
    const auto prefix = (data[0] & 2) != 0 ? length_prefix::four_bytes : length_prefix::two_bytes;
    const std::uint8_t choice = data[1];
    const std::size_t piece = data[2] == 0 ? 1 : data[2];
    data += 3;
    size -= 3;
    const cookie secret = cookie::from_text("secret").value();
    const challenge asked{12345};
    acceptor_fsm machine({.own_name = node_name::parse("b@localhost").value(),
                          .own_creation = creation{7},
                          .own_cookie = secret,
                          .carrier = {.prefix = prefix, .max_message_size = 512}},
                         asked);
    action a = machine.resume(started{});
    std::size_t total = 0;
    while (a.kind != action_kind::done && a.kind != action_kind::fail) {
        if (a.kind != action_kind::read) {
            const bool challenged = a.kind == action_kind::write && knows_cookie &&
                                    a.data.size() > static_cast<std::size_t>(prefix) &&
                                    a.data[static_cast<std::size_t>(prefix)] == 'N';
            a = machine.resume(owner_answer(a.kind, choice));
            if (challenged && a.kind == action_kind::read) {
                a = machine.resume(
                    received{encode(reply_message{challenge{1}, make_digest(secret, asked)}, prefix)});
            }
            continue;
        }
        if (size == 0) {
            a = machine.resume((choice & 0x80) != 0 ? event(timed_out{}) : event(closed{}));
            continue;
        }
        const std::size_t n = std::min(piece, size);
        a = machine.resume(received{{data, n}});
        data += n;
        size -= n;
        total += n;
    }
    if (a.kind == action_kind::fail) {
        RAKKA_CHECK(!machine.error().message().empty() && machine.error().message().size() < 8192);
    } else {
        RAKKA_CHECK(knows_cookie);
        RAKKA_CHECK(machine.take_result().leftover.size() <= total + 64);
    }
    return 0;
}
