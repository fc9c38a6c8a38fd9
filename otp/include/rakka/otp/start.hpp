// Starting a process and waiting until it is ready: what all behaviours share.
#pragma once

#include <rakka/actors/spawn_options.hpp>
#include <rakka/etf/term.hpp>
#include <rakka/otp/server_name.hpp>
#include <rakka/otp/sys_debug.hpp>

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

namespace rakka {

/// How to start a server. Erlang: the ServerName and Options arguments.
struct start_options {
    server_name name{};  ///< none by default; taken: start_error {already_started, Pid}
    std::optional<std::chrono::milliseconds> timeout{};          ///< for init; default: wait for ever
    std::optional<std::chrono::milliseconds> hibernate_after{};  ///< idle for so long: gives memory back
    spawn_options spawn{};  ///< priority, group leader; link and monitor are set by the function called
    std::vector<sys::debug_option>
        debug{};  ///< as if asked for by sys once it runs. Erlang: `{debug, [...]}`
};

/// Why a server did not start: the reason of init, `{already_started, Pid}`, `timeout`, `badarg` (a name that
/// cannot be registered), or `ignore`.
class start_error {
public:
    start_error() = default;  // result::error() of a success
    [[nodiscard]] static start_error because(term reason) { return start_error(std::move(reason)); }
    term reason;

private:
    explicit start_error(term r)
        : reason(std::move(r)) {}  // private: a result takes a term or pid as its value
};
/// boost::system::result calls this when value() is asked of a failed start: the caller exits with the
/// reason.
[[noreturn]] void throw_exception_from_error(const start_error& e, const boost::source_location& where);
template <class T>
using start_result = boost::system::result<T, start_error>;

/// Wait without end. Erlang: infinity.
inline constexpr std::nullopt_t infinity = std::nullopt;

}  // namespace rakka
