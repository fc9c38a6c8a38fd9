// How the parts of a system say something to its log.
#pragma once

#include "system_core.hpp"

#include <rakka/actors/log.hpp>

#include <string>

namespace rakka::detail {

/// `<0.5.0>`, or `<0.5.0> (name)`. Nothing when it is not alive. Any thread.
[[nodiscard]] std::string name_of(const process& p);

/// Hands it to the system's sink; without one to stderr, from warnings on. Any thread.
void tell(const system_core& core, const log_event& event) noexcept;

/// What system_options::long_schedule asks for: the task `who` has held its worker for so long. For the
/// scheduler's watchdog; context is the system_core. Any thread.
void tell_long_schedule(void* context, const task& who, unsigned worker, nanoseconds held) noexcept;

}  // namespace rakka::detail
