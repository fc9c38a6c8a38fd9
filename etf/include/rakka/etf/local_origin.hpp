// The one table that turns this program's own pids and references into named ones: system number -> node
// name, creation.
//
// A program may hold several systems, each with its own node. Their pids carry a small number, the origin,
// and take their node's name only when they leave: encoding, printing and ordering look it up here.
#pragma once

#include <rakka/etf/atom.hpp>
#include <rakka/etf/identifiers.hpp>

#include <cstdint>

namespace rakka::etf {

/// A node as it appears in identifiers.
struct node_identity {
    atom name;
    std::uint32_t creation = 0;
    friend constexpr bool operator==(const node_identity&, const node_identity&) noexcept = default;
};

/// Any thread, lock-free except acquire/release. At most 255 systems live at a time; origin 0 is never handed
/// out.
namespace local_origin {
/// A free origin number; its identity is nonode@nohost, creation 0. Throws std::runtime_error when 255 are in
/// use.
[[nodiscard]] std::uint32_t acquire();
/// Gives the number back. It is handed out again as late as possible.
void release(std::uint32_t origin) noexcept;
/// Called by a node when it starts (its name and creation) and when it stops (nonode@nohost, 0).
void set_identity(std::uint32_t origin, node_identity identity) noexcept;
[[nodiscard]] node_identity identity(std::uint32_t origin) noexcept;
}  // namespace local_origin

/// The node and creation that `p` shows to others: its own fields, or its origin's identity when local. A
/// default-constructed one shows nonode@nohost: other nodes take no identifier without a name.
[[nodiscard]] inline node_identity identity_of(const pid& p) noexcept {
    return p.node ? node_identity{p.node, p.creation} : local_origin::identity(p.creation);
}
[[nodiscard]] inline node_identity identity_of(const reference& r) noexcept {
    return r.node ? node_identity{r.node, r.creation} : local_origin::identity(r.creation);
}

}  // namespace rakka::etf
