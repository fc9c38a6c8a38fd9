// task_supervisor: tasks under a supervisor, which survive their caller, do not end it, or run on another
// node.
//
//     task_supervisor::start_link({}, {.name = "jobs"_a}).value();
//     auto page = task_supervisor::async_nolink("jobs"_a, [] { return render(); });
//     auto far = task_supervisor::async(registered_name{"jobs"_a, "b@host"_a}, "calc"_a, "add"_a, list(1,
//     2));
//
// Callable from Elixir as its own (`Task.Supervisor.async({:jobs, node}, Mod, :fun, args)`, async_nolink,
// start_child, async_stream, with functions exported in system::exports()), and able to call those of Elixir.
// It is a dynamic_supervisor, whose functions serve for it too. [protocol §7.6] Elixir: Task.Supervisor.
#pragma once

#include <rakka/otp/dynamic_supervisor.hpp>
#include <rakka/otp/task.hpp>
#include <rakka/otp/task_stream.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

namespace rakka {

/// Elixir: the options of Task.Supervisor.start_link/1, with its defaults.
struct task_supervisor_options {
    std::size_t max_children = std::numeric_limits<std::size_t>::max();
    std::int64_t max_restarts = 3;        ///< within max_seconds, of tasks that are restarted
    std::chrono::seconds max_seconds{5};  ///< at least 1
    /// Of start_child() without one of its own. A task that somebody waits for is always temporary.
    restart_type restart = restart_type::temporary;
    /// How long a task has when the supervisor ends; by default 5 seconds. Of tasks without one of their own.
    child_shutdown shutdown{};
};

/// Of one task.
struct start_child_options {
    std::optional<restart_type> restart{};  ///< nothing: the supervisor's
    child_shutdown shutdown{};              ///< by default the supervisor's
};

namespace detail {
[[nodiscard]] task_core start_supervised(const server_ref& supervisor, const shared_code& code, bool native,
                                         bool link, const child_shutdown& shutdown);
[[nodiscard]] start_result<pid> start_supervised_child(const server_ref& supervisor, const shared_code& code,
                                                       bool native, const start_child_options& options);
[[nodiscard]] stream_engine::starter supervised_tasks(server_ref supervisor, bool link,
                                                      child_shutdown shutdown);
}  // namespace detail

/// All functions: owner process. Those that take a C++ function are for a supervisor of this system; for
/// another one the caller exits with badarg. The caller exits as from gen_server::call() when the supervisor
/// is not there.
class task_supervisor {
public:
    /// Starts one, linked to the caller. Errors as dynamic_supervisor::start_link(). Blocks. Elixir:
    /// start_link/1.
    [[nodiscard]] static start_result<pid> start_link(task_supervisor_options limits = {},
                                                      start_options options = {});

    /// As task::async(): linked to the caller, and a child of the supervisor besides. Exits with
    /// `{max_children, []}` when it has as many as it may. `shutdown`: how long it has when the supervisor
    /// ends. Blocks until it is started. Elixir: async/3.
    template <std::invocable F>
    static task::handle<task::result_of<F>> async(const server_ref& supervisor, F&& f,
                                                  child_shutdown shutdown = {}) {
        return task::handle<task::result_of<F>>(
            detail::start_supervised(supervisor, detail::to_code(std::forward<F>(f)), true, true, shutdown));
    }
    /// The same for an exported function of the supervisor's node, which may be a BEAM's. `arguments` is a
    /// proper list. Elixir: async/5.
    static task::handle<term> async(const server_ref& supervisor, atom module, atom function, term arguments,
                                    child_shutdown shutdown = {});
    /// As async(), not linked to the caller: how it ends is for yield() or check(). The end of the caller
    /// does not end it once it runs. Elixir: async_nolink/3,5.
    template <std::invocable F>
    static task::handle<task::result_of<F>> async_nolink(const server_ref& supervisor, F&& f,
                                                         child_shutdown shutdown = {}) {
        return task::handle<task::result_of<F>>(
            detail::start_supervised(supervisor, detail::to_code(std::forward<F>(f)), true, false, shutdown));
    }
    static task::handle<term> async_nolink(const server_ref& supervisor, atom module, atom function,
                                           term arguments, child_shutdown shutdown = {});

    /// Runs `f` for its effects; nobody waits for it. It may be started again when it ends, and must be able
    /// to run more than once then. Error: `max_children`. Blocks. Elixir: start_child/3,5.
    template <std::invocable F>
    static start_result<pid> start_child(const server_ref& supervisor, F&& f,
                                         const start_child_options& options = {}) {
        return detail::start_supervised_child(supervisor, detail::to_code(std::forward<F>(f)), true, options);
    }
    static start_result<pid> start_child(const server_ref& supervisor, atom module, atom function,
                                         term arguments, const start_child_options& options = {});

    /// As task::async_stream(), with tasks that are the supervisor's children. Elixir: async_stream/4.
    template <std::ranges::input_range Range, class F>
    static auto async_stream(const server_ref& supervisor, Range&& inputs, F&& f,
                             const task::stream_options& options = {}, child_shutdown shutdown = {}) {
        return stream_of(supervisor, true, std::forward<Range>(inputs), std::forward<F>(f), options,
                         shutdown);
    }
    /// The same with tasks that are not linked to the caller: a crash is a result. Elixir:
    /// async_stream_nolink/4.
    template <std::ranges::input_range Range, class F>
    static auto async_stream_nolink(const server_ref& supervisor, Range&& inputs, F&& f,
                                    const task::stream_options& options = {}, child_shutdown shutdown = {}) {
        return stream_of(supervisor, false, std::forward<Range>(inputs), std::forward<F>(f), options,
                         shutdown);
    }

    /// Elixir: children/1.
    [[nodiscard]] static std::vector<pid> children(const server_ref& supervisor);
    /// Error: `not_found`. Elixir: terminate_child/2.
    static start_result<void> terminate_child(const server_ref& supervisor, const pid& child) {
        return dynamic_supervisor::terminate_child(supervisor, child);
    }

private:
    template <class Range, class F>
    static auto stream_of(const server_ref& supervisor, bool link, Range&& inputs, F&& f,
                          const task::stream_options& options, child_shutdown shutdown) {
        using item = std::ranges::range_value_t<Range>;
        using value = task::detail::stream_result<std::decay_t<F>, item>;
        return task::stream<value>(std::make_unique<detail::stream_engine>(
            task::detail::jobs_of(std::forward<Range>(inputs), std::forward<F>(f), options.zip_input_on_exit),
            detail::supervised_tasks(supervisor, link, shutdown), options));
    }
};

}  // namespace rakka
