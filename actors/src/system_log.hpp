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

}  // namespace rakka::detail
