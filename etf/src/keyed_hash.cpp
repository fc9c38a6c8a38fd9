#include <rakka/etf/keyed_hash.hpp>
#include <rakka/etf/replay.hpp>

#include <mutex>
#include <random>

namespace rakka::etf::detail {

constinit std::atomic<std::uint64_t> hash_secret::first_{0};
constinit std::atomic<std::uint64_t> hash_secret::second_{0};

namespace {

constinit std::atomic<bool> hashes_fixed{false};

/// Never 0, and with bits of both halves set: a factor that folds well.
std::uint64_t draw_number(std::random_device& source) {
    const std::uint64_t high = source();
    return (high << 32 | source()) | 0x8000'0000'0000'0001u;
}

}  // namespace

hash_secret hash_secret::draw() noexcept {
    static constinit std::mutex once;
    const std::lock_guard lock(once);
    if (first_.load(std::memory_order_relaxed) == 0 && hashes_fixed.load()) {
        second_.store(0x9e37'79b9'7f4a'7c15u, std::memory_order_relaxed);
        first_.store(0xbf58'476d'1ce4'e5b9u, std::memory_order_release);
    } else if (first_.load(std::memory_order_relaxed) == 0) {
        std::random_device source;
        second_.store(draw_number(source), std::memory_order_relaxed);
        first_.store(draw_number(source), std::memory_order_release);
    }
    return {first_.load(std::memory_order_relaxed), second_.load(std::memory_order_relaxed)};
}

}  // namespace rakka::etf::detail

void rakka::etf::replay::fix_hashes() noexcept {
    detail::hashes_fixed.store(true);
}
