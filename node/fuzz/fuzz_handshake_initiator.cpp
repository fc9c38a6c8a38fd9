// The dialling side fed by a hostile acceptor. Without the cookie no input may reach `done`.
#include "handshake/initiator_fsm.hpp"

#include <rakka/base/check.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

using namespace rakka;
using namespace rakka::handshake;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    const bool knows_cookie = (data[0] & 1) != 0;
    const auto prefix = (data[0] & 2) != 0 ? length_prefix::four_bytes : length_prefix::two_bytes;
    const bool nameless = (data[0] & 4) != 0;
    const std::uint8_t choice = data[1];
    const std::size_t piece = data[2] == 0 ? 1 : data[2];
    data += 3;
    size -= 3;
    const cookie secret = cookie::from_text("secret").value();
    const challenge asked{12345};
    initiator_options options{.own_name = node_name::parse("b@localhost").value(),
                              .own_host = "localhost",
                              .own_creation = creation{7},
                              .peer = node_name::parse("a@h").value(),
                              .peer_cookie = secret,
                              .carrier = {.prefix = prefix, .max_message_size = 512}};
    if (nameless) options.own_name.reset();
    initiator_fsm machine(options, asked);
    action a = machine.resume(started{});
    while (a.kind != action_kind::done && a.kind != action_kind::fail) {
        if (a.kind == action_kind::check_attempt) {
            a = machine.resume((choice & 1) != 0 ? attempt::wanted : attempt::superseded);
        } else if (a.kind == action_kind::write) {
            const bool replied = knows_cookie && a.data[static_cast<std::size_t>(prefix)] == 'r';
            a = machine.resume(written{});
            if (replied && a.kind == action_kind::read) {
                a = machine.resume(received{encode(ack_message{make_digest(secret, asked)}, prefix)});
            }
        } else if (size == 0) {
            a = machine.resume((choice & 0x80) != 0 ? event(timed_out{}) : event(closed{}));
        } else {
            const std::size_t n = std::min(piece, size);
            a = machine.resume(received{{data, n}});
            data += n;
            size -= n;
        }
    }
    if (a.kind == action_kind::fail) {
        RAKKA_CHECK(!machine.error().message().empty() && machine.error().message().size() < 8192);
    } else {
        RAKKA_CHECK(knows_cookie);
        (void)machine.take_result();
    }
    return 0;
}
