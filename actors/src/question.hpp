// Asking another process of this system something it answers while it takes in its signals.
#pragma once

#include "process_record.hpp"
#include "signal.hpp"

namespace rakka::detail {

/// Fills in the question's number, sends it and waits for the answer. Returns false when `to` is not alive.
/// Owner process; throws process_exit.
bool ask(process& self, const pid& to, control_signal& question);

}  // namespace rakka::detail
