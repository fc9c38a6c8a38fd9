#include "supervisor/child_kind.hpp"
#include "supervisor/supervisor_calls.hpp"
#include "task/start_task.hpp"
#include "task/task_supervisor_process.hpp"

#include <rakka/actors/links.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/otp/task_supervisor.hpp>

namespace rakka {
namespace detail {
namespace {

term or_nil(const child_shutdown& shutdown) {
    return shutdown == child_shutdown() ? term("nil"_a) : to_term(shutdown);
}

/// `{Module, Function, Arguments}`, as code that is not native travels.
class sent_code final : public task_code {
public:
    sent_code(atom module, atom function, term arguments)
        : what_(tuple(module, function, arguments)), mfa_(tuple(module, function, count(arguments))) {}
    term run() override { return {}; }  // not here
    [[nodiscard]] term mfa() const override { return mfa_; }
    [[nodiscard]] const term& what() const noexcept { return what_; }

private:
    static std::size_t count(const term& arguments) {
        const auto all = elements_of(arguments);
        if (!all) error(atoms::known<"badarg">);
        return all->size();
    }
    term what_;
    term mfa_;
};

term to_send(const shared_code& code, bool native) {
    return native ? to_native(code) : static_cast<const sent_code&>(*code).what();
}

term start_task_request(const term& arguments, const term& restart, const child_shutdown& shutdown) {
    return tuple("start_task"_a, arguments, restart, or_nil(shutdown));
}

}  // namespace

task_core start_supervised(const server_ref& supervisor, const shared_code& code, bool native, bool link,
                           const child_shutdown& shutdown) {
    if (native) require_own_node(supervisor);
    const term arguments = list(owner_of_task(), "monitor"_a);
    const auto started =
        read_started(call_supervisor(supervisor, start_task_request(arguments, "temporary"_a, shutdown)));
    if (!started) error(started.error().reason);
    const pid process = started->process;
    if (link) rakka::link(process);
    const reference ref = monitor(process, {.alias = monitor_alias::demonitor});
    send(process, tuple(self(), ref, ref, callers_of_task(), to_send(code, native)));
    return {process, ref, ref, code->mfa()};
}

start_result<pid> start_supervised_child(const server_ref& supervisor, const shared_code& code, bool native,
                                         const start_child_options& options) {
    if (native) require_own_node(supervisor);
    const term arguments = list(owner_of_task(), callers_of_task(), to_send(code, native));
    const term restart = options.restart ? term(to_atom(*options.restart)) : term("nil"_a);
    const auto started =
        read_started(call_supervisor(supervisor, start_task_request(arguments, restart, options.shutdown)));
    if (!started) return started.error();
    return started->process;
}

stream_engine::starter supervised_tasks(server_ref supervisor, bool link, child_shutdown shutdown) {
    return [supervisor = std::move(supervisor), link, shutdown](const shared_code& code) {
        return start_supervised(supervisor, code, true, link, shutdown);
    };
}

}  // namespace detail

start_result<pid> task_supervisor::start_link(task_supervisor_options limits, start_options options) {
    detail::export_task_starters(this_system());
    const server_name name = options.name;
    return gen_server::start_link<detail::task_supervisor_process>(std::move(options), limits, name);
}

task::handle<term> task_supervisor::async(const server_ref& supervisor, atom module, atom function,
                                          term arguments, child_shutdown shutdown) {
    return task::handle<term>(detail::start_supervised(
        supervisor, std::make_shared<detail::sent_code>(module, function, std::move(arguments)), false, true,
        shutdown));
}

task::handle<term> task_supervisor::async_nolink(const server_ref& supervisor, atom module, atom function,
                                                 term arguments, child_shutdown shutdown) {
    return task::handle<term>(detail::start_supervised(
        supervisor, std::make_shared<detail::sent_code>(module, function, std::move(arguments)), false, false,
        shutdown));
}

start_result<pid> task_supervisor::start_child(const server_ref& supervisor, atom module, atom function,
                                               term arguments, const start_child_options& options) {
    return detail::start_supervised_child(
        supervisor, std::make_shared<detail::sent_code>(module, function, std::move(arguments)), false,
        options);
}

std::vector<pid> task_supervisor::children(const server_ref& supervisor) {
    std::vector<pid> all;
    for (const child_info& child : dynamic_supervisor::which_children(supervisor))
        if (child.what == child_info::state::running) all.push_back(child.process);
    return all;
}

}  // namespace rakka
