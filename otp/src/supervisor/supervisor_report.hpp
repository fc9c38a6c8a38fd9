// What supervisors tell the log, with the terms of OTP's reports.
#pragma once

#include "supervisor/child_kind.hpp"

#include <cstddef>

namespace rakka::detail {

/// Where a supervisor was when something went wrong. Erlang: errorContext.
enum class report_context : std::uint8_t { start_error, child_terminated, shutdown_error, shutdown };
[[nodiscard]] atom to_atom(report_context c) noexcept;

/// `[{pid, Child}, {id, Id}, {mfargs, {M, F, A}}, {restart_type, R}, {significant, S}, {shutdown, T},
/// {child_type, C}]`
[[nodiscard]] term offender(const child_kind& kind, const term& child);
/// The same with these arguments instead of the kind's.
[[nodiscard]] term offender(const child_kind& kind, const term& child, const term& arguments);
/// The same for `count` children that have ended in one way: `{nb_children, N}` instead of the pid.
[[nodiscard]] term offenders(const child_kind& kind, std::size_t count);
/// As Elixir's DynamicSupervisor has it: no id of its own, nothing of significance; `arguments` are all that
/// the start function gets.
[[nodiscard]] term dynamic_offender(const child_kind& kind, const term& child, const term& arguments);

/// `#{label => {supervisor, Context}, report => [{supervisor, Name}, {errorContext, _}, {reason, _},
/// {offender, _}]}`
[[nodiscard]] term error_report(const term& supervisor, report_context context, const term& reason,
                                const term& offender);
/// `#{label => {supervisor, progress}, report => [{supervisor, Name}, {started, Child}]}`
[[nodiscard]] term progress_report(const term& supervisor, const term& started);

/// Whether anybody hears of errors: no need to make terms of them otherwise. Owner process.
[[nodiscard]] bool errors_are_heard();
/// The one way into the log. An error, or, for progress, an event of level info; domain [otp, sasl]. Owner
/// process.
void report_error(const term& supervisor, report_context context, const term& reason, const term& offender);
/// Costs next to nothing when nobody listens.
void report_progress(const term& supervisor, const child_kind& kind, const pid& child);
/// `Supervisor received unexpected message: …`
void report_unexpected(const term& message);

}  // namespace rakka::detail
