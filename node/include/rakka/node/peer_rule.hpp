// What single peers may do here, for nodes that do not trust all of their cluster with everything.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace rakka {

/// What a peer may do to this node and its processes. By default everything, as in Erlang. Answers to what
/// processes here have asked for (replies sent to an alias, ends of links and monitors) always arrive.
struct peer_rights {
    /// Of the exported functions, those it may call with `rpc` and `erpc`: `module`, `module:function` or
    /// `module:function/arity`, as "calc", "calc:add", "calc:add/2". None: all. Functions that call others
    /// (`erlang:apply`, those of `rpc` and `erpc`, `global:trans`) are not looked through: a list with them
    /// is as good as none.
    std::optional<std::vector<std::string>> call{};
    /// The same for functions that it runs as processes (`spawn`, `spawn_request`). None: those of `call`.
    std::optional<std::vector<std::string>> spawn{};
    /// Registered names that it may send to, monitor, and end by name. None: all.
    std::optional<std::vector<std::string>> send_to{};
    /// Whether it may send to processes by pid. Without, a process that has a name is reached by that alone,
    /// and answers reach only callers who gave an alias to answer to (as `gen_server::call` and Erlang's do).
    bool processes = true;
    bool link = true;     ///< link to processes here
    bool monitor = true;  ///< monitor processes here, which calls of servers do
    bool exit = true;     ///< end processes here (`exit/2`), and change their group leader
    /// Whether the processes that every node has, and their helpers, are beyond `send_to`, `processes` and
    /// `monitor`: net_kernel, rex, global_name_server and the scopes of `pg`. Calls and spawns that go
    /// through them are held against `call` and `spawn` all the same.
    bool kernel = true;
};

/// Whom it is about, and what they may do.
struct peer_rule {
    /// `name@host`, or a host part for all nodes there, or `*` for all. The most exact rule counts, alone; a
    /// peer that none is about may do everything.
    std::string peer;
    peer_rights may{};
};

}  // namespace rakka
