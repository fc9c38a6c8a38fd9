#include "engine/own_stacks.hpp"

#include <algorithm>
#include <bit>
#include <new>
#include <unistd.h>

namespace rakka::detail {

namespace {

std::size_t in_pages(std::size_t bytes) noexcept {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    return std::max((bytes + page - 1) / page, std::size_t{4}) * page;
}

/// Which power of two times `ordinary` has room for `size`.
std::size_t index_of(std::size_t size, std::size_t ordinary) noexcept {
    if (size <= ordinary) return 0;
    return static_cast<std::size_t>(std::bit_width((size - 1) / ordinary));
}

}  // namespace

own_stacks::own_stacks(std::size_t ordinary, void (*entry)() noexcept) noexcept
    : ordinary_(in_pages(ordinary)), entry_(entry) {}

fiber& own_stacks::take(std::size_t size) {
    if (size > SIZE_MAX / 4) throw std::bad_alloc();
    const std::size_t index = index_of(size, ordinary_);
    if (index >= sizes) throw std::bad_alloc();
    pools* of_this_size = nullptr;
    {
        const std::lock_guard lock(mutex_);
        auto& made = by_size_[index];
        if (!made) made = std::make_unique<pools>(ordinary_ << index, entry_, modes_);
        of_this_size = made.get();
    }
    return *of_this_size->fibers.take(1);
}

void own_stacks::give(fiber& f) noexcept {
    pools* of_this_size = nullptr;
    {
        const std::lock_guard lock(mutex_);
        of_this_size = by_size_[index_of(f.stack().size, ordinary_)].get();
    }
    f.pool_next = nullptr;
    of_this_size->fibers.give(&f);
}

}  // namespace rakka::detail
