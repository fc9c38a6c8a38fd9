#include "task/start_task.hpp"

#include "behaviour/apply.hpp"
#include "behaviour/behaviour.hpp"
#include "log/report.hpp"
#include "supervisor/child_kind.hpp"

#include <rakka/actors/aliases.hpp>
#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/otp/proc_lib.hpp>

#include <exception>

namespace rakka::detail {
namespace {

const atom callers_key = "$callers"_a;
const atom initial_call_key = "$initial_call"_a;

/// How native code stands in a term.
struct code_box {
    shared_code code;
};

bool is_calm(const term& reason) {
    return reason.is_atom(atoms::known<"normal">) || reason.is_atom(atoms::known<"shutdown">) ||
           reason.is_tagged(atoms::known<"shutdown">, 2);
}

/// Elixir's report, label `{'Elixir.Task.Supervisor', terminating}`.
void report_failure(const task_code& code, const term& owner, const term& reason, bool is_error) {
    const term why = is_error ? with_last_stack(reason) : term(tuple(reason, list()));
    const term report = map("name"_a, self(), "starter"_a, owner.share(owner.tuple()[1]), "function"_a,
                            code.mfa(), "args"_a, list(), "reason"_a, why);
    log_report(log_level::error,
               map("label"_a, tuple("Elixir.Task.Supervisor"_a, "terminating"_a), "report"_a, report));
}

/// An error's reason is `{Reason, Stack}`.
bool is_error(const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const process_exit& e) {
        return e.raised == process_exit::kind::error;
    } catch (...) {
        return true;
    }
}

}  // namespace

term owner_of_task() {
    return tuple(this_system().node_name(), self(), self());
}

term callers_of_task() {
    const term above = get(callers_key);
    return cons(self(), above.is(kind::list) ? above : term(list()));
}

term to_native(shared_code code) {
    return make_native(code_box{std::move(code)});
}

shared_code read_code(const term& what) {
    if (const auto* const box = native_cast<code_box>(what.view())) return box->code;
    if (!is_mfa(what)) return nullptr;
    const auto t = what.tuple();
    if (!elements_of(what.share(t[2]))) return nullptr;
    return to_code(t[0].as<atom>().value(), t[1].as<atom>().value(), what.share(t[2]));
}

term run_task(task_code& code, const term& owner, const term& callers) {
    put(callers_key, callers);
    put(initial_call_key, code.mfa());
    try {
        return code.run();
    } catch (...) {
        if (ended_by_signal()) throw;
        const term reason = exit_reason_of(std::current_exception());
        if (!is_calm(reason)) report_failure(code, owner, reason, is_error(std::current_exception()));
        throw;
    }
}

task_core start_task(shared_code code, const spawn_options& options) {
    // Made before the process, which can so have it from the start: no message is needed to tell it.
    const reference tag = alias({.reply = true});
    const term mfa = code->mfa();
    spawn_options linked = options;
    linked.link = true;
    try {
        auto body = proc_lib::detail::make_body(
            [code = std::move(code), tag, owner = owner_of_task(), callers = callers_of_task()] {
                const term result = run_task(*code, owner, callers);
                send(tag, tuple(tag, result));
            },
            typeid(task_code));
        const monitored_process started = spawn_monitor_here(std::move(body), linked, {});
        return {started.pid, tag, started.ref, mfa};
    } catch (...) {
        const defer_exit no_throw;
        unalias(tag);  // the caller may go on, and would keep it for as long as it lives
        throw;
    }
}

pid start_lone_task(shared_code code, spawn_options options, bool link) {
    options.link = link;
    auto body = proc_lib::detail::make_body(
        [code = std::move(code), owner = owner_of_task(), callers = callers_of_task()] {
            static_cast<void>(run_task(*code, owner, callers));
        },
        typeid(task_code));
    return spawn_here(std::move(body), options);
}

task_core completed_task(term result) {
    const reference tag = alias({.reply = true});
    send(tag, tuple(tag, std::move(result)));
    return {pid(), tag, tag, tuple(atoms::known<"erlang">, "apply"_a, 2)};
}

}  // namespace rakka::detail
