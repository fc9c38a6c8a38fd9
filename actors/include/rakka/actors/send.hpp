// Sending messages. Signals between one pair of processes arrive in the order in which they were sent.
#pragma once

#include <rakka/actors/destination.hpp>
#include <rakka/actors/remote_router.hpp>
#include <rakka/etf/native.hpp>
#include <rakka/etf/term.hpp>

#include <cstdint>
#include <type_traits>
#include <utility>

namespace rakka {

/// Erlang's `!` from inside a process. Never fails visibly for a pid or an alias, dead or not; for an unknown
/// name of this node it ends the caller with `{badarg, …}`, as `!` does. A busy connection makes the process
/// wait; one that an exit signal ends meanwhile throws process_exit. Moves the term: a message that nobody
/// else holds costs no allocation. Pays a reduction, see process.hpp: hold no mutex over it. Owner process.
void send(const pid& to, term message);
void send(atom name, term message);
void send(const registered_name& to, term message);
void send(const reference& alias, term message);
void send(const destination& to, term message);

/// Sends a C++ object that has no form as a term, moved (or copied, from an lvalue) into the message;
/// received by on<T>(). Only to processes of this system: to others it is dropped, with a warning in the log.
/// Otherwise as the functions above.
template <class T>
requires etf::native<std::decay_t<T>>
void send(const destination& to, T&& value) {
    send(to, make_native(std::forward<T>(value)));
}

enum class send_result : std::uint8_t { ok, nosuspend, noconnect };

/// The same with options; tells when the message was given up because of them. Owner process. Erlang:
/// `erlang:send/3`.
send_result send(const destination& to, term message, send_flags flags);

}  // namespace rakka
