// Mixing for hash tables whose keys other nodes choose: with a secret, so that nobody can choose keys that
// collide.
#pragma once

#include <atomic>
#include <cstdint>

namespace rakka::etf::detail {

/// Two numbers drawn from the operating system at the first hash of a run. Hashes therefore differ from run
/// to run; nothing may be stored or sent that depends on them.
struct hash_secret {
    std::uint64_t first;
    std::uint64_t second;

    /// Any thread.
    [[nodiscard]] static hash_secret get() noexcept {
        const std::uint64_t first = first_.load(std::memory_order_acquire);
        if (first == 0) [[unlikely]]
            return draw();
        return {first, second_.load(std::memory_order_relaxed)};
    }

private:
    static hash_secret draw() noexcept;

    static constinit std::atomic<std::uint64_t> first_;  // 0: not drawn yet
    static constinit std::atomic<std::uint64_t> second_;
};

/// The 128-bit product of two numbers, folded to 64 bits: every bit of the result depends on every bit of
/// both.
constexpr std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
    __extension__ using wide = unsigned __int128;
    const wide product = static_cast<wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// A step on the way to a hash of more than two numbers; keyed_hash is the last one.
constexpr std::uint64_t keyed_step(const hash_secret& key, std::uint64_t a, std::uint64_t b) noexcept {
    return fold(a ^ key.first, b ^ key.second);
}

/// The hash of two numbers under a secret. Folded twice: after one product, numbers that follow each other
/// are as regular as the multiples of a number, which one secret in two hundred sends to few buckets.
constexpr std::uint64_t keyed_hash(const hash_secret& key, std::uint64_t a, std::uint64_t b) noexcept {
    return fold(keyed_step(key, a, b) ^ key.second, 0x9e37'79b9'7f4a'7c15u);
}

}  // namespace rakka::etf::detail
