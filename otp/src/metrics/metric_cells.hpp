// The numbers behind a metric: a block of words for each thread, which it alone writes.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace rakka::detail {

/// So many threads at a time have a place of their own; the others share one, where additions are atomic.
inline constexpr unsigned own_thread_places = 64;

/// Words that count, spread over threads; all 0 at first. Any thread.
class thread_blocks {
public:
    using word = std::atomic<std::uint64_t>;

    explicit thread_blocks(std::size_t words);
    ~thread_blocks();
    thread_blocks(const thread_blocks&) = delete;
    thread_blocks& operator=(const thread_blocks&) = delete;

    /// The calling thread's block, which no other thread writes; null when it has none: see shared(). Not to
    /// be kept over anything that may block, which may go on on another thread.
    [[nodiscard]] word* own() noexcept;
    /// Written by several threads: atomic additions only.
    [[nodiscard]] word* shared() noexcept { return shared_.front().words.data(); }
    /// Whether anything was ever recorded.
    [[nodiscard]] bool touched() const noexcept { return touched_.load(std::memory_order_acquire); }

    /// f(words) for each block there is.
    template <class F>
    void each(F&& f) const {
        for (const auto& b : own_)
            if (const line* const lines = b.load(std::memory_order_acquire)) f(lines->words.data());
        f(shared_.front().words.data());
    }

private:
    static constexpr std::size_t words_in_line = 8;
    /// One for the words of a counter: threads do not take cache lines from each other.
    struct alignas(64) line {
        std::array<word, words_in_line> words{};
    };

    [[nodiscard]] word* make_own(unsigned place) noexcept;

    const std::size_t lines_;
    std::array<std::atomic<line*>, own_thread_places> own_{};
    std::vector<line> shared_;
    std::atomic<bool> touched_{false};
};

class counter_cells {
public:
    void add(std::uint64_t n) noexcept;
    [[nodiscard]] std::uint64_t sum() const noexcept;

private:
    thread_blocks blocks_{1};
};

/// `base + what the threads have added`.
class gauge_cells {
public:
    void set(double value) noexcept;
    void add(double n) noexcept;
    [[nodiscard]] double value() const noexcept;

private:
    [[nodiscard]] double added() const noexcept;
    thread_blocks blocks_{1};
    std::atomic<double> base_{0};
};

/// Word 0 is the sum, as a double's bits; then a count for each bucket.
class histogram_cells {
public:
    explicit histogram_cells(std::vector<double> bounds);
    void observe(double value) noexcept;
    [[nodiscard]] std::span<const double> bounds() const noexcept { return bounds_; }
    [[nodiscard]] std::vector<std::uint64_t> counts() const;
    [[nodiscard]] double sum() const noexcept;

private:
    const std::vector<double> bounds_;
    thread_blocks blocks_;
};

}  // namespace rakka::detail
