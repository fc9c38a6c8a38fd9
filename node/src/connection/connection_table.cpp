#include "connection/connection_table.hpp"

#include "connection/connection.hpp"

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
    const connection_info last = which.info();
    const std::unique_lock lock(mutex_);
    ended_.bytes_in += last.bytes_in;
    ended_.bytes_out += last.bytes_out;
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

traffic connection_table::total_traffic() const {
    std::vector<connection_ptr> living;
    traffic sum;
    {
        const std::shared_lock lock(mutex_);
        sum = ended_;
        for (const auto& [node, c] : by_node_)
            living.push_back(c);
    }
    for (const connection_ptr& c : living) {
        const connection_info i = c->info();
        sum.bytes_in += i.bytes_in;
        sum.bytes_out += i.bytes_out;
    }
    return sum;
}

std::size_t connection_table::size() const {
    const std::shared_lock lock(mutex_);
    return by_node_.size();
}

}  // namespace rakka::detail
