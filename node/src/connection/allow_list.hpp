// Who may be connected with.
#pragma once

#include <rakka/node/node_name.hpp>

#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace rakka::detail {

/// Nodes (`name@host`) and hosts that connections may come from and go to. As long as nothing is on it,
/// everybody is. Any thread; blocks for a short lock. Erlang: net_kernel:allow/1.
class allow_list {
public:
    explicit allow_list(const std::vector<std::string>& nodes_and_hosts) { add(nodes_and_hosts); }

    void add(const std::vector<std::string>& nodes_and_hosts);
    [[nodiscard]] bool allows(const node_name& peer) const;
    /// A peer that has no name yet.
    [[nodiscard]] bool allows_host(std::string_view host) const;

private:
    mutable std::mutex mutex_;
    std::set<std::string, std::less<>> allowed_;  // guarded by mutex_
};

/// Why this is neither the name of a node nor of a host, as a sentence; empty when it is fine.
[[nodiscard]] std::string explain_bad_allowed(const std::string& node_or_host);

}  // namespace rakka::detail
