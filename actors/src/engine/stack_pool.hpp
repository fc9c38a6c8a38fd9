// Memory for fiber stacks: large regions, committed page by page as they are touched, each stack with a
// guard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace rakka::detail {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr std::size_t default_stack_size = std::size_t{1024} * 1024;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr std::size_t default_stack_size = std::size_t{1024} * 1024;
#else
inline constexpr std::size_t default_stack_size = std::size_t{256} * 1024;
#endif
#else
inline constexpr std::size_t default_stack_size = std::size_t{256} * 1024;
#endif

/// How the lowest page of each stack is kept from being touched.
enum class stack_guard : std::uint8_t {
    guard_region,  ///< MADV_GUARD_INSTALL: costs no mapping, any number of stacks
    protection,  ///< mprotect: two mappings a stack; vm.max_map_count (65530) ends it at about 32,000 stacks
};

struct stack_pool_statistics {
    std::size_t stacks = 0;    ///< ever handed out (in use or pooled)
    std::size_t reserved = 0;  ///< bytes of address space
    std::size_t trimmed = 0;   ///< how often a deep stack gave its pages back
    stack_guard guard = stack_guard::guard_region;
};

/// A stack's usable bytes [base, base + size); it grows down towards the guard below base.
struct stack_memory {
    std::byte* base = nullptr;
    std::size_t size = 0;
    [[nodiscard]] std::byte* top() const noexcept { return base + size; }
};

/// Hands out stacks and never takes one back before its end: fibers are pooled, not stacks. Any thread.
class stack_pool {
public:
    /// A pooled stack keeps this much at its top; what was touched below is given back.
    static constexpr std::size_t keep_on_trim = std::size_t{16} * 1024;

    explicit stack_pool(std::size_t stack_size);
    ~stack_pool();
    stack_pool(const stack_pool&) = delete;
    stack_pool& operator=(const stack_pool&) = delete;

    /// Throws std::bad_alloc when address space or guards run out.
    [[nodiscard]] stack_memory allocate();

    /// Gives back the pages below the kept top if any of them is resident. The stack must be quiet.
    void trim(const stack_memory& stack) noexcept { trim(stack, stack.top()); }
    /// The same for a stack that is in use down to `used`.
    void trim(const stack_memory& stack, const std::byte* used) noexcept;

    [[nodiscard]] stack_pool_statistics statistics() const noexcept;
    /// Bytes of all stacks that are in memory. Takes a system call for every 256 MiB of stacks.
    [[nodiscard]] std::size_t resident() const;

private:
    struct region {
        std::byte* base;
        std::size_t bytes;
    };
    void add_region();
    bool install_guard(std::byte* page) noexcept;

    const std::size_t page_;
    const std::size_t stack_size_;  // usable
    const std::size_t slot_size_;   // with the guard
    mutable std::mutex mutex_;
    std::vector<region> regions_;       // guarded by mutex_
    std::byte* free_begin_ = nullptr;   // guarded by mutex_; untouched part of the newest region
    std::byte* free_end_ = nullptr;     // guarded by mutex_
    stack_pool_statistics statistics_;  // guarded by mutex_
};

}  // namespace rakka::detail
