// A recorded connection: the worked handshake of the protocol notes, and what real nodes said after theirs.
#pragma once

#include "../handshake/handshake_fixture.hpp"

#include <rakka/node/capture.hpp>

#include <fstream>
#include <iterator>
#include <span>
#include <sstream>
#include <string>
#include <vector>

namespace rakka::test {

inline std::vector<std::byte> as_bytes(const bytes& from) {
    const auto data = std::as_bytes(std::span(from));
    return {data.begin(), data.end()};
}

/// What one side of `samples/NAME` said after the handshake.
inline bytes sample(const std::string& name) {
    std::ifstream in(std::string(RAKKA_NODE_SAMPLES "/") + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline bytes dialler_bytes(const bytes& frames) {
    return join({our_name, our_reply, frames});
}
inline bytes acceptor_bytes(const bytes& frames) {
    return join({status_ok, their_challenge, their_ack, frames});
}

inline capture::happening said_by(capture::side who, const bytes& data, std::uint32_t connection = 1) {
    return {.from = who, .connection = connection, .data = as_bytes(data)};
}

/// A recording of that connection, whole, with another one beside it.
inline std::string recording(const bytes& dialler, const bytes& acceptor) {
    std::ostringstream out;
    capture::recording_writer w(out);
    w.add(said_by(capture::side::dialler, hex("01 02"), 2));
    w.add(said_by(capture::side::dialler, dialler));
    w.add(said_by(capture::side::acceptor, acceptor));
    return out.str();
}

}  // namespace rakka::test
