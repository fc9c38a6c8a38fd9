// Why processes ended that had asked another node for a process and had not been answered: their child,
// should it be linked, hears of it with that reason.
#pragma once

#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

#include <cstddef>
#include <deque>
#include <mutex>
#include <unordered_map>

namespace rakka::detail {

/// Remembers the newest of them: an answer that never comes, because its connection is lost, must not keep a
/// reason for ever. Any thread. [protocol §5.5]
class ended_parents {
public:
    static constexpr std::size_t most = 1024;

    void remember(const reference& request, const term& reason);
    /// The reason, once; `noproc` for a request that is not known.
    [[nodiscard]] term take(const reference& request);

private:
    std::mutex mutex_;
    std::unordered_map<reference, term> reasons_;  // guarded by mutex_
    std::deque<reference> order_;                  // guarded by mutex_; oldest first, also of those taken
};

}  // namespace rakka::detail
