// The timeouts of a state machine as data: which run, which are due at once, what the actions of a transition
// change. No process and no clock are needed: timers are started and cancelled through an interface.
#pragma once

#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/order.hpp>
#include <rakka/otp/gen_statem_result.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace rakka::detail {

/// What has timers. A timer that fires is told to statem_timeouts::expired(); one that was cancelled never
/// is.
class statem_timers {
public:
    virtual ~statem_timers() = default;
    virtual reference start(const statem::timeout_key& key, const statem::timeout_time& time) = 0;
    virtual void cancel(const reference& timer) = 0;
};

/// Erlang: the `timers` map of gen_statem's state record, `t0q` included.
class statem_timeouts {
public:
    using key = statem::timeout_key;
    using change = statem::action::set_timeout;

    [[nodiscard]] bool empty() const noexcept { return !event_ && !state_ && named_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept;
    /// Every timeout with its content, in no order.
    template <class F>
    void for_each(F&& f) const;

    /// Carries the changes of one transition out. Of several for one key the last counts; they take effect
    /// from the last to the first, as OTP has it, but those that are due at once keep their order.
    void apply(std::span<change> changes, statem_timers& timers);
    /// Stops a timeout; nothing when it does not run.
    void cancel(const key& which, statem_timers& timers);
    /// The event of a timer that has fired, whose timeout runs no longer; nothing for one that is not ours.
    [[nodiscard]] std::optional<statem::event> expired(const key& which, const reference& timer);
    /// The event of the first zero timeout, which runs no longer.
    [[nodiscard]] std::optional<statem::event> take_due();

private:
    struct running {
        term content;
        reference timer{};  // none: a zero timeout, which stands in due_
        [[nodiscard]] bool is_due() const noexcept { return !timer; }
    };

    running* find(const key& which) noexcept;
    running& put(const key& which, running r);
    void erase(const key& which) noexcept;
    void forget_due(const key& which) noexcept;
    void start(change& c, std::vector<key>& due, statem_timers& timers);

    std::optional<running> event_, state_;
    std::unordered_map<term, running> named_;
    std::vector<key> due_;  // zero timeouts in the order in which they come
};

template <class F>
void statem_timeouts::for_each(F&& f) const {
    if (event_) f(key{statem::event_type::timeout, {}}, event_->content);
    if (state_) f(key{statem::event_type::state_timeout, {}}, state_->content);
    for (const auto& [name, r] : named_)
        f(key{statem::event_type::generic_timeout, name}, r.content);
}

}  // namespace rakka::detail
