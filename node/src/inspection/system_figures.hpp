// The figures of `erlang:system_info/1`, `erlang:statistics/1` and `erlang:memory/0,1`.
#pragma once

#include <rakka/etf/term.hpp>

#include <cstdint>
#include <mutex>
#include <optional>

namespace rakka::detail {

struct node_core;

/// What the last question of a kind was answered: the next answer says how much came since. One for each
/// node; any thread.
class since_last {
public:
    enum figure : unsigned { wall_clock, runtime, reductions, exact_reductions, figures };

    /// How much more `now` is than the last time; never negative.
    [[nodiscard]] std::uint64_t ask(figure which, std::uint64_t now);

private:
    std::mutex mutex_;
    std::uint64_t last_[figures] = {};  // guarded by mutex_
};

/// Nothing for a key that is not known, which is `badarg`. Any thread.
[[nodiscard]] std::optional<term> system_info_of(node_core& core, term_view key);

/// The same for `erlang:statistics/1`. Owner process: some figures are the sum of what all processes say.
[[nodiscard]] std::optional<term> statistics_figure(node_core& core, since_last& last, term_view key);

/// `erlang:memory()`: `[{total, Bytes}, …]`. Any thread.
[[nodiscard]] term memory_list(node_core& core);
/// Bytes of one kind of memory. Any thread.
[[nodiscard]] std::optional<std::uint64_t> memory_of(node_core& core, term_view kind);

/// `statistics(io)`, `statistics(scheduler_wall_time)`, `statistics(run_queue)`. Any thread.
[[nodiscard]] term io_figures(node_core& core);
[[nodiscard]] term scheduler_wall_time(node_core& core);
[[nodiscard]] std::uint64_t run_queue_length(node_core& core);

/// `erlang:timestamp()`: `{MegaSecs, Secs, MicroSecs}`. Any thread.
[[nodiscard]] term timestamp_now();

/// The release of Erlang/OTP whose protocols this node speaks in full.
inline constexpr int newest_otp_release = 29;

}  // namespace rakka::detail
