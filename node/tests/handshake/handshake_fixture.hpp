// The two nodes all handshake tests are about: cpp@localhost (we) and a@localhost (a BEAM), and the bytes
// they exchange.
#pragma once

#include "handshake/acceptor_fsm.hpp"
#include "handshake/initiator_fsm.hpp"
#include "support/transcript.hpp"

namespace rakka::test {

inline node_name name_of(std::string_view text) {
    return node_name::parse(text).value();
}
inline cookie secret_of(std::string_view text = "secret") {
    return cookie::from_text(text).value();
}

// The worked bytes of the protocol notes.
inline const bytes our_name =
    join({hex("00 1c 4e 00 00 00 6d 07 df 7f bd 12 34 56 78 00 0d"), text("cpp@localhost")});
inline const bytes status_ok = hex("00 03 73 6f 6b");
inline const bytes their_challenge =
    join({hex("00 1e 4e 00 00 00 0d 07 df 7f bd 01 02 03 04 6b 02 94 89 00 0b"), text("a@localhost")});
inline const bytes our_reply = hex("00 15 72 ff ff ff fe 24 d9 22 02 cd 37 24 fb 37 80 8c 88 5f 4e 22 98");
inline const bytes their_ack = hex("00 11 61 9c 87 db 90 f4 fa 40 df 94 b6 5a bd c0 36 a4 28");

// The same conversation with the roles exchanged: a@localhost dials, and the challenges keep their numbers.
inline const bytes their_name =
    join({hex("00 1a 4e 00 00 00 0d 07 df 7f bd 6b 02 94 89 00 0b"), text("a@localhost")});
inline const bytes our_challenge =
    join({hex("00 20 4e 00 00 00 6d 07 df 7f bd ff ff ff fe 12 34 56 78 00 0d"), text("cpp@localhost")});
inline const bytes their_reply = hex("00 15 72 01 02 03 04 9c 87 db 90 f4 fa 40 df 94 b6 5a bd c0 36 a4 28");
inline const bytes our_ack = hex("00 11 61 24 d9 22 02 cd 37 24 fb 37 80 8c 88 5f 4e 22 98");

inline bytes framed(const bytes& body) {
    bytes out;
    detail::put(out, body.size(), 2);
    return join({out, body});
}
inline bytes status_bytes(std::string_view body) {
    return framed(join({text("s"), text(body)}));
}

inline handshake::initiator_options dialling(std::string_view own = "cpp@localhost") {
    return {.own_name = name_of(own),
            .own_host = {},
            .own_creation = creation{0x12345678},
            .own_flags = flag_sets::wanted_visible,
            .required_flags = flag_sets::mandatory,
            .peer = name_of("a@localhost"),
            .peer_cookie = secret_of(),
            .carrier = {}};
}

inline handshake::acceptor_options accepting(std::string_view own = "cpp@localhost") {
    return {.own_name = name_of(own),
            .own_creation = creation{0x12345678},
            .own_flags = flag_sets::wanted_visible,
            .required_flags = flag_sets::mandatory,
            .own_cookie = secret_of(),
            .carrier = {}};
}

inline handshake::initiator_fsm make_initiator(handshake::initiator_options o) {
    return {std::move(o), handshake::challenge{0xfffffffe}};
}
inline handshake::acceptor_fsm make_acceptor(handshake::acceptor_options o) {
    return {std::move(o), handshake::challenge{0xfffffffe}};
}

inline transcript<handshake::initiator_fsm> initiator_transcript(
    handshake::initiator_options o = dialling()) {
    return transcript<handshake::initiator_fsm>([o] { return make_initiator(o); });
}
inline transcript<handshake::acceptor_fsm> acceptor_transcript(handshake::acceptor_options o = accepting()) {
    return transcript<handshake::acceptor_fsm>([o] { return make_acceptor(o); });
}

}  // namespace rakka::test
