// The process of a task: whom it works for, what it runs, and what the log is told when that fails.
#pragma once

#include <rakka/actors/destination.hpp>
#include <rakka/otp/task_core.hpp>

namespace rakka::detail {

/// `[Caller | Callers]` under `'$callers'`, then the code; a failure is reported and goes on. `owner`:
/// `{Node, NameOrPid, Pid}`, of whom the report says that it has started the task. In the task's process.
/// Elixir: Task.Supervised.invoke_mfa/3.
[[nodiscard]] term run_task(task_code& code, const term& owner, const term& callers);

/// `{Node, NameOrPid, Pid}` of the caller. Elixir: Task.get_owner/1.
[[nodiscard]] term owner_of_task();

/// `{Module, Function, Arguments}` or native code, as it stands in the messages to a supervisor and to a
/// task; null for anything else. The result shares what it needs of `what`.
[[nodiscard]] shared_code read_code(const term& what);
/// The latter.
[[nodiscard]] term to_native(shared_code code);

}  // namespace rakka::detail
