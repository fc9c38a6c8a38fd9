// How the parts of a system say something to its log.
#pragma once

#include "system_core.hpp"

#include <rakka/actors/log.hpp>

#include <exception>
#include <string>

namespace rakka::detail {

struct process_code;

/// `<0.5.0>`, or `<0.5.0> (name)`. Nothing when it is not alive. Any thread.
[[nodiscard]] std::string name_of(const process& p);

/// Hands an event of the system itself, whose domain is [rakka], to its log, if that wants it. Any thread.
void tell(const system_core& core, log_event event) noexcept;

/// What system_options::long_schedule asks for: the task `who` has held its worker for so long. For the
/// scheduler's watchdog; context is the system_core. Any thread.
void tell_long_schedule(void* context, const task& who, unsigned worker, nanoseconds held) noexcept;

// The life of processes, as events of the domain [rakka, lifecycle]. Only a logger hears of these. They are
// in the log as the module `lifecycle`, whose level log::set_module_level() sets. Erlang: nearest to
// `erlang:trace/3` with procs.

/// SPAWN, a debug event: `child` is about to be started with this code.
void tell_spawned(const process& child, const process_code& code, atom name) noexcept;
/// EXIT, a debug event, before links and monitors hear of it.
void tell_ended(process& self, const term& reason) noexcept;
/// The exit reason of the exception that has left the calling process's code: within its handler. Tells of a
/// CRASH, an error event, as Erlang's emulator does: of an error or a throw, not of an exit.
[[nodiscard]] term reason_of_crash(process& self) noexcept;

}  // namespace rakka::detail
