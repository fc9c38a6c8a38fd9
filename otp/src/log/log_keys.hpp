// Maps with atoms as keys, which metadata are, and the keys with a meaning to the logger itself.
#pragma once

#include <rakka/actors/log.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/term.hpp>

#include <algorithm>
#include <map>

namespace rakka::log {

struct by_number {
    bool operator()(atom a, atom b) const noexcept { return a.id() < b.id(); }
};
using key_map = std::map<atom, term, by_number>;

/// In the metadata of an event that another node has sent.
using rakka::detail::from_node_key;
[[nodiscard]] inline bool is_from_node(const log_event& event) {
    return std::any_of(event.more.begin(), event.more.end(),
                       [mark = from_node_key()](const auto& pair) { return pair.first == mark; });
}

}  // namespace rakka::log
