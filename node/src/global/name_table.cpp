#include "global/name_table.hpp"

#include <utility>

namespace rakka::global_fsm {

bool name_table::insert(registration r, std::optional<atom> external_node) {
    const auto it = by_name_.find(r.name);
    if (it == by_name_.end() && by_name_.size() >= max_names_) return false;
    watched_.add(r.process);
    if (it != by_name_.end()) {
        forget_process(it->second.r);
        it->second = {r, external_node};
    } else {
        by_name_.emplace(r.name, entry{r, external_node});
    }
    by_process_.emplace(r.process, std::move(r.name));
    return true;
}

void name_table::forget_process(const registration& r) {
    const auto [first, last] = by_process_.equal_range(r.process);
    for (auto i = first; i != last; ++i) {
        if (i->second != r.name) continue;
        by_process_.erase(i);
        break;
    }
    watched_.remove(r.process);
}

bool name_table::erase(term_view name) {
    const auto it = by_name_.find(name);
    if (it == by_name_.end()) return false;
    forget_process(it->second.r);
    by_name_.erase(it);
    return true;
}

void name_table::process_ended(const pid& p) {
    for (const term& name : names_of(p))
        by_name_.erase(name);
    by_process_.erase(p);
}

void name_table::node_lost(atom node) {
    std::vector<term> names;
    for (const auto& [p, name] : by_process_)
        if (p.node == node) names.push_back(name);
    for (const term& name : names)
        erase(name);
}

const registration* name_table::find(term_view name) const {
    const auto it = by_name_.find(name);
    return it == by_name_.end() ? nullptr : &it->second.r;
}

std::vector<term> name_table::names_of(const pid& p) const {
    std::vector<term> names;
    const auto [first, last] = by_process_.equal_range(p);
    for (auto i = first; i != last; ++i)
        names.push_back(i->second);
    return names;
}

std::vector<registration> name_table::all() const {
    std::vector<registration> names;
    names.reserve(by_name_.size());
    for (const auto& [name, e] : by_name_)
        names.push_back(e.r);
    return names;
}

std::vector<external_name> name_table::external() const {
    std::vector<external_name> names;
    for (const auto& [name, e] : by_name_)
        if (e.external_node) names.push_back({name, e.r.process, *e.external_node});
    return names;
}

}  // namespace rakka::global_fsm
