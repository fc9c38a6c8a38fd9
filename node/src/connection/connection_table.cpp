#include "connection/connection_table.hpp"

namespace rakka::detail {

connection_table::connection_ptr connection_table::find(atom node) const {
    const std::shared_lock lock(mutex_);
    const auto it = by_node_.find(node);
    return it == by_node_.end() ? nullptr : it->second;
}

std::pair<connection_table::connection_ptr, bool> connection_table::find_or_make(
    atom node, const connection* stale, const std::function<connection_ptr()>& make) {
    const std::unique_lock lock(mutex_);
    connection_ptr& entry = by_node_[node];
    if (entry && entry.get() != stale) return {entry, false};
    entry = make();
    return {entry, true};
}

void connection_table::erase(atom node, const connection& which) {
    const std::unique_lock lock(mutex_);
    const auto it = by_node_.find(node);
    if (it != by_node_.end() && it->second.get() == &which) by_node_.erase(it);
}

std::vector<connection_table::connection_ptr> connection_table::all() const {
    const std::shared_lock lock(mutex_);
    std::vector<connection_ptr> found;
    found.reserve(by_node_.size());
    for (const auto& [node, c] : by_node_)
        found.push_back(c);
    return found;
}

std::size_t connection_table::size() const {
    const std::shared_lock lock(mutex_);
    return by_node_.size();
}

}  // namespace rakka::detail
