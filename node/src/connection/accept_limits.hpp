// How fast new sockets are let in: so many a second from one address, and in all.
#pragma once

#include <rakka/node/options.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace rakka::detail {

/// A bucket of tokens: full at first, each thing that happens takes one, and time puts them back.
class token_bucket {
public:
    using clock = std::chrono::steady_clock;

    token_bucket(const rate_limit& r, clock::time_point now) noexcept;

    /// False, and nothing taken, when it is empty. `now` never goes back.
    [[nodiscard]] bool take(clock::time_point now) noexcept;
    /// Puts back what was taken last.
    void give_back() noexcept;
    [[nodiscard]] bool full(clock::time_point now) const noexcept { return level(now) == most_; }

private:
    [[nodiscard]] std::uint64_t level(clock::time_point now) const noexcept;

    // A token is so many units; a nanosecond brings `per_second_` of them: nothing is lost in rounding.
    static constexpr std::uint64_t unit = 1'000'000'000;
    std::uint64_t per_second_;
    std::uint64_t most_;
    std::uint64_t level_;
    clock::time_point filled_;
};

/// I/O thread.
class accept_limits {
public:
    using clock = token_bucket::clock;
    /// Addresses that are told apart; when there are more, new ones have one bucket together.
    static constexpr std::size_t max_addresses = 4096;
    enum class verdict : std::uint8_t { let_in, too_many_from_there, too_many };

    accept_limits(const rate_limit& per_address, const rate_limit& in_all,
                  clock::time_point now = clock::now())
        : per_address_(per_address), in_all_(in_all), all_(in_all, now), others_(per_address, now) {}

    /// Whether one more from `address` ("127.0.0.1:4369", "[::1]:4369") is let in.
    [[nodiscard]] verdict take(std::string_view address, clock::time_point now = clock::now());

    [[nodiscard]] std::size_t addresses() const noexcept { return buckets_.size(); }

private:
    [[nodiscard]] token_bucket& bucket_of(const std::string& host, clock::time_point now);

    const rate_limit per_address_;
    const rate_limit in_all_;
    token_bucket all_;
    token_bucket others_;  // of addresses beyond max_addresses
    std::unordered_map<std::string, token_bucket> buckets_;
    clock::time_point swept_{};
};

/// What is one address to a limit: the host without its port; of IPv6 the first 64 bits, as whoever has one
/// such address has all of them.
[[nodiscard]] std::string limited_host(std::string_view address);

}  // namespace rakka::detail
