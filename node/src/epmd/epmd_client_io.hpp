// How the epmd client machines talk to their owner: events go in, one action comes out.
//
//     action        the owner ...                                        and resumes with
//     connect       dials epmd; arms the reply timer (10 s)              connected / connect_failed /
//     timed_out write         writes all of `data`                                 written / closed /
//     timed_out read          reads at least one byte                              received / closed /
//     timed_out wait          closes the socket, waits `retry_delay`               delay_over done closes the
//     socket, takes the result                  - fail          closes the socket, reports error() -
//
// The reply timer runs from `connect` until `done`, `wait`, `fail`, or an action with news. Machines are used
// by one thread at a time and never block.
#pragma once

#include "bytes.hpp"

#include <rakka/node/errc.hpp>

#include <chrono>
#include <string>
#include <variant>

namespace rakka::epmd {

inline constexpr std::chrono::seconds reply_timeout{10};
inline constexpr std::chrono::milliseconds retry_delay{2000};

struct started {};
struct connected {};
struct connect_failed {
    std::string reason;  ///< the words of the system
};
struct written {};
struct received {
    byte_view data;  ///< copied during the call
};
struct closed {
    std::string reason = "end of file";
};
struct timed_out {};
struct delay_over {};

using event =
    std::variant<started, connected, connect_failed, written, received, closed, timed_out, delay_over>;

enum class action_kind { connect, write, read, wait, done, fail };

std::string_view to_string(action_kind k) noexcept;

/// What changed, to be told the node or the log before the action is done.
enum class news {
    nothing,
    registered,        ///< the first registration succeeded: creation() is valid from now on
    lost,              ///< epmd closed the connection; the node goes on and tries again
    registered_again,  ///< the creation stays the first one
    retry_failed,      ///< still not registered; error() tells why
};

struct action {
    action_kind kind;
    bytes data = {};  ///< with `write` only
    epmd::news news = epmd::news::nothing;

    friend bool operator==(const action&, const action&) = default;
};

/// Why epmd did not do what was asked.
struct epmd_error {
    node_errc code = node_errc::epmd_unreachable;
    std::string address;   ///< host:port as dialled
    std::string doing;     ///< "registering cpp", "looking up a", "listing names"
    std::string received;  ///< what came back, printable and bounded, or the system's words

    /// All of it as one line of log.
    std::string message() const;
};

}  // namespace rakka::epmd
