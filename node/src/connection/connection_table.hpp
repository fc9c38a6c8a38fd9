// Which connection leads to which node: one entry per node name, pending and just lost ones included.
#pragma once

#include <rakka/etf/atom.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

namespace rakka::detail {

class connection;

/// Any thread; never blocks beyond a short lock.
class connection_table {
public:
    using connection_ptr = std::shared_ptr<connection>;

    /// The connection of this name whatever its phase, or null.
    [[nodiscard]] connection_ptr find(atom node) const;

    /// The connection of this name; when there is none, or it is `stale`, the one `make` gives takes its
    /// place. The second value tells whether `make` was called. `make` runs under the lock and must not come
    /// back here.
    std::pair<connection_ptr, bool> find_or_make(atom node, const connection* stale,
                                                 const std::function<connection_ptr()>& make);

    /// Removes the entry if it still is this connection.
    void erase(atom node, const connection& which);

    [[nodiscard]] std::vector<connection_ptr> all() const;
    [[nodiscard]] std::size_t size() const;

private:
    mutable std::shared_mutex mutex_;
    std::unordered_map<atom, connection_ptr> by_node_;  // guarded by mutex_
};

}  // namespace rakka::detail
