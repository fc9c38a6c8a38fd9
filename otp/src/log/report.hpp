// Reports to the log, as terms of OTP's shapes, about the calling process.
#pragma once

#include <rakka/actors/log.hpp>
#include <rakka/etf/term.hpp>

namespace rakka::detail {

/// `report`, a map with OTP's keys, with the domain `[otp]` or, `sasl`, `[otp, sasl]`. Owner process.
void log_report(log_level level, term report, bool sasl = false);

/// proc_lib's crash report of the calling process, which ends with `reason`; `initial_call` is `{M, F,
/// Arity}`, `ancestors` a list. Owner process. Erlang: proc_lib:crash_report/4.
void log_crash(const term& reason, const term& initial_call, const term& ancestors);

/// The reason of a C++ exception, with the functions that were being called when the last one was thrown in
/// the place of its empty stack; other reasons are as they were, and all are when no log wants errors. Owner
/// process.
[[nodiscard]] term with_last_stack(const term& reason);

/// RESTART, an info event of the domain [rakka, lifecycle]: the calling process, a supervisor, has put
/// `fresh` in the place of `ended`, which is `undefined` where it is not known any more; `id` is the child's.
/// Beside the progress report of OTP, which does not say that it is a restart. Owner process.
void log_restart(const term& id, const term& ended, const pid& fresh);

}  // namespace rakka::detail
