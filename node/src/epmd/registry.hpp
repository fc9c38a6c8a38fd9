// The names an embedded epmd knows: the living, and a bounded memory of the dead that keeps their creations
// growing.
#pragma once

#include "epmd/epmd_messages.hpp"

#include <rakka/base/strong_type.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace rakka::epmd {

/// Tells connections apart; shown as "fd" in dumps.
struct connection_number : strong_type<connection_number, int> {
    using strong_type::strong_type;
};

struct registry_limits {
    std::size_t active = 10'000;  ///< living names; beyond it a registration is refused
    std::size_t old = 1'000;      ///< remembered names; beyond it the oldest is forgotten
};

/// Owner only: one thread, the one that serves all sessions. Outlives its sessions.
class registry {
public:
    struct entry {
        node_entry node;
        connection_number connection;
        std::uint32_t counter = 0;  ///< the creation, as nodes of today see it

        /// The creation this node is told: the counter, or 1..3 for nodes whose highest version is below 6.
        std::uint32_t creation() const noexcept;
    };

    /// Seconds since 1970, from which the creation of a name never seen before starts.
    using clock = std::function<std::uint32_t()>;

    /// `now` empty: the system's clock.
    explicit registry(registry_limits limits = {}, clock now = {});

    /// Registers; the creation on success. Refused: a living node of that name, more than 255 characters, not
    /// UTF-8, control characters (a line end in a name would forge lines of the NAMES reply), an extra field
    /// over 1020 bytes, a full table.
    std::optional<std::uint32_t> add(const node_entry& node, connection_number by);

    /// Forgets the name if `by` registered it; true when it did.
    bool remove(std::string_view name, connection_number by);

    /// The living node of that name. Valid until the next change.
    const entry* find(std::string_view name) const;

    /// The living, newest first, and the remembered, oldest first: the orders of epmd's lists.
    const std::list<entry>& active() const noexcept { return active_; }
    const std::list<entry>& old() const noexcept { return old_; }

private:
    using index = std::unordered_map<std::string, std::list<entry>::iterator>;

    registry_limits limits_;
    clock now_;
    std::list<entry> active_;
    std::list<entry> old_;
    index active_index_;
    index old_index_;
};

}  // namespace rakka::epmd
