#include "epmd/registry.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace rakka::epmd {
namespace {

constexpr std::size_t max_name_characters = 255;
constexpr std::size_t max_extra_size = 1020;
constexpr std::uint32_t smallest_creation = 4;

std::uint32_t system_seconds() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(since).count());
}

bool is_acceptable(const node_entry& node) {
    const std::optional<std::size_t> characters = count_characters(node.name);
    const bool has_control = std::any_of(node.name.begin(), node.name.end(), [](char c) {
        const auto b = static_cast<unsigned char>(c);
        return b < 0x20 || b == 0x7F;
    });
    return characters && *characters > 0 && *characters <= max_name_characters && !has_control &&
           node.extra.size() <= max_extra_size;
}

}  // namespace

std::uint32_t registry::entry::creation() const noexcept {
    return node.highest_version >= 6 ? counter : counter % 3 + 1;
}

registry::registry(registry_limits limits, clock now)
    : limits_(limits), now_(now ? std::move(now) : clock(&system_seconds)) {}

std::optional<std::uint32_t> registry::add(const node_entry& node, connection_number by) {
    if (!is_acceptable(node) || active_index_.contains(node.name) || active_.size() >= limits_.active) {
        return std::nullopt;
    }
    if (const auto known = old_index_.find(node.name); known != old_index_.end()) {
        active_.splice(active_.begin(), old_, known->second);
        old_index_.erase(known);
        ++active_.front().counter;
    } else {
        active_.emplace_front();
        active_.front().counter = now_();
    }
    entry& added = active_.front();
    added.counter = std::max(added.counter, smallest_creation);
    added.node = node;
    added.connection = by;
    active_index_.emplace(node.name, active_.begin());
    return added.creation();
}

bool registry::remove(std::string_view name, connection_number by) {
    const auto found = active_index_.find(std::string(name));
    if (found == active_index_.end() || found->second->connection != by) return false;
    old_.splice(old_.end(), active_, found->second);
    active_index_.erase(found);
    old_index_.emplace(old_.back().node.name, std::prev(old_.end()));
    if (old_.size() > limits_.old) {
        old_index_.erase(old_.front().node.name);
        old_.pop_front();
    }
    return true;
}

const registry::entry* registry::find(std::string_view name) const {
    const auto found = active_index_.find(std::string(name));
    return found == active_index_.end() ? nullptr : &*found->second;
}

}  // namespace rakka::epmd
