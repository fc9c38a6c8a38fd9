// Filters of a logger: what passes an event on, changes it or stops it.
#pragma once

#include <rakka/actors/log.hpp>

#include <functional>
#include <vector>

namespace rakka::log {

/// What a filter says of an event. `stop`: it goes no further. `log`: it is accepted, the next filter is
/// asked. `ignore`: the filter does not care. When no filter has said `log` or `stop`, filter_default
/// decides. Erlang: `stop`, the event, `ignore`.
enum class verdict : unsigned char { log, stop, ignore };

/// May change the event, which is its own. On whichever thread the event happens, outside of any process,
/// several at a time: must not block. One that throws is removed, and an event says so. Erlang:
/// `logger:filter()`.
using filter = std::function<verdict(log_event&)>;

/// OTP's `logger_filters`. `action`: what is said of events that match; those that do not are ignored.
namespace filters {

enum class domain_relation : unsigned char {
    super,      ///< the event's domain is `domain` or begins with it
    sub,        ///< `domain` is the event's or begins with it
    equal,      ///< they are equal
    not_equal,  ///< they are not, or the event has none
    undefined   ///< the event has none
};
/// Erlang: logger_filters:domain/2. (There super and sub are named from the filter's side, as here.)
[[nodiscard]] filter domain(verdict action, domain_relation relation, std::vector<atom> domain = {});

enum class level_relation : unsigned char { eq, neq, gt, lt, gteq, lteq };
/// Erlang: logger_filters:level/2. `gt`: the event is louder than `level`.
[[nodiscard]] filter level(verdict action, level_relation relation, log_level level);

/// Progress reports of supervisors and applications. Erlang: logger_filters:progress/2.
[[nodiscard]] filter progress(verdict action);

/// Events whose group leader is on another node than that of `s`. Erlang: logger_filters:remote_gl/2.
[[nodiscard]] filter remote_gl(verdict action, system& s);

}  // namespace filters
}  // namespace rakka::log
