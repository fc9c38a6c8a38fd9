#include "engine/stack_pool.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <sys/mman.h>
#include <unistd.h>

namespace rakka::detail {

namespace {

// Linux 6.13 and later; not in the C library's headers yet.
constexpr int madv_guard_install = 102;

constexpr std::size_t first_region = std::size_t{16} << 20;
constexpr std::size_t largest_region = std::size_t{1} << 30;

std::size_t page_size() noexcept {
    return static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

/// What can be calculated with.
std::size_t possible(std::size_t stack_size) {
    if (stack_size > SIZE_MAX / 4) throw std::bad_alloc();
    return stack_size;
}

std::size_t round_up(std::size_t n, std::size_t unit) noexcept {
    return (n + unit - 1) / unit * unit;
}

}  // namespace

stack_pool::stack_pool(std::size_t stack_size)
    : page_(page_size()),
      stack_size_(round_up(std::max(possible(stack_size), 4 * page_), page_)),
      slot_size_(stack_size_ + page_) {}

stack_pool::~stack_pool() {
    for (const region& r : regions_)
        munmap(r.base, r.bytes);
}

void stack_pool::add_region() {
    const std::size_t wanted =
        regions_.empty() ? first_region : std::min(largest_region, 2 * regions_.back().bytes);
    const std::size_t bytes = std::max(wanted / slot_size_, std::size_t{1}) * slot_size_;
    regions_.reserve(regions_.size() + 1);
    void* p =
        mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) throw std::bad_alloc();
    // A huge page would commit two megabytes for the first byte of a stack.
    madvise(p, bytes, MADV_NOHUGEPAGE);
    auto* base = static_cast<std::byte*>(p);
    regions_.push_back({base, bytes});
    free_begin_ = base;
    free_end_ = base + bytes;
    statistics_.reserved += bytes;
}

bool stack_pool::install_guard(std::byte* page) noexcept {
    if (statistics_.guard == stack_guard::guard_region) {
        if (madvise(page, page_, madv_guard_install) == 0) return true;
        if (statistics_.stacks != 0) return false;
        statistics_.guard = stack_guard::protection;  // the first stack finds out what the kernel can do
    }
    return mprotect(page, page_, PROT_NONE) == 0;
}

stack_memory stack_pool::allocate() {
    const std::lock_guard lock(mutex_);
    if (free_begin_ == free_end_) add_region();
    std::byte* const slot = free_begin_;
    if (!install_guard(slot)) throw std::bad_alloc();  // better no stack than one that corrupts its neighbour
    free_begin_ += slot_size_;
    ++statistics_.stacks;
    return {slot + page_, stack_size_};
}

void stack_pool::trim(const stack_memory& stack, const std::byte* used) noexcept {
    const std::size_t in_use = static_cast<std::size_t>(stack.top() - used);
    if (in_use >= stack.size) return;
    const std::size_t keep = std::max(round_up(in_use, page_), keep_on_trim);
    if (stack.size <= keep) return;
    const std::size_t rest = stack.size - keep;
    // Stacks are touched from the top: look from there, a batch of pages at a time, for the common case of
    // "none".
    std::array<unsigned char, 64> resident{};
    const std::size_t batch = std::min(rest, resident.size() * page_);
    if (mincore(stack.base + rest - batch, batch, resident.data()) != 0) return;
    const auto end = resident.begin() + static_cast<std::ptrdiff_t>(batch / page_);
    if (std::none_of(resident.begin(), end, [](unsigned char r) { return (r & 1U) != 0; })) return;
    madvise(stack.base, rest, MADV_DONTNEED);
    const std::lock_guard lock(mutex_);
    ++statistics_.trimmed;
}

std::size_t stack_pool::resident() const {
    std::vector<region> used;
    {
        const std::lock_guard lock(mutex_);
        used = regions_;
        if (!used.empty()) used.back().bytes = static_cast<std::size_t>(free_begin_ - used.back().base);
    }
    constexpr std::size_t pages_at_a_time = std::size_t{1} << 16;
    std::vector<unsigned char> in_memory;
    std::size_t pages = 0;
    for (const region& r : used) {
        for (std::size_t at = 0; at < r.bytes; at += pages_at_a_time * page_) {
            const std::size_t bytes = std::min(r.bytes - at, pages_at_a_time * page_);
            in_memory.assign(bytes / page_, 0);
            if (mincore(r.base + at, bytes, in_memory.data()) != 0) continue;
            pages += static_cast<std::size_t>(std::count_if(in_memory.begin(), in_memory.end(),
                                                            [](unsigned char b) { return (b & 1U) != 0; }));
        }
    }
    return pages * page_;
}

stack_pool_statistics stack_pool::statistics() const noexcept {
    const std::lock_guard lock(mutex_);
    return statistics_;
}

}  // namespace rakka::detail
