#include "engine/stack_overflow.hpp"

#include "engine/current.hpp"
#include "engine/sanitizer_fiber.hpp"
#include "engine/worker.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstring>
#include <new>
#include <string_view>
#include <unistd.h>

namespace rakka::detail {

namespace {

constexpr std::size_t signal_stack_size = std::size_t{32} * 1024;

std::atomic<task_describer> describer{nullptr};
struct sigaction before_segv;
struct sigaction before_bus;

/// A line put together without the allocator.
class line {
public:
    void add(std::string_view text) noexcept {
        const std::size_t n = std::min(text.size(), text_.size() - size_);
        std::memcpy(text_.data() + size_, text.data(), n);
        size_ += n;
    }
    void add(std::size_t number) noexcept {
        std::array<char, 24> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
        add({digits.data(), static_cast<std::size_t>(end - digits.data())});
    }
    void add(const task& t) noexcept {
        size_ += describer.load(std::memory_order_relaxed)(t, text_.data() + size_, text_.size() - size_);
    }
    void write() const noexcept { static_cast<void>(!::write(STDERR_FILENO, text_.data(), size_)); }

private:
    std::array<char, 512> text_{};
    std::size_t size_ = 0;
};

/// The stack whose guard the address lies in, if it is the one this thread stands on.
const stack_memory* overflown(const void* address) noexcept {
    const worker* const w = current_worker();
    if (w == nullptr || w->standing() == nullptr) return nullptr;
    const stack_memory& stack = w->standing()->stack();
    if (stack.base == nullptr) return nullptr;
    const auto* const at = static_cast<const std::byte*>(address);
    const auto page = static_cast<std::ptrdiff_t>(::sysconf(_SC_PAGESIZE));
    return at >= stack.base - page && at < stack.base ? &stack : nullptr;
}

void report(const stack_memory& stack) noexcept {
    line out;
    out.add("rakka: stack overflow in ");
    if (const task* const t = current_task()) {
        out.add(*t);
    } else {
        out.add("a worker");
    }
    out.add(": all ");
    out.add(stack.size);
    out.add(" bytes are in use; raise system_options::stack_size or spawn_options::stack_size\n");
    out.write();
}

void hand_on(int signal, siginfo_t* info, void* context) noexcept {
    const struct sigaction& before = signal == SIGBUS ? before_bus : before_segv;
    if ((before.sa_flags & SA_SIGINFO) != 0) {
        before.sa_sigaction(signal, info, context);
    } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
        before.sa_handler(signal);
    } else {
        // On return the instruction faults again, now with the default action; a signal that somebody sent
        // has to be sent again.
        ::sigaction(signal, &before, nullptr);
        if (info->si_code <= 0) ::raise(signal);
    }
}

void on_fault(int signal, siginfo_t* info, void* context) noexcept {
    if (const stack_memory* const stack = overflown(info->si_addr)) report(*stack);
    hand_on(signal, info, context);
}

}  // namespace

void report_stack_overflows(task_describer describe) noexcept {
    if constexpr (sanitizer_fiber::active) return;
    task_describer none = nullptr;
    if (!describer.compare_exchange_strong(none, describe)) return;
    struct sigaction mine {};
    mine.sa_sigaction = &on_fault;
    mine.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&mine.sa_mask);
    ::sigaction(SIGSEGV, &mine, &before_segv);
    ::sigaction(SIGBUS, &mine, &before_bus);
}

alternate_signal_stack::alternate_signal_stack() noexcept {
    stack_t there{};
    if (sanitizer_fiber::active || ::sigaltstack(nullptr, &there) != 0 || (there.ss_flags & SS_DISABLE) == 0)
        return;
    memory_.reset(new (std::nothrow) std::byte[signal_stack_size]);
    if (!memory_) return;
    stack_t mine{};
    mine.ss_sp = memory_.get();
    mine.ss_size = signal_stack_size;
    if (::sigaltstack(&mine, nullptr) != 0) memory_.reset();
}

alternate_signal_stack::~alternate_signal_stack() {
    if (!memory_) return;
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    ::sigaltstack(&none, nullptr);
}

}  // namespace rakka::detail
