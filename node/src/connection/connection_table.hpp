// Which connection leads to which node: one entry per node name, pending and just lost ones included.
#pragma once

#include <rakka/etf/atom.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

namespace rakka::detail {

class connection;

/// Bytes that went over connections, handshakes not counted.
struct traffic {
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
};

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

    /// Removes the entry if it still is this connection. Once for each connection, at its end, when it is
    /// not locked.
    void erase(atom node, const connection& which);

    [[nodiscard]] std::vector<connection_ptr> all() const;
    [[nodiscard]] std::size_t size() const;
    /// Of all connections there are and were.
    [[nodiscard]] traffic total_traffic() const;

private:
    mutable std::shared_mutex mutex_;
    std::unordered_map<atom, connection_ptr> by_node_;  // guarded by mutex_
    traffic ended_;                                     // guarded by mutex_: of connections that are over
};

}  // namespace rakka::detail
