// The process of a task_supervisor: a dynamic supervisor that knows what Elixir asks of one.
#pragma once

#include "supervisor/supervisor_process.hpp"

#include <rakka/otp/task_supervisor.hpp>

namespace rakka::detail {

class task_supervisor_process final : public dynamic_supervisor_process {
public:
    task_supervisor_process(const task_supervisor_options& options, server_name name);

    /// `{start_task, Args, Restart | nil, Shutdown | nil}` besides all that a dynamic supervisor is asked.
    result handle_call(const term& request, const from& sender) override;

private:
    term restart_;
    term shutdown_;
};

/// `'Elixir.Task.Supervised':start_link/2,3`, by which the supervisors of `s` start tasks. Any thread.
void export_task_starters(rakka::system& s);

}  // namespace rakka::detail
