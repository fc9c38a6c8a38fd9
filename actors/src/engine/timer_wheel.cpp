#include "engine/timer_wheel.hpp"

#include "engine/current.hpp"
#include "engine/current_thread.hpp"
#include "engine/scheduler_state.hpp"

#include <algorithm>
#include <bit>
#include <mutex>

namespace rakka::detail {

namespace {

constexpr std::int64_t tick_length = 1'000'000;  // nanoseconds

std::uint64_t tick_at_or_before(instant i) noexcept {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(i.count(), 0) / tick_length);
}

std::uint64_t tick_at_or_after(instant i) noexcept {
    const std::int64_t n = std::max<std::int64_t>(i.count(), 0);
    return static_cast<std::uint64_t>(n / tick_length) + (n % tick_length != 0 ? 1 : 0);
}

instant instant_of(std::uint64_t tick) noexcept {
    constexpr auto last = static_cast<std::uint64_t>(instant::max().count() / tick_length);
    return tick >= last ? never : instant(static_cast<std::int64_t>(tick) * tick_length);
}

/// Distance 1..256 from `from` to the next set bit, going round; 0 when no bit is set.
unsigned next_set_bit(const std::array<std::uint64_t, 4>& bits, unsigned from) noexcept {
    const unsigned start = (from + 1) % 256;
    for (unsigned i = 0; i <= 4;
         ++i) {  // the word of the start is looked at twice: its upper, then its lower part
        const unsigned word = (start / 64 + i) % 4;
        std::uint64_t w = bits[word];
        const std::uint64_t upper = ~std::uint64_t{0} << (start % 64);
        if (i == 0) w &= upper;
        if (i == 4) w &= ~upper;
        if (w == 0) continue;
        const unsigned position = word * 64 + static_cast<unsigned>(std::countr_zero(w));
        return (position + 256 - start) % 256 + 1;
    }
    return 0;
}

}  // namespace

timer_wheel::timer_wheel(const clock& time) noexcept
    : time_(time), tick_(tick_at_or_before(time.now())), next_(never.count()) {}

timer_wheel::~timer_wheel() {
    const std::lock_guard lock(lock_);
    for (level& l : levels_) {
        for (timer_node*& head : l.slot) {
            while (head != nullptr) {
                head->wheel_ = nullptr;
                unlink(*head);
            }
        }
    }
}

void timer_wheel::place(timer_node& node, std::uint64_t target) noexcept {
    constexpr std::uint64_t farthest = (std::uint64_t{1} << (levels * slot_bits)) - 1;
    // A timer beyond the horizon waits in the last slot and is placed again from there.
    const std::uint64_t delta = std::min(target - tick_, farthest);
    const unsigned highest_bit = delta == 0 ? 0 : static_cast<unsigned>(std::bit_width(delta)) - 1;
    const unsigned lvl = highest_bit / slot_bits;
    const auto index = static_cast<unsigned>(((tick_ + delta) >> (lvl * slot_bits)) % slots);
    level& l = levels_[lvl];
    timer_node*& head = l.slot[index];
    node.next_ = head;
    if (head != nullptr) head->link_ = &node.next_;
    node.link_ = &head;
    head = &node;
    l.occupied[index / 64] |= std::uint64_t{1} << (index % 64);
}

void timer_wheel::unlink(timer_node& node) noexcept {
    *node.link_ = node.next_;
    if (node.next_ != nullptr) node.next_->link_ = node.link_;
    node.link_ = nullptr;
    node.next_ = nullptr;
}

void timer_wheel::start(timer_node& node, instant deadline, std::optional<instant> now) noexcept {
    const std::lock_guard lock(lock_);
    if (pending_ == 0 && !advancing_) tick_ = std::max(tick_, tick_at_or_before(now ? *now : time_.now()));
    node.deadline_ = deadline;
    node.wheel_ = this;
    ++pending_;
    const std::uint64_t target = std::max(tick_at_or_after(deadline), tick_ + 1);
    place(node, target);
    const std::int64_t due = instant_of(target).count();
    if (due < next_.load(std::memory_order_relaxed)) next_.store(due, std::memory_order_seq_cst);
}

bool timer_wheel::cancel(timer_node& node) noexcept {
    lock_.lock();
    const bool was_pending = node.link_ != nullptr;
    if (was_pending) {
        unlink(node);
        if (--pending_ == 0) next_.store(never.count(), std::memory_order_relaxed);
    } else if (firing_ == &node && firing_thread_ != this_thread_mark()) {
        while (firing_ == &node && node.link_ == nullptr) {
            lock_.unlock();
            cpu_relax();
            lock_.lock();
        }
    }
    lock_.unlock();
    return was_pending;
}

std::uint64_t timer_wheel::next_tick() noexcept {
    std::uint64_t earliest = no_tick;
    for (unsigned lvl = 0; lvl < levels; ++lvl) {
        level& l = levels_[lvl];
        const std::uint64_t now = tick_ >> (lvl * slot_bits);
        for (;;) {
            const auto from = static_cast<unsigned>(now % slots);
            const unsigned distance = next_set_bit(l.occupied, from);
            if (distance == 0) break;
            const unsigned index = (from + distance) % slots;
            if (l.slot[index] != nullptr) {
                earliest = std::min(earliest, (now + distance) << (lvl * slot_bits));
                break;
            }
            l.occupied[index / 64] &= ~(std::uint64_t{1} << (index % 64));  // emptied by a cancel
        }
    }
    return earliest;
}

void timer_wheel::cascade(std::uint64_t tick) noexcept {
    for (unsigned lvl = levels - 1; lvl > 0; --lvl) {
        const unsigned shift = lvl * slot_bits;
        if ((tick & ((std::uint64_t{1} << shift) - 1)) != 0) continue;
        timer_node*& head = levels_[lvl].slot[(tick >> shift) % slots];
        timer_node* list = head;
        head = nullptr;
        while (list != nullptr) {
            timer_node& node = *list;
            list = node.next_;
            place(node, std::max(tick_at_or_after(node.deadline_), tick));
        }
    }
}

std::size_t timer_wheel::fire_tick(std::uint64_t tick) noexcept {
    tick_ = tick;
    cascade(tick);
    timer_node*& head = levels_[0].slot[tick % slots];
    expired_ = head;
    head = nullptr;
    if (expired_ != nullptr) expired_->link_ = &expired_;
    std::size_t fired = 0;
    while (expired_ != nullptr) {
        timer_node& node = *expired_;
        unlink(node);
        --pending_;
        firing_ = &node;
        const timer_node::callback fire = node.fire_;
        lock_.unlock();
        fire(node);
        lock_.lock();
        firing_ = nullptr;
        ++fired;
    }
    return fired;
}

std::size_t timer_wheel::advance(instant now) noexcept {
    const std::lock_guard lock(lock_);
    if (advancing_) return 0;
    advancing_ = true;
    firing_thread_ = this_thread_mark();
    const std::uint64_t target = tick_at_or_before(now);
    std::size_t fired = 0;
    std::uint64_t next = next_tick();
    while (next <= target) {
        fired += fire_tick(next);
        next = next_tick();
    }
    tick_ = std::max(tick_, target);
    advancing_ = false;
    next_.store(instant_of(next).count(), std::memory_order_seq_cst);
    return fired;
}

void start_timer(scheduler& home, timer_node& node, instant deadline) noexcept {
    worker* const w = current_worker();
    if (w != nullptr && w->serves() == &home) {
        w->timers().start(node, deadline);
        return;
    }
    scheduler::state& s = home.internals();
    s.workers.front()->timers().start(node, deadline);
    if (deadline < s.io.sleeps_until()) s.io.interrupt();
}

bool cancel_timer(timer_node& node) noexcept {
    return node.wheel_ != nullptr && node.wheel_->cancel(node);
}

}  // namespace rakka::detail
