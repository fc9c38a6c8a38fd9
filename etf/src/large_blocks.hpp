// Memory for large buffers: some that were freed are kept, with their pages.
#pragma once

#include <cstddef>

namespace rakka::etf::detail {

/// Blocks of more than this are kept by allocate_large, up to the other. What lies outside is malloc's or the
/// system's.
inline constexpr std::size_t smallest_kept_block = std::size_t{16} << 10;
inline constexpr std::size_t largest_kept_block = std::size_t{2} << 20;
/// Bytes of free blocks at most that the program keeps. Beyond, the size that takes up the most gives way.
inline constexpr std::size_t kept_large_bytes = std::size_t{16} << 20;

/// A block of at least `bytes` bytes, aligned as by malloc. Any thread. Throws std::bad_alloc.
///
/// malloc gives blocks of such sizes back to the system when they are freed, so that each page of the next
/// one faults and is cleared: for what a connection receives that costs more than all the rest. Under the
/// sanitizers it is malloc.
[[nodiscard]] void* allocate_large(std::size_t bytes);

/// `block`, which allocate_large gave, with at least `bytes` bytes, the `was` among them that it was last asked
/// for with; elsewhere, perhaps, but what is large is moved by the system, not copied. `bytes` >= `was`. Any
/// thread. Throws std::bad_alloc; `block` is then as before.
[[nodiscard]] void* enlarge_large(void* block, std::size_t was, std::size_t bytes);

/// Gives a block back; `bytes` as it was asked for last. Any thread.
void free_large(void* block, std::size_t bytes) noexcept;

/// Bytes of the free blocks that are kept. Any thread.
[[nodiscard]] std::size_t large_bytes_kept() noexcept;

}  // namespace rakka::etf::detail
