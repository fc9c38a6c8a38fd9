#include "task/task_supervisor_process.hpp"

#include "supervisor/child_kind.hpp"
#include "supervisor/dynamic_children.hpp"
#include "task/start_task.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/otp/proc_lib.hpp>

#include <chrono>

namespace rakka::detail {
namespace {

const atom supervised = "Elixir.Task.Supervised"_a;
/// How long a task waits for word of what to do. The owner sends it as soon as it hears of the task, but a
/// busy supervisor of another node may be long in telling. Elixir: @ref_timeout.
constexpr std::chrono::seconds patience{5};

pid owner_pid(const term& owner) {
    if (!owner.is_tuple(3)) error(atoms::known<"badarg">);
    const auto p = owner.tuple()[2].as<pid>();
    if (!p) error(atoms::known<"badarg">);
    return *p;
}

void answer(const term& to, const term& message) {
    if (const auto where = to_destination(to)) send(*where, message);
}

/// `{OwnerPid, Ref, ReplyTo, Callers, What}`: runs it, and sends `{Ref, Result}`. Elixir:
/// Task.Supervised.reply/3.
void serve_owner(const term& owner, bool watch) {
    const pid waits = owner_pid(owner);
    const reference ref = watch ? monitor(waits) : make_reference();
    const auto word = receive_if(
        [&](term_view m) {
            if (watch && is_down(ref, m)) return true;
            if (!m.is_tuple(5)) return false;
            const auto from = m.tuple()[0].as<pid>();
            return from && *from == waits;
        },
        patience);
    if (!word) exit(atoms::known<"timeout">);
    if (is_down(ref, *word)) exit(tuple(atoms::known<"shutdown">, word->share(word->tuple()[4])));
    if (watch) demonitor(ref, {.flush = true});
    const auto part = [&](std::size_t i) { return word->share(word->tuple()[i]); };
    const shared_code code = read_code(part(4));
    if (!code) error(atoms::known<"badarg">);
    answer(part(2), tuple(part(1), run_task(*code, owner, part(3))));
}

term ok(const pid& started) {
    return tuple(atoms::known<"ok">, started);
}

}  // namespace

void export_task_starters(rakka::system& s) {
    const atom start_link = "start_link"_a;
    if (s.exports().find(supervised, start_link, 3)) return;
    s.exports().add(supervised, start_link, 2, [](const std::vector<term>& a) {
        return ok(proc_lib::spawn_link(
            [owner = a[0], watch = a[1].is_atom("monitor"_a)] { serve_owner(owner, watch); }));
    });
    s.exports().add(supervised, start_link, 3, [](const std::vector<term>& a) {
        const shared_code code = read_code(a[2]);
        if (!code) error(atoms::known<"badarg">);
        return ok(proc_lib::spawn_link(
            [owner = a[0], callers = a[1], code] { static_cast<void>(run_task(*code, owner, callers)); }));
    });
}

namespace {

dynamic_supervisor_process::source source_of(const task_supervisor_options& options) {
    class limits final : public dynamic_supervisor {
    public:
        explicit limits(dynamic_supervisor_options o) : options_(std::move(o)) {}
        std::optional<dynamic_supervisor_options> init() override { return options_; }

    private:
        dynamic_supervisor_options options_;
    };
    const dynamic_supervisor_options given{.max_restarts = options.max_restarts,
                                           .max_seconds = options.max_seconds,
                                           .max_children = options.max_children};
    return [given] { return std::make_unique<limits>(given); };
}

}  // namespace

task_supervisor_process::task_supervisor_process(const task_supervisor_options& options, server_name name)
    : dynamic_supervisor_process(source_of(options), "Elixir.Task.Supervisor"_a, std::move(name)),
      restart_(to_atom(options.restart)),
      shutdown_(options.shutdown == child_shutdown() ? term(5000) : to_term(options.shutdown)) {}

namespace {

/// Terms that the supervisor or task_supervisor has made.
restart_type to_restart(const term& t) {
    if (t.is_atom("permanent"_a)) return restart_type::permanent;
    return t.is_atom("transient"_a) ? restart_type::transient : restart_type::temporary;
}
child_shutdown to_shutdown(const term& t) {
    if (const auto ms = t.as<std::uint32_t>()) return std::chrono::milliseconds(*ms);
    return t.is_atom("brutal_kill"_a) ? child_shutdown::brutal_kill() : child_shutdown(infinity);
}

/// What to start is a C++ object: it must not be copied, as specifications that are terms are.
term native_start(std::vector<term> arguments, const term& restart, const term& shutdown) {
    const child_spec spec{.id = atoms::known<"undefined">,
                          .start = mfargs{supervised, "start_link"_a},
                          .restart = to_restart(restart),
                          .shutdown = to_shutdown(shutdown)};
    return make_native(dynamic_start{std::make_shared<const child_spec>(spec), std::move(arguments), true});
}

}  // namespace

gen_server::result task_supervisor_process::handle_call(const term& request, const from& sender) {
    if (!request.is_tagged("start_task"_a, 4))
        return dynamic_supervisor_process::handle_call(request, sender);
    const auto given = [&](std::size_t i, const term& otherwise) {
        const term_view t = request.tuple()[i];
        return t.is_atom("nil"_a) ? otherwise : request.share(t);
    };
    const term restart = given(2, restart_);
    const term shutdown = given(3, shutdown_);
    const term named = request.share(request.tuple()[1]);
    const auto arguments = elements_of(named);
    const bool native = arguments && arguments->size() == 3 && arguments->back().is(kind::resource);
    const term spec = native ? native_start(*arguments, restart, shutdown)
                             : term(tuple(tuple(supervised, "start_link"_a, named), restart, shutdown,
                                          "worker"_a, list(supervised)));
    return dynamic_supervisor_process::handle_call(tuple("start_child"_a, spec), sender);
}

}  // namespace rakka::detail
