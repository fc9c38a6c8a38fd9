#include "supervisor/pooled_children.hpp"

#include "supervisor/child_stop.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>

#include <utility>

namespace rakka::detail {

void pooled_children::report(report_context context, const term& reason, const child_pool::entry& e,
                             const term& child) const {
    if (errors_are_heard()) report_error(name(), context, reason, offender_of(e, child));
}

start_answer pooled_children::start_one(const shared_kind& kind, const term& arguments) {
    start_answer answer = detail::start_child(*kind, arguments_for(arguments), how_);
    if (answer.child()) children_.insert(*answer.child(), {kind, kind->temporary() ? term() : arguments});
    return answer;
}

void pooled_children::stop_one(const pid& child, const child_kind& kind) {
    const bool runs = !children_.is_restarting(child);
    if (runs) {
        // Still in the pool meanwhile: a supervisor that is killed now has forgotten nobody.
        const auto reason = stop_child(child, kind);
        if (reason) report(report_context::shutdown_error, *reason, *children_.find(child), child);
    }
    children_.erase(child);
}

verdict pooled_children::ended(const pid& child, const term& reason) {
    const child_pool::entry* const e = children_.find(child);
    if (e == nullptr || children_.is_restarting(child)) return verdict::go_on;
    const bool again = e->kind->permanent() || (!is_orderly(reason) && !e->kind->temporary());
    if (again || !is_orderly(reason)) report(report_context::child_terminated, reason, *e, child);
    if (again) return restart(child, child);
    children_.erase(child);
    return verdict::go_on;
}

verdict pooled_children::try_again(const term& last_pid) {
    const auto last = last_pid.as<pid>();
    if (!last || !children_.is_restarting(*last)) return verdict::go_on;
    return restart(*last, detail::restarting(*last));
}

/// `shown`: how reports call the child.
verdict pooled_children::restart(const pid& last, const term& shown) {
    const child_pool::entry e = *children_.find(last);
    if (!may_restart()) {
        report(report_context::shutdown, "reached_max_restart_intensity"_a, e, shown);
        children_.erase(last);
        return verdict::shut_down;
    }
    const start_answer answer = start_one(e.kind, e.arguments);
    if (answer.error().has_value()) {
        report(report_context::start_error, answer.error(), e, shown);
        children_.set_restarting(last);
        try_again_later(last);
        return verdict::go_on;
    }
    if (!answer.child() || *answer.child() != last) children_.erase(last);
    if (answer.child()) restarted(e.kind->id, last, *answer.child());
    return verdict::go_on;
}

void pooled_children::stop_all() {
    std::vector<child_to_stop> running;
    running.reserve(children_.size());
    for (const auto& [child, e] : children_.all())
        if (!children_.is_restarting(child)) running.push_back({child, e.kind.get()});
    report_stops(stop_children(running));
}

term pooled_children::which_children() const {
    std::vector<term> lines;
    lines.reserve(children_.size());
    for (const auto& [child, e] : children_.all())
        lines.emplace_back(tuple(atoms::known<"undefined">,
                                 children_.is_restarting(child) ? term("restarting"_a) : term(child),
                                 to_atom(e.kind->type), e.kind->modules));
    return lines;
}

}  // namespace rakka::detail
