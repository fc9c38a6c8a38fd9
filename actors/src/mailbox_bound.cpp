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
    most_.store(static_cast<std::uint32_t>(std::min<std::size_t>(limit.messages, UINT32_MAX)),
                std::memory_order_relaxed);
    lets_in_.store(limit.policy == mailbox_policy::log, std::memory_order_relaxed);
    told_.store(false, std::memory_order_relaxed);
    count_.store(pack(serial, length), std::memory_order_release);
}

void mailbox_bound::end() noexcept {
    const std::lock_guard lock(lock_);
    count_.store(0, std::memory_order_release);
    limit_.tell.reset();
}

std::optional<mailbox_limit> mailbox_bound::limit(std::uint32_t serial) const {
    const std::lock_guard lock(lock_);
    if (serial_of(count_.load(std::memory_order_relaxed)) != serial) return std::nullopt;
    return limit_;
}

mailbox_bound::admitted mailbox_bound::admit(std::uint32_t serial) noexcept {
    std::uint64_t count = count_.load(std::memory_order_acquire);
    for (;;) {
        if (serial_of(count) != serial) return admitted::uncounted;
        const bool full = length_of(count) >= most_.load(std::memory_order_relaxed);
        if (full && (!lets_in_.load(std::memory_order_relaxed) || length_of(count) == UINT32_MAX))
            return admitted::refused;
        if (count_.compare_exchange_weak(count, count + 1, std::memory_order_acq_rel,
                                         std::memory_order_acquire))
            return full ? admitted::over : admitted::counted;
    }
}

void mailbox_bound::one_less(std::uint32_t serial) noexcept {
    std::uint64_t count = count_.load(std::memory_order_acquire);
    while (serial_of(count) == serial && length_of(count) != 0 &&
           !count_.compare_exchange_weak(count, count - 1, std::memory_order_acq_rel,
                                         std::memory_order_acquire)) {
    }
}

std::optional<mailbox_limit> mailbox_bound::exceeded(std::uint32_t serial) {
    const std::lock_guard lock(lock_);
    // The limit may be another process's by now, or another one.
    const std::uint64_t count = count_.load(std::memory_order_relaxed);
    if (serial_of(count) != serial || length_of(count) < most_.load(std::memory_order_relaxed))
        return std::nullopt;
    if (told_.exchange(true, std::memory_order_acq_rel)) return std::nullopt;
    return limit_;
}

bool mailbox_bound::received(std::uint32_t serial) noexcept {
    one_less(serial);
    if (!told_.load(std::memory_order_relaxed)) return false;
    const std::uint64_t count = count_.load(std::memory_order_acquire);
    return serial_of(count) == serial && length_of(count) <= most_.load(std::memory_order_relaxed) / 2 &&
           told_.exchange(false, std::memory_order_acq_rel);
}

}  // namespace rakka::detail
