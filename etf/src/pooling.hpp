// Whether freed memory is kept for reuse: not under the sanitizers, so that they see every use of a freed
// block.
#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RAKKA_POOLS_BLOCKS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define RAKKA_POOLS_BLOCKS 0
#endif
#endif
#ifndef RAKKA_POOLS_BLOCKS
#define RAKKA_POOLS_BLOCKS 1
#endif

namespace rakka::etf::detail {

inline constexpr bool pools_blocks = RAKKA_POOLS_BLOCKS != 0;

}  // namespace rakka::etf::detail

#undef RAKKA_POOLS_BLOCKS
