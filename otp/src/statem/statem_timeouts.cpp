#include "statem/statem_timeouts.hpp"

#include <algorithm>

namespace rakka::detail {

using statem::event;
using statem::event_type;
using form = statem::timeout_time::form;

namespace {

event event_of(const statem::timeout_key& which, term content) {
    switch (which.type) {
        case event_type::timeout:
            return event::timeout(std::move(content));
        case event_type::state_timeout:
            return event::state_timeout(std::move(content));
        default:
            return event::generic_timeout(which.name, std::move(content));
    }
}

/// Zero by either clock is due at once: no timer is started for it.
bool is_zero(const statem::timeout_time& time) noexcept {
    return (time.what() == form::relative || time.what() == form::absolute) && time.value().count() == 0;
}

}  // namespace

std::size_t statem_timeouts::size() const noexcept {
    return (event_ ? 1 : 0) + (state_ ? 1 : 0) + named_.size();
}

void statem_timeouts::apply(std::span<change> changes, statem_timers& timers) {
    std::vector<key> due;
    for (std::size_t i = changes.size(); i-- > 0;) {
        const auto same = [&](const change& later) { return later.key == changes[i].key; };
        if (std::any_of(changes.begin() + static_cast<std::ptrdiff_t>(i) + 1, changes.end(), same)) continue;
        start(changes[i], due, timers);
    }
    std::move(due.rbegin(), due.rend(), std::back_inserter(due_));
}

void statem_timeouts::start(change& c, std::vector<key>& due, statem_timers& timers) {
    if (c.time.what() == form::infinity) return cancel(c.key, timers);
    if (c.time.what() == form::update) {
        if (running* const r = find(c.key)) {
            r->content = std::move(c.content);
            return;
        }
    }
    cancel(c.key, timers);
    running& r = put(c.key, {std::move(c.content)});
    if (c.time.what() == form::update || is_zero(c.time)) {
        due.push_back(c.key);
    } else {
        r.timer = timers.start(c.key, c.time);
    }
}

void statem_timeouts::cancel(const key& which, statem_timers& timers) {
    running* const r = find(which);
    if (r == nullptr) return;
    if (r->is_due()) {
        forget_due(which);
    } else {
        timers.cancel(r->timer);
    }
    erase(which);
}

std::optional<event> statem_timeouts::expired(const key& which, const reference& timer) {
    running* const r = find(which);
    if (r == nullptr || r->is_due() || r->timer != timer) return std::nullopt;
    event e = event_of(which, std::move(r->content));
    erase(which);
    return e;
}

std::optional<event> statem_timeouts::take_due() {
    if (due_.empty()) return std::nullopt;
    const key which = std::move(due_.front());
    due_.erase(due_.begin());
    event e = event_of(which, std::move(find(which)->content));
    erase(which);
    return e;
}

void statem_timeouts::forget_due(const key& which) noexcept {
    const auto found = std::find(due_.begin(), due_.end(), which);
    if (found != due_.end()) due_.erase(found);
}

statem_timeouts::running* statem_timeouts::find(const key& which) noexcept {
    switch (which.type) {
        case event_type::timeout:
            return event_ ? &*event_ : nullptr;
        case event_type::state_timeout:
            return state_ ? &*state_ : nullptr;
        default: {
            const auto found = named_.find(which.name);
            return found == named_.end() ? nullptr : &found->second;
        }
    }
}

statem_timeouts::running& statem_timeouts::put(const key& which, running r) {
    switch (which.type) {
        case event_type::timeout:
            return event_.emplace(std::move(r));
        case event_type::state_timeout:
            return state_.emplace(std::move(r));
        default:
            return named_.insert_or_assign(which.name, std::move(r)).first->second;
    }
}

void statem_timeouts::erase(const key& which) noexcept {
    switch (which.type) {
        case event_type::timeout:
            event_.reset();
            break;
        case event_type::state_timeout:
            state_.reset();
            break;
        default:
            named_.erase(which.name);
            break;
    }
}

}  // namespace rakka::detail
