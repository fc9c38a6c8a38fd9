// The events of a state machine that are not in its mailbox: inserted ones, postponed ones, timeouts; and
// what a transition does to them. No process is needed. [gen_statem: the state machine's event queue]
#pragma once

#include "statem/statem_timeouts.hpp"

#include <boost/container/small_vector.hpp>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace rakka::detail {

/// What the actions of one event ask of the queue, collected until its transition is done.
struct statem_effects {
    bool postpone = false;
    boost::container::small_vector<statem::event, 1> inserted;
    boost::container::small_vector<statem::action::set_timeout, 1> timeouts;

    statem_effects() noexcept {}  // not an aggregate: those are filled with zeros first
};

/// The order in which events come: inserted ones; those that were postponed and are retried; zero timeouts;
/// then the mailbox, where timers' messages are, too.
class statem_queue {
public:
    /// Nothing is to be done but to wait for a message.
    [[nodiscard]] bool idle() const noexcept { return !held_; }
    /// The next event that needs no message, in the place of what is in `into`. False: there is none.
    [[nodiscard]] bool next(std::optional<statem::event>& into);
    /// The event of a timer that has fired; nothing when it is none of this machine's.
    [[nodiscard]] std::optional<statem::event> expired(const statem::timeout_key& which,
                                                       const reference& timer);
    [[nodiscard]] bool has_timeouts() const noexcept { return held_ && !held_->timeouts.empty(); }

    /// The transition after `done` has been handled, to another state or not.
    void finish(statem::event&& done, bool state_changes, statem_effects&& effects, statem_timers& timers) {
        const bool only_inserts =
            !effects.postpone && effects.timeouts.empty() &&
            (!held_ || (held_->timeouts.empty() && (!state_changes || held_->postponed.empty())));
        if (only_inserts && effects.inserted.empty()) return;
        if (only_inserts && effects.inserted.size() == 1 && held_) {
            held_->ready.push_back(std::move(effects.inserted.front()));
            return;
        }
        carry_out(std::move(done), state_changes, std::move(effects), timers);
    }

    /// The oldest first: a copy, for reports, as the two below.
    [[nodiscard]] std::vector<statem::event> postponed() const {
        return held_ ? held_->postponed : std::vector<statem::event>();
    }
    /// The next first.
    [[nodiscard]] std::vector<statem::event> ready() const {
        if (!held_) return {};
        return {held_->ready.rbegin(), held_->ready.rend()};
    }
    /// Null: none has been set.
    [[nodiscard]] const statem_timeouts* timeouts() const noexcept {
        return held_ ? &held_->timeouts : nullptr;
    }

    /// Gives back memory that an idle machine does not need.
    void shrink();

private:
    /// Most machines, most of the time, hold nothing: it is made when it is needed.
    struct held {
        std::vector<statem::event> ready{};      // the next one last
        std::vector<statem::event> postponed{};  // the oldest first
        statem_timeouts timeouts{};
    };

    void carry_out(statem::event&& done, bool state_changes, statem_effects&& effects, statem_timers& timers);

    std::unique_ptr<held> held_;
};

}  // namespace rakka::detail
