// Assertions about Rakka's own code, never about a peer's input (that is an error, not a bug).
#pragma once

#include <cstdio>
#include <cstdlib>

namespace rakka::detail {

[[noreturn]] inline void check_failed(const char* condition, const char* file, int line) noexcept {
    std::fprintf(stderr, "rakka: broken invariant at %s:%d: %s\n", file, line, condition);
    std::abort();
}

}  // namespace rakka::detail

/// Always on: ends the program when the condition is false.
#define RAKKA_CHECK(condition) \
    (static_cast<bool>(condition) ? void(0) : ::rakka::detail::check_failed(#condition, __FILE__, __LINE__))

/// For hot paths: checked in debug builds only, not evaluated in release builds.
#ifdef NDEBUG
#define RAKKA_DCHECK(condition) (true ? void(0) : void(condition))
#else
#define RAKKA_DCHECK(condition) RAKKA_CHECK(condition)
#endif
