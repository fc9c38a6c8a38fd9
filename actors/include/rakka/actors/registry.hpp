// Registered names of the caller's system. A process has at most one, and loses it when it ends.
#pragma once

#include <rakka/base/result.hpp>
#include <rakka/etf/atom.hpp>
#include <rakka/etf/identifiers.hpp>

#include <optional>
#include <vector>

namespace rakka {

/// Registers a process of this system. Errors: name_taken, already_named, no_process, bad_name. Takes effect
/// at once for every thread. Owner process. Erlang: `register/2` (badarg for each of them).
result<void> register_name(atom name, const pid& who);
/// Error: no_such_name. Owner process. Erlang: `unregister/1`.
result<void> unregister_name(atom name);
/// Owner process. Takes no lock. Erlang: `whereis/1`.
[[nodiscard]] std::optional<pid> whereis(atom name);
/// Owner process. Erlang: `registered/0`.
[[nodiscard]] std::vector<atom> registered();

}  // namespace rakka
