// One connection to an embedded epmd: request bytes in, reply bytes and what to do with the socket out.
#pragma once

#include "epmd/registry.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace rakka::epmd {

/// Whether the peer is on this machine: loopback, or one of the machine's own addresses. Others may only look
/// up.
enum class peer_place { local, remote };

/// Whether KILL works while nodes live, and STOP at all. Erlang: `epmd -relaxed_command_check`.
enum class command_check { strict, relaxed };

struct session_options {
    peer_place place = peer_place::local;
    command_check check = command_check::strict;
    std::uint16_t epmd_port = default_port;  ///< the port the server listens on; NAMES and DUMP report it
    connection_number connection;            ///< unique among living sessions
};

/// Owner only (the thread of the registry). Create one when a connection is accepted; destroy it when the
/// socket is gone, which also forgets the name it registered. The registry must outlive it.
class server_session {
public:
    /// How long a connection may take to send its request.
    static constexpr std::chrono::seconds request_timeout{60};

    enum class next { keep_open, close, stop_server };

    struct reaction {
        bytes reply;                  ///< write this first, if not empty
        next then = next::keep_open;  ///< then go on reading, close, or close and end the whole server
        std::optional<connection_number> also_close;  ///< STOP: the connection of the stopped node
        std::string note;                             ///< for the log; empty when nothing is worth it
    };

    server_session(registry& names, session_options options);
    server_session(const server_session&) = delete;
    server_session& operator=(const server_session&) = delete;
    ~server_session();

    /// Bytes arrived. Not to be called after `close` or `stop_server`.
    reaction received(byte_view data);

    /// No whole request within request_timeout. Only a session that awaits one is closed by it.
    reaction timed_out();

    /// Whether the request is still due, so that the timer must run.
    bool awaits_request() const noexcept { return phase_ == phase::awaiting_request; }

private:
    enum class phase { awaiting_request, registered, refused, closed };
    struct handler;

    reaction close(std::string note);
    reaction answer(bytes reply);
    reaction handle(byte_view body);
    reaction on_alive2(const alive2_request& r);
    reaction on_port2(const port2_request& r);
    reaction on_names();
    reaction on_dump();
    reaction on_kill();
    reaction on_stop(const stop_request& r);
    void forget();

    registry& names_;
    session_options options_;
    phase phase_ = phase::awaiting_request;
    bytes buffer_;
    std::string name_;
};

}  // namespace rakka::epmd
