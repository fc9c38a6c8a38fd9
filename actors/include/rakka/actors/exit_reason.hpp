// Why a process ends: the exception that carries an exit reason, and the reasons given to C++ exceptions.
#pragma once

#include <rakka/etf/term.hpp>

#include <exception>

namespace rakka {

/// Thrown by exit(reason), and in a process that an exit signal has ended (process.hpp says where). It
/// unwinds the body, so destructors run; what leaves the body becomes the reason that links and monitors see.
///
/// Catching the one thrown by exit() is Erlang's `catch exit:Reason`. One caused by a signal cannot be
/// undone: the process is told again at its next call that waits.
struct process_exit {
    /// Erlang's classes of exceptions, as far as they end a process.
    enum class kind : unsigned char { exit, error };

    term reason;
    kind raised = kind::exit;  ///< error: by error(), and the reason is `{Reason, Stack}`
};

/// Ends the calling process with `reason`: unwinds its body and runs its destructors.
///
/// Called while another exception unwinds the process, there is nothing left to throw into: the process ends
/// at that point with this reason and the destructors further out do not run. Neither do those outside of a
/// noexcept function that it would have to leave. Outside of a process: throws process_exit all the same.
/// Owner process. Erlang: `exit/1`.
[[noreturn]] void exit(term reason);

/// Ends the calling process as Erlang's `error/1` would: with `{Reason, []}`. Owner process. Erlang:
/// `error/1`.
[[noreturn]] void error(term reason);

/// The exit reason for an exception that left a process body: `process_exit` has its own; a term that was
/// thrown, which is Erlang's `throw/1`, gives `{{nocatch, Term}, []}`; a std::exception
/// `{{cpp_exception, <<Type>>, <<What>>}, []}`, anything else the same with an empty text. Any thread.
[[nodiscard]] term exit_reason_of(const std::exception_ptr& exception);

namespace detail {
/// True while the calling process ends because of an exit signal it does not trap (or kill), as opposed to
/// exit() or an exception of its own: behaviours then have no last words. False outside of a process. Owner
/// process.
[[nodiscard]] bool ended_by_signal() noexcept;
}  // namespace detail

}  // namespace rakka
