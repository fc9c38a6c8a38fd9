#include "engine/parker.hpp"

#include <cerrno>
#include <ctime>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace rakka::detail {

namespace {

static_assert(sizeof(std::atomic<std::uint32_t>) == 4 && std::atomic<std::uint32_t>::is_always_lock_free);

long futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value,
           const timespec* time) noexcept {
    return syscall(SYS_futex, &word, operation | FUTEX_PRIVATE_FLAG, value, time, nullptr, 0);
}

}  // namespace

bool parker::park(nanoseconds at_most) noexcept {
    const bool timed = at_most != never;
    const auto deadline = timed ? steady_clock().now() + at_most : never;
    for (;;) {
        if (token_.exchange(0, std::memory_order_acquire) != 0) return true;
        timespec left{};
        if (timed) {
            const nanoseconds rest = deadline - steady_clock().now();
            if (rest.count() <= 0) return false;
            left.tv_sec = static_cast<time_t>(rest.count() / 1'000'000'000);
            left.tv_nsec = static_cast<long>(rest.count() % 1'000'000'000);
        }
        futex(token_, FUTEX_WAIT, 0, timed ? &left : nullptr);
    }
}

void parker::unpark() noexcept {
    if (token_.exchange(1, std::memory_order_release) == 0) futex(token_, FUTEX_WAKE, 1, nullptr);
}

}  // namespace rakka::detail
