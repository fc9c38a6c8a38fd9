#include "mailbox_bound.hpp"

#include <algorithm>
#include <mutex>

namespace rakka::detail {

namespace {

constexpr std::uint32_t serial_of(std::uint64_t count) noexcept {
    return static_cast<std::uint32_t>(count >> 32);
}
constexpr std::uint32_t length_of(std::uint64_t count) noexcept {
    return static_cast<std::uint32_t>(count);
}

}  // namespace

void mailbox_bound::begin(std::uint32_t serial, const mailbox_limit& limit, std::uint32_t length) noexcept {
    const std::lock_guard lock(lock_);
    limit_ = limit;
    if (serial_of(count_.load(std::memory_order_relaxed)) != serial)
        lost_.store(0, std::memory_order_relaxed);
    most_.store(static_cast<std::uint32_t>(std::min<std::size_t>(limit.messages, UINT32_MAX)),
                std::memory_order_relaxed);
    lets_in_.store(limit.policy == mailbox_policy::log, std::memory_order_relaxed);
    count_.store(pack(serial, length));
    arriving_.store(pack(serial, 0));
    state_.fetch_and(somebody_says);
}

void mailbox_bound::end() noexcept {
    const std::lock_guard lock(lock_);
    count_.store(0);
    arriving_.store(0);
    state_.fetch_and(somebody_says);
    limit_.tell.reset();
}

std::optional<mailbox_limit> mailbox_bound::limit(std::uint32_t serial) const {
    const std::lock_guard lock(lock_);
    if (serial_of(count_.load(std::memory_order_relaxed)) != serial) return std::nullopt;
    return limit_;
}

mailbox_bound::admitted mailbox_bound::one_more(counter& count, std::uint32_t serial,
                                                std::uint32_t most) noexcept {
    std::uint64_t was = count.load(std::memory_order_acquire);
    for (;;) {
        if (serial_of(was) != serial) return admitted::uncounted;
        const bool full = length_of(was) >= most;
        if (full && (!lets_in_.load(std::memory_order_relaxed) || length_of(was) == UINT32_MAX))
            return admitted::refused;
        if (count.compare_exchange_weak(was, was + 1, std::memory_order_acq_rel, std::memory_order_acquire))
            return full ? admitted::over : admitted::counted;
    }
}

mailbox_bound::admitted mailbox_bound::admit(std::uint32_t serial) noexcept {
    return one_more(count_, serial, most_.load(std::memory_order_relaxed));
}

// Some of them may be replies, which are not to be lost.
std::uint32_t mailbox_bound::most_arriving() const noexcept {
    constexpr std::uint32_t at_least = 1000;
    return std::max(most_.load(std::memory_order_relaxed), at_least);
}

mailbox_bound::admitted mailbox_bound::admit_arriving(std::uint32_t serial) noexcept {
    return one_more(arriving_, serial, most_arriving());
}

void mailbox_bound::one_less(counter& count, std::uint32_t serial) noexcept {
    std::uint64_t was = count.load(std::memory_order_acquire);
    while (serial_of(was) == serial && length_of(was) != 0 && !count.compare_exchange_weak(was, was - 1)) {
    }
}

std::optional<mailbox_bound::notice> mailbox_bound::exceeded(std::uint32_t serial) noexcept {
    // The process may be another by now, or have another limit.
    const std::uint64_t count = count_.load();
    if (serial_of(count) != serial) return std::nullopt;
    if (length_of(count) < most_.load(std::memory_order_relaxed) &&
        length_of(arriving_.load()) < most_arriving())
        return std::nullopt;
    state_.fetch_or(too_long);
    look_whether_it_is_over();
    return take_notice();
}

std::optional<mailbox_bound::notice> mailbox_bound::received(std::uint32_t serial) noexcept {
    one_less(count_, serial);
    return became_less();
}

std::optional<mailbox_bound::notice> mailbox_bound::taken_in(std::uint32_t serial) noexcept {
    one_less(arriving_, serial);
    return became_less();
}

std::optional<mailbox_bound::notice> mailbox_bound::became_less() noexcept {
    if ((state_.load() & too_long) == 0) return std::nullopt;
    look_whether_it_is_over();
    return take_notice();
}

std::optional<mailbox_bound::notice> mailbox_bound::said(const notice& n) noexcept {
    std::uint8_t state = state_.load();
    std::uint8_t after = 0;
    do {
        after = static_cast<std::uint8_t>((state & too_long) | (n.too_long ? said_too_long : 0));
    } while (!state_.compare_exchange_weak(state, after));
    return take_notice();
}

// Who makes the mailbox shorter and who says that it is too long look at each other's last step, each after
// its own: one of them sees both.
void mailbox_bound::look_whether_it_is_over() noexcept {
    const std::uint32_t length = length_of(count_.load());
    const std::uint32_t most = most_.load(std::memory_order_relaxed);
    const bool arriving = length_of(arriving_.load()) > most_arriving() / 2;
    if (length <= most / 2 && length < most && !arriving)  // nothing is ever fewer than none
        state_.fetch_and(static_cast<std::uint8_t>(~too_long));
}

std::optional<mailbox_bound::notice> mailbox_bound::take_notice() noexcept {
    std::uint8_t state = state_.load();
    do {
        const bool is = (state & too_long) != 0;
        const bool known = (state & said_too_long) != 0;
        if (is == known || (state & somebody_says) != 0) return std::nullopt;
    } while (!state_.compare_exchange_weak(state, state | somebody_says));
    return notice{serial_of(count_.load()), (state & too_long) != 0};
}

}  // namespace rakka::detail
