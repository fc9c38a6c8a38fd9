// Bringing a process into being: from inside another one, or from outside.
#pragma once

#include "process_record.hpp"
#include "system_core.hpp"

#include <rakka/actors/monitors.hpp>
#include <rakka/actors/spawn_options.hpp>
#include <rakka/actors/trace_token.hpp>
#include <rakka/base/result.hpp>

#include <memory>

namespace rakka::detail {

/// The code of a new process: one of the two.
struct process_code {
    std::unique_ptr<process_body> body;
    std::unique_ptr<message_handler> handler;
};

/// What spawn_monitor adds.
struct monitor_request {
    const monitor_options& options;
    reference made;
};

/// Links and monitor are in place on both sides before the new process can run. `parent` is the calling
/// process, or null on a foreign thread (then neither link nor monitor). Errors: system_limit, stopping,
/// name_taken, bad_name, no_memory, no_thread. `reply`: see pass_token().
[[nodiscard]] result<pid> start_process(system_core& core, process* parent, process_code code,
                                        const spawn_options& options, monitor_request* monitor,
                                        trace_token* reply = nullptr);

/// Takes care of the alias that a monitor may come with.
void make_monitor_alias(process& self, const reference& ref, monitor_alias mode);

/// Queues the answer to a spawn_request(), if it is wanted: `outcome` is ok or error, `what` the pid or the
/// reason, `cause` the signal that says so, if one does.
void answer_spawn(process& self, const reference& ref, const pending_spawn& asked, atom outcome,
                  const term& what, signal* cause = nullptr);

}  // namespace rakka::detail
