#include "discovery/candidates.hpp"

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>

namespace rakka::discovery {

candidates::candidate* candidates::know(const std::string& node, time now) {
    const auto it = nodes_.find(node);
    if (it != nodes_.end()) return &it->second;
    if (nodes_.size() >= how_.max_nodes) return nullptr;
    candidate& c = nodes_[node];
    c.when = now;
    return &c;
}

std::size_t candidates::found(std::size_t strategy, const std::vector<std::string>& nodes, time now) {
    std::size_t left_out = 0;
    for (const std::string& node : nodes) {
        if (candidate* const c = know(node, now)) {
            c->by[strategy] = now;
        } else {
            ++left_out;
        }
    }
    return left_out;
}

std::size_t candidates::all(std::size_t strategy, const std::vector<std::string>& nodes, time now,
                            std::vector<std::string>& gone) {
    const std::unordered_set<std::string> listed(nodes.begin(), nodes.end());
    for (auto it = nodes_.begin(); it != nodes_.end();) {
        auto& by = it->second.by;
        if (listed.contains(it->first) || by.erase(strategy) == 0 || !by.empty()) {
            ++it;
        } else {
            gone.push_back(it->first);
            it = nodes_.erase(it);
        }
    }
    std::size_t left_out = 0;
    for (const std::string& node : listed) {
        if (candidate* const c = know(node, now)) {
            c->by[strategy] = std::nullopt;
        } else {
            ++left_out;
        }
    }
    return left_out;
}

void candidates::connected(const std::string& node) {
    const auto it = nodes_.find(node);
    if (it == nodes_.end()) return;
    it->second.is = state::up;
    it->second.failures = 0;
}

void candidates::lost(const std::string& node, time now) {
    const auto it = nodes_.find(node);
    if (it == nodes_.end() || it->second.is == state::useless) return;
    it->second.is = state::waiting;
    it->second.when = now + how_.first_pause;
}

void candidates::failed(const std::string& node, time now) {
    const auto it = nodes_.find(node);
    if (it == nodes_.end() || it->second.is != state::dialled) return;
    candidate& c = it->second;
    c.is = state::waiting;
    time pause = how_.first_pause;
    for (unsigned i = 0; i < c.failures && pause < how_.longest_pause; ++i)
        pause *= 2;
    c.when = now + std::min<time>(pause, how_.longest_pause);
    ++c.failures;
}

void candidates::useless(const std::string& node) {
    if (const auto it = nodes_.find(node); it != nodes_.end()) it->second.is = state::useless;
}

/// Whether nobody lists it, and nobody has heard of it lately.
bool candidates::forgotten(candidate& c, time now) const {
    std::erase_if(c.by, [&](const auto& b) { return b.second && now >= *b.second + how_.forget_after; });
    return c.by.empty() && c.is != state::dialled;
}

std::vector<std::string> candidates::due(time now, std::size_t most) {
    for (auto it = nodes_.begin(); it != nodes_.end();)
        it = forgotten(it->second, now) ? nodes_.erase(it) : std::next(it);
    std::vector<std::pair<time, std::string>> ready;
    for (const auto& [name, c] : nodes_)
        if (c.is == state::waiting && c.when <= now) ready.emplace_back(c.when, name);
    std::sort(ready.begin(), ready.end());  // who has waited longest comes first
    if (ready.size() > most) ready.resize(most);
    std::vector<std::string> names;
    for (auto& [when, name] : ready) {
        nodes_[name].is = state::dialled;
        names.push_back(std::move(name));
    }
    return names;
}

std::optional<candidates::time> candidates::next() const {
    std::optional<time> first;
    for (const auto& [name, c] : nodes_)
        if (c.is == state::waiting && (!first || c.when < *first)) first = c.when;
    return first;
}

}  // namespace rakka::discovery
