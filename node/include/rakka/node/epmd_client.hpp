// Asking an epmd which nodes there are, without being a node.
#pragma once

#include <rakka/base/result.hpp>

#include <boost/system/result.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace rakka {

class system;

/// A node that is registered: the part of its name before the @, and where it listens.
struct epmd_name {
    std::string name;
    std::uint16_t port = 0;
    friend bool operator==(const epmd_name&, const epmd_name&) = default;
};

/// A code to act on (epmd_unreachable, epmd_timeout, epmd_bad_reply, node_not_registered and the like) and a
/// sentence with what was asked, what came and what to do.
struct epmd_query_error {
    error_code code;
    std::string message;
};
/// What value() of a failed query throws: boost::system::system_error with the message.
[[noreturn]] void throw_exception_from_error(const epmd_query_error& e, const boost::source_location& where);

template <class T>
using epmd_result = boost::system::result<T, epmd_query_error>;

/// How to ask.
struct epmd_query {
    std::string host = "localhost";  ///< a name, or an address of either kind
    std::uint16_t port = 0;          ///< of the epmd; 0: the environment's ERL_EPMD_PORT, else 4369
    std::chrono::milliseconds timeout{7'000};
};

/// All nodes that are registered with the epmd, in its order. `s` must be running; any thread but an I/O
/// handler. Blocks, a process only itself. Erlang: net_adm:names/1. [epmd §NAMES]
[[nodiscard]] epmd_result<std::vector<epmd_name>> epmd_names(system& s, const epmd_query& how = {});

/// The port of the node `alive`, the part of its name before the @; likewise. Erlang:
/// erl_epmd:port_please/2. [epmd §PORT2]
[[nodiscard]] epmd_result<std::uint16_t> epmd_port_of(system& s, const std::string& alive,
                                                      const epmd_query& how = {});

}  // namespace rakka
