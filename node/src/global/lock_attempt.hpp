// Locks on several nodes: what their answers mean, and the lock that protects changes of names.
#pragma once

#include "global/global_types.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>
#include <vector>

namespace rakka::global_fsm {

/// What the nodes said that answered at all; one that is gone need not agree.
using lock_answers = std::vector<std::pair<atom, bool>>;

[[nodiscard]] inline bool all_agree(const lock_answers& answers) {
    return std::all_of(answers.begin(), answers.end(), [](const auto& a) { return a.second; });
}
/// The nodes on which a lock must be given up again that not all have agreed to.
[[nodiscard]] inline std::vector<atom> agreed(const lock_answers& answers) {
    std::vector<atom> nodes;
    for (const auto& [node, yes] : answers)
        if (yes) nodes.push_back(node);
    return nodes;
}
/// After so many failures wait for a random part of this.
[[nodiscard]] inline std::chrono::milliseconds longest_pause(unsigned times) noexcept {
    return std::chrono::milliseconds(times > 5 ? 8000 : (1000 << times) / 8);
}

/// Takes the lock `global` on all known nodes, whatever it takes. Owner: one thread at a time.
class known_lock {
public:
    struct set_lock {
        std::vector<atom> nodes;
        bool look_here_first = false;
    };
    struct del_lock {
        std::vector<atom> nodes;
    };
    struct pause {
        std::chrono::milliseconds longest;
    };
    struct done {};
    using step = std::variant<set_lock, del_lock, pause, done>;
    using steps = std::vector<step>;

    explicit known_lock(atom self) : self_(self) {}

    /// A set_lock is answered by locked(), a pause by begin(); del_lock needs no answer.
    [[nodiscard]] steps begin(const std::vector<atom>& known);
    /// `known`: who is known now.
    [[nodiscard]] steps locked(bool ok, const std::vector<atom>& known);
    /// After `done`: how it is given up.
    [[nodiscard]] steps release() const;

    /// Locked ones, this one included.
    [[nodiscard]] const std::vector<atom>& nodes() const noexcept { return nodes_; }

private:
    [[nodiscard]] step try_again();

    const atom self_;
    std::vector<atom> nodes_;
    atom boss_;
    bool boss_locked_ = false;
    unsigned failures_ = 0;
};

}  // namespace rakka::global_fsm
