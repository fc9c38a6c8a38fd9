// Which losses of connections this node has noticed, or heard of and passed on. [protocol §6.4]
#pragma once

#include "global/messages.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <string_view>
#include <utility>

namespace rakka::global_fsm {

/// Each loss is told by the node that noticed it to all it knows, and by each of those to all they know: the
/// same news comes many times. Forgotten after an hour, or when there are too many. Owner: one thread at a
/// time.
class lost_connections {
public:
    static constexpr std::chrono::hours kept{1};

    explicit lost_connections(std::size_t most) : most_(most) {}

    /// True when it is news: the first of this incarnation of the loser, or with a greater number. It is
    /// remembered then. `now` never goes back.
    bool is_news(const lost_connection& m, std::chrono::nanoseconds now);

    /// Our own connection to `node` has ended.
    void we_lost(atom node, std::chrono::nanoseconds now);
    /// Whether `m`, which has not been passed to is_news yet, is about the same event as a loss of our own
    /// within the last `foretold`: when the lost node has been started again meanwhile, it is of the one
    /// before. What a node says of a second loss in this time is not old.
    [[nodiscard]] bool is_old(const lost_connection& m, std::chrono::nanoseconds now) const;
    static constexpr std::chrono::seconds foretold{10};

    [[nodiscard]] std::size_t size() const noexcept { return heard_.size(); }

private:
    struct pair_less {
        bool operator()(const std::pair<atom, atom>& a, const std::pair<atom, atom>& b) const noexcept {
            return std::pair(a.first.id(), a.second.id()) < std::pair(b.first.id(), b.second.id());
        }
    };
    struct news {
        term incarnation;
        std::int64_t number = 0;
        std::chrono::nanoseconds at{};
    };
    struct memory {
        std::pair<atom, atom> who;
        std::chrono::nanoseconds at{};
    };

    void forget(std::chrono::nanoseconds now);

    std::size_t most_;
    std::map<atom, std::chrono::nanoseconds, node_less> own_;  // when, for the time `foretold`
    std::map<std::pair<atom, atom>, news, pair_less> heard_;   // by loser and lost
    std::deque<memory> by_time_;  // oldest first; of a pair heard of again only the last counts
};

}  // namespace rakka::global_fsm
