#include "connection/allow_list.hpp"

#include "printable.hpp"

#include <fmt/format.h>

namespace rakka::detail {

void allow_list::add(const std::vector<std::string>& nodes_and_hosts) {
    const std::lock_guard lock(mutex_);
    allowed_.insert(nodes_and_hosts.begin(), nodes_and_hosts.end());
}

bool allow_list::allows(const node_name& peer) const {
    const std::lock_guard lock(mutex_);
    return allowed_.empty() || allowed_.contains(peer.text()) || allowed_.contains(peer.host());
}

bool allow_list::allows_host(std::string_view host) const {
    const std::lock_guard lock(mutex_);
    return allowed_.empty() || allowed_.contains(host);
}

std::string explain_bad_allowed(const std::string& node_or_host) {
    const bool whole = node_or_host.find('@') != std::string::npos;
    const auto name = node_name::parse(whole ? node_or_host : "x@" + node_or_host);
    if (name) return {};
    return fmt::format(
        "\"{}\" is neither the name of a node nor of a host: write name@host, or the part "
        "behind the @ for all nodes there",
        printable(node_or_host));
}

}  // namespace rakka::detail
