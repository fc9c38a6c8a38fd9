#include "engine/fiber.hpp"

#include <cstdint>
#include <cstdlib>
#include <cxxabi.h>
#include <new>

namespace rakka::detail {

namespace ctx = boost::context::detail;

exception_state* thread_exception_state() noexcept {
    return reinterpret_cast<exception_state*>(abi::__cxa_get_globals());
}

fiber::fiber(const stack_memory& stack, void (*entry)() noexcept) noexcept : entry_(entry), stack_(stack) {
    auto* top = reinterpret_cast<std::byte*>(this);
    context_ = ctx::make_fcontext(top, static_cast<std::size_t>(top - stack.base), &fiber::start);
    sanitizer_.created(stack);
}

fiber& fiber::create(const stack_memory& stack, void (*entry)() noexcept) noexcept {
    constexpr std::uintptr_t line = 64;
    // All stacks begin at the same offset in a page, and so compete for the same few sets of the caches.
    // Steps of two lines, up to less than a quarter of a page, keep a thousand of them apart.
    const std::uintptr_t top = reinterpret_cast<std::uintptr_t>(stack.top());
    const std::uintptr_t colour = (top / stack.size) % 8 * (2 * line);
    const auto place = (top - colour - sizeof(fiber)) & ~(line - 1);
    return *new (reinterpret_cast<void*>(place)) fiber(stack, entry);
}

void fiber::start(ctx::transfer_t t) noexcept {
    fiber& self = *static_cast<crossing*>(t.data)->to;
    arrive(t);
    self.entry_();
    std::abort();
}

}  // namespace rakka::detail
