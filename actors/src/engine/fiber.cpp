#include "engine/fiber.hpp"

#include <cstdint>
#include <cstdlib>
#include <cxxabi.h>
#include <new>

namespace rakka::detail {

exception_state* thread_exception_state() noexcept {
    return reinterpret_cast<exception_state*>(abi::__cxa_get_globals());
}

// The fiber lies right above its stack.
fiber::fiber(const stack_memory& stack, void (*entry)() noexcept, const floating_point_modes& modes) noexcept
    : context(reinterpret_cast<std::byte*>(this),
              static_cast<std::size_t>(reinterpret_cast<std::byte*>(this) - stack.base), &fiber::start,
              modes),
      entry_(entry),
      stack_(stack) {
    sanitizer_.created(stack);
}

fiber& fiber::create(const stack_memory& stack, void (*entry)() noexcept,
                     const floating_point_modes& modes) noexcept {
    constexpr std::uintptr_t line = 64;
    // All stacks begin at the same offset in a page, and so compete for the same few sets of the caches.
    // Steps of two lines, up to less than a quarter of a page, keep a thousand of them apart.
    const std::uintptr_t top = reinterpret_cast<std::uintptr_t>(stack.top());
    const std::uintptr_t colour = (top / stack.size) % 8 * (2 * line);
    const auto place = (top - colour - sizeof(fiber)) & ~(line - 1);
    return *new (reinterpret_cast<void*>(place)) fiber(stack, entry, modes);
}

void fiber::start(fiber* left, exception_state* thread, void (*run)(fiber&, void*) noexcept, void* arg,
                  context* self) noexcept {
    fiber& me = *static_cast<fiber*>(self);
    me.context::arrive(*left);
    me.arrive({left, thread, {run, arg}});
    me.entry_();
    std::abort();
}

}  // namespace rakka::detail
