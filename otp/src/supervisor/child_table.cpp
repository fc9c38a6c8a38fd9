#include "supervisor/child_table.hpp"

#include <rakka/base/check.hpp>
#include <rakka/etf/order.hpp>

namespace rakka::detail {

using state = supervised_child::state;

std::size_t child_table::hash_term::operator()(term_view t) const noexcept {
    return hash_value(t);
}

child_table::position child_table::append(supervised_child child) {
    const pid process = child.process;
    const bool runs = child.what == state::running;
    child.what = state::stopped;
    const position at = children_.insert(children_.end(), std::move(child));
    const bool is_new = by_id_.emplace(at->kind->id.view(), at).second;
    RAKKA_CHECK(is_new);
    if (runs) set_running(at, process);
    return at;
}

void child_table::erase(position at) {
    set_stopped(at);
    by_id_.erase(at->kind->id.view());
    children_.erase(at);
}

child_table::position child_table::find(const term& id) {
    const auto found = by_id_.find(id.view());
    return found == by_id_.end() ? children_.end() : found->second;
}

child_table::position child_table::find(const pid& process) {
    const auto found = by_process_.find(process);
    return found == by_process_.end() ? children_.end() : found->second;
}

void child_table::change_state(position at, state to) {
    if (at->kind->significant) {
        if (at->what != state::stopped) --active_significant_;
        if (to != state::stopped) ++active_significant_;
    }
    if (at->what == state::running) {
        // Start functions may have given one process twice.
        const auto found = by_process_.find(at->process);
        if (found != by_process_.end() && found->second == at) by_process_.erase(found);
    }
    at->what = to;
}

void child_table::change_kind(position at, shared_kind kind) {
    const state what = at->what;
    const pid process = at->process;
    change_state(at, state::stopped);  // as its old kind counts
    by_id_.erase(at->kind->id.view());
    at->kind = std::move(kind);
    by_id_.emplace(at->kind->id.view(), at);
    if (what == state::running) set_running(at, process);
    if (what == state::restarting) set_restarting(at);
}

void child_table::replace_kinds(const std::vector<shared_kind>& kinds) {
    for (auto kind = kinds.rbegin(); kind != kinds.rend(); ++kind) {
        position at = find((*kind)->id);
        if (at == children_.end())
            at = append({.kind = *kind});
        else
            change_kind(at, *kind);
        children_.splice(children_.begin(), children_, at);
    }
}

void child_table::set_running(position at, const pid& process) {
    change_state(at, state::running);
    at->process = process;
    by_process_[process] = at;
}

void child_table::set_stopped(position at) {
    change_state(at, state::stopped);
    at->process = {};
}

void child_table::set_restarting(position at) {
    change_state(at, state::restarting);
}

}  // namespace rakka::detail
