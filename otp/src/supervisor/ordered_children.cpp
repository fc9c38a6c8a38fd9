#include "supervisor/ordered_children.hpp"

#include "supervisor/child_stop.hpp"
#include "supervisor/restart_strategy.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/order.hpp>
#include <rakka/otp/gen_server.hpp>

#include <unordered_map>
#include <utility>

namespace rakka::detail {
namespace {

const auto not_found = [] { return tuple(atoms::known<"error">, "not_found"_a); };

/// `undefined`, a pid, or `{restarting, Pid}`.
term process_of(const supervised_child& c) {
    switch (c.what) {
        case supervised_child::state::running:
            return c.process;
        case supervised_child::state::restarting:
            return restarting(c.process);
        case supervised_child::state::stopped:
            break;
    }
    return atoms::known<"undefined">;
}

/// `{Id, Child, Type, Modules}`
term line_of(const supervised_child& c) {
    const bool tries = c.what == supervised_child::state::restarting;
    return tuple(c.kind->id, tries ? term("restarting"_a) : process_of(c), to_atom(c.kind->type),
                 c.kind->modules);
}

/// The arguments of a temporary child are not needed again, and may be large.
shared_kind without_arguments(child_kind kind) {
    if (kind.temporary()) kind.arguments = atoms::known<"undefined">;
    return std::make_shared<const child_kind>(std::move(kind));
}

bool looks_alive(const supervised_child& c) {
    if (c.what != supervised_child::state::running) return false;
    return !c.process.is_local() || this_system().is_alive(c.process);
}

/// Calls and exits that have arrived meanwhile are looked at before the next attempt.
void try_again_later(const term& id) {
    gen_server::cast(self(), tuple("try_again_restart"_a, id));
}

/// Why what is only for a child at rest cannot be done; nothing when it can.
std::optional<term> not_at_rest(const supervised_child& c) {
    switch (c.what) {
        case supervised_child::state::stopped:
            break;
        case supervised_child::state::running:
            return tuple(atoms::known<"error">, "running"_a);
        case supervised_child::state::restarting:
            return tuple(atoms::known<"error">, "restarting"_a);
    }
    return std::nullopt;
}

}  // namespace

ordered_children::ordered_children(term name, const supervisor_flags& flags, std::vector<shared_kind> kinds)
    : supervisor_engine(std::move(name), restart_intensity(flags.intensity, flags.period)),
      strategy_(flags.strategy),
      auto_shutdown_(flags.auto_shutdown) {
    for (shared_kind& kind : kinds)
        children_.append({.kind = std::move(kind)});
}

void ordered_children::change(const supervisor_flags& flags, const std::vector<shared_kind>& kinds) {
    set_limits(flags.intensity, flags.period);
    strategy_ = flags.strategy;
    auto_shutdown_ = flags.auto_shutdown;
    children_.replace_kinds(kinds);
}

void ordered_children::report(report_context context, const term& reason,
                              const supervised_child& child) const {
    if (errors_are_heard()) report_error(name(), context, reason, offender(*child.kind, process_of(child)));
}

// -- one child
// ------------------------------------------------------------------------------------------------------------

start_answer ordered_children::start_one(position at) {
    start_answer answer = detail::start_child(*at->kind, {}, thrown::as_catch_has_it);
    if (answer.child()) report_progress(name(), *at->kind, *answer.child());
    return answer;
}

void ordered_children::stop_one(position at) {
    if (at->what == state::running) {
        // Still in the table meanwhile: a supervisor that is killed now has forgotten nobody.
        if (const auto reason = stop_child(at->process, *at->kind))
            report(report_context::shutdown_error, *reason, *at);
    }
    children_.set_stopped(at);
}

void ordered_children::drop_or_stop(position at) {
    if (at->kind->temporary())
        children_.erase(at);
    else
        children_.set_stopped(at);
}

// -- all of them
// ----------------------------------------------------------------------------------------------------------

std::optional<term> ordered_children::start() {
    auto& all = children_.in_start_order();
    for (auto at = all.begin(); at != all.end();) {
        const auto here = at++;
        const start_answer answer = start_one(here);
        if (answer.error().has_value()) {
            report(report_context::start_error, answer.error(), *here);
            const term why = tuple("failed_to_start_child"_a, here->kind->id, answer.error());
            stop_all();
            return tuple(atoms::known<"shutdown">, why);
        }
        if (answer.child())
            children_.set_running(here, *answer.child());
        else if (here->kind->temporary())
            children_.erase(here);
    }
    return std::nullopt;
}

void ordered_children::stop_all() {
    auto& all = children_.in_start_order();
    for (auto at = all.end(); at != all.begin();)
        stop_one(--at);
}

// -- restarts
// -------------------------------------------------------------------------------------------------------------

verdict ordered_children::ended(const pid& child, const term& reason) {
    const position at = children_.find(child);
    if (at == children_.end()) return verdict::go_on;
    const bool again = at->kind->permanent() || (!is_orderly(reason) && !at->kind->temporary());
    if (again || !is_orderly(reason)) report(report_context::child_terminated, reason, *at);
    if (again) return restart(at);
    const shared_kind kind = at->kind;
    drop_or_stop(at);
    return after_end(*kind);
}

verdict ordered_children::after_end(const child_kind& kind) const {
    if (!kind.significant || auto_shutdown_ == auto_shutdown_mode::never) return verdict::go_on;
    if (auto_shutdown_ == auto_shutdown_mode::any_significant) return verdict::shut_down;
    return children_.active_significant() == 0 ? verdict::shut_down : verdict::go_on;
}

verdict ordered_children::try_again(const term& id) {
    const position at = children_.find(id);
    // It may have been stopped or forgotten meanwhile.
    if (at == children_.end() || at->what != state::restarting) return verdict::go_on;
    return restart(at);
}

verdict ordered_children::restart(position at) {
    if (!may_restart()) {
        report(report_context::shutdown, "reached_max_restart_intensity"_a, *at);
        drop_or_stop(at);
        return verdict::shut_down;
    }
    if (strategy_ == restart_strategy::one_for_one)
        restart_one(at);
    else
        restart_group(at);
    return verdict::go_on;
}

/// `last`: nobody, when it had no process.
void ordered_children::take_place(position at, const pid& fresh, pid last) {
    children_.set_running(at, fresh);
    restarted(at->kind->id, last, fresh);
}

void ordered_children::restart_one(position at) {
    const start_answer answer = start_one(at);
    if (answer.error().has_value()) {
        report(report_context::start_error, answer.error(), *at);
        children_.set_restarting(at);
        try_again_later(at->kind->id);
    } else if (answer.child()) {
        take_place(at, *answer.child(), at->process);
    } else {
        children_.set_stopped(at);
    }
}

void ordered_children::restart_group(position failed) {
    std::vector<position> order;
    std::vector<pid> last;
    std::vector<bool> temporary;
    std::size_t place = 0;
    auto& all = children_.in_start_order();
    for (auto at = all.begin(); at != all.end(); ++at) {
        if (at == failed) place = order.size();
        order.push_back(at);
        last.push_back(at->process);
        temporary.push_back(at->kind->temporary());
    }
    const restart_plan plan = plan_restart(strategy_, temporary, place);

    children_.set_stopped(failed);
    for (const std::size_t i : plan.stop)
        stop_one(order[i]);
    for (const std::size_t i : plan.forget)
        children_.erase(order[i]);
    for (const std::size_t i : plan.start) {
        const position at = order[i];
        const start_answer answer = start_one(at);
        if (answer.error().has_value()) {
            report(report_context::start_error, answer.error(), *at);
            if (at == failed) at->process = last[i];
            children_.set_restarting(at);
            return try_again_later(at->kind->id);  // those behind it follow then
        }
        if (answer.child()) take_place(at, *answer.child(), last[i]);
    }
}

// -- calls
// ----------------------------------------------------------------------------------------------------------------

std::optional<term> ordered_children::answer(const term& request) {
    if (request.is_atom("which_children"_a)) return which_children();
    if (request.is_atom("count_children"_a)) return count_children();
    if (!request.is_tuple(2)) return std::nullopt;
    const term_view what = request.tuple()[0];
    const term about = request.share(request.tuple()[1]);
    if (what.is_atom("start_child"_a)) return start_child(about);
    if (what.is_atom("restart_child"_a)) return restart_child(about);
    if (what.is_atom("delete_child"_a)) return delete_child(about);
    if (what.is_atom("terminate_child"_a)) return terminate_child(about);
    const bool spec = what.is_atom("get_childspec"_a);
    if (!spec && !what.is_atom("which_child"_a)) return std::nullopt;
    const position at = children_.find(about);
    if (at == children_.end()) return not_found();
    return tuple(atoms::known<"ok">, spec ? to_spec(*at->kind) : line_of(*at));
}

term ordered_children::start_child(const term& spec) {
    const auto checked = check_spec(spec, auto_shutdown_);
    if (!checked) return tuple(atoms::known<"error">, checked.error().reason);
    if (const position at = children_.find(checked->id); at != children_.end()) {
        if (at->what != state::running) return tuple(atoms::known<"error">, "already_present"_a);
        return tuple(atoms::known<"error">, tuple(atoms::known<"already_started">, at->process));
    }
    const start_answer answer = detail::start_child(*checked, {}, thrown::as_catch_has_it);
    if (answer.child()) {
        report_progress(name(), *checked, *answer.child());
        children_.append({without_arguments(*checked), *answer.child(), state::running});
    } else if (answer.error().is_tagged(atoms::known<"already_started">, 2)) {
        return tuple(atoms::known<"error">, answer.error());
    } else if (answer.error().has_value()) {
        return tuple(atoms::known<"error">,
                     tuple(answer.error(), to_record(*checked, atoms::known<"undefined">)));
    } else if (!checked->temporary()) {
        children_.append({.kind = std::make_shared<const child_kind>(*checked)});
    }
    return reply_for(answer);
}

term ordered_children::restart_child(const term& id) {
    const position at = children_.find(id);
    if (at == children_.end()) return not_found();
    if (auto refused = not_at_rest(*at)) return *refused;
    const start_answer answer = start_one(at);
    if (answer.child()) children_.set_running(at, *answer.child());
    return reply_for(answer);
}

term ordered_children::delete_child(const term& id) {
    const position at = children_.find(id);
    if (at == children_.end()) return not_found();
    if (auto refused = not_at_rest(*at)) return *refused;
    children_.erase(at);
    return atoms::known<"ok">;
}

term ordered_children::terminate_child(const term& id) {
    const position at = children_.find(id);
    if (at == children_.end()) return not_found();
    stop_one(at);
    drop_or_stop(at);
    return atoms::known<"ok">;
}

term ordered_children::which_children() const {
    std::vector<term> lines;
    const auto& all = children_.in_start_order();
    lines.reserve(all.size());
    for (auto at = all.rbegin(); at != all.rend(); ++at)
        lines.push_back(line_of(*at));
    return lines;
}

term ordered_children::count_children() const {
    std::size_t active = 0;
    std::size_t supervisors = 0;
    for (const supervised_child& c : children_.in_start_order()) {
        active += looks_alive(c) ? 1 : 0;
        supervisors += c.kind->type == child_type::supervisor ? 1 : 0;
    }
    return list(tuple("specs"_a, children_.size()), tuple("active"_a, active),
                tuple("supervisors"_a, supervisors), tuple("workers"_a, children_.size() - supervisors));
}

term ordered_children::as_term() const {
    std::vector<term> ids;
    std::unordered_map<term, term> records;
    const auto& all = children_.in_start_order();
    for (auto at = all.rbegin(); at != all.rend(); ++at) {
        ids.push_back(at->kind->id);
        records.emplace(at->kind->id, to_record(*at->kind, process_of(*at)));
    }
    return tuple(ids, records);
}

}  // namespace rakka::detail
