#include "statem/statem_queue.hpp"

#include <algorithm>
#include <iterator>

namespace rakka::detail {

using statem::event;
using statem::event_type;

namespace {

/// After a burst the memory goes back.
void let_go(std::vector<event>& emptied) {
    constexpr std::size_t usual = 64;
    if (emptied.empty() && emptied.capacity() > usual) std::vector<event>().swap(emptied);
}

}  // namespace

bool statem_queue::next(std::optional<event>& into) {
    if (!held_) return false;
    if (held_->ready.empty()) {
        into = held_->timeouts.take_due();
        return into.has_value();
    }
    into.emplace(std::move(held_->ready.back()));
    held_->ready.pop_back();
    let_go(held_->ready);
    return true;
}

std::optional<event> statem_queue::expired(const statem::timeout_key& which, const reference& timer) {
    return held_ ? held_->timeouts.expired(which, timer) : std::nullopt;
}

void statem_queue::carry_out(event&& done, bool state_changes, statem_effects&& effects,
                             statem_timers& timers) {
    if (!held_) held_ = std::make_unique<held>();
    auto& [ready, postponed, timeouts] = *held_;
    if (effects.postpone) postponed.push_back(std::move(done));
    if (!timeouts.empty()) {
        timeouts.cancel({event_type::timeout, {}}, timers);
        if (state_changes) timeouts.cancel({event_type::state_timeout, {}}, timers);
    }
    if (state_changes && !postponed.empty()) {
        std::move(postponed.rbegin(), postponed.rend(), std::back_inserter(ready));
        postponed.clear();
        let_go(postponed);
    }
    if (!effects.timeouts.empty()) timeouts.apply(effects.timeouts, timers);
    std::move(effects.inserted.rbegin(), effects.inserted.rend(), std::back_inserter(ready));
}

void statem_queue::shrink() {
    if (!held_) return;
    if (held_->ready.empty() && held_->postponed.empty() && held_->timeouts.empty()) {
        held_.reset();
    } else if (held_->postponed.empty()) {
        held_->postponed.shrink_to_fit();
    }
}

}  // namespace rakka::detail
