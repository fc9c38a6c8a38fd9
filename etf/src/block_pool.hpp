// Memory for the arenas of small messages: free blocks kept by each thread, traded in batches between them.
#pragma once

#include <cstddef>

namespace rakka::etf::detail {

/// Blocks are multiples of this size up to `largest_pooled_block`; larger ones come from malloc directly.
inline constexpr std::size_t block_step = 64;
inline constexpr std::size_t largest_pooled_block = 1024;

/// What allocate_block(bytes) really gives.
constexpr std::size_t block_size(std::size_t bytes) noexcept {
    return bytes > largest_pooled_block ? bytes : (bytes + block_step - 1) / block_step * block_step;
}

/// A block of block_size(bytes) bytes, aligned as by malloc. Any thread. Throws std::bad_alloc.
///
/// A message is mostly made on one thread and freed on another, which malloc pays for with a lock and a cold
/// cache line each time. Here the block goes to the freeing thread's list, and whole batches of a list change
/// hands: one lock for `batch` blocks. What is kept for later is bounded: a few batches a thread and size,
/// and some tens of megabytes on the way between threads. Under the sanitizers it is malloc, so that they see
/// every use of a freed block.
[[nodiscard]] void* allocate_block(std::size_t bytes);

/// Gives a block back. `bytes` as it was asked for, or block_size of it. Any thread.
void free_block(void* block, std::size_t bytes) noexcept;

}  // namespace rakka::etf::detail
