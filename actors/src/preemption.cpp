// What a process does about its turns: the public words for it, and what happens after it was made to give
// way.
#include "engine/reductions.hpp"
#include "exit_propagation.hpp"
#include "process_record.hpp"
#include "system_core.hpp"
#include "system_log.hpp"

#include <rakka/actors/reductions.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <new>

namespace rakka {

void consume_reductions(std::int32_t n) {
    if (!detail::may_give_way()) {
        detail::charge_reductions(n);
        return;
    }
    detail::process& self = *detail::current_process_or_null();
    try {
        if (detail::consume_reductions(n)) self.fetch();
    } catch (const std::bad_alloc&) {
        detail::renew_slice();  // no stack for those that would run meanwhile
    }
    self.check_exit();
}

std::int32_t current_reductions() noexcept {
    return detail::reductions_used();
}

void reset_reductions() noexcept {
    detail::renew_slice();
}

std::int32_t set_reduction_limit(std::int32_t limit) {
    static_cast<void>(detail::current_process());
    return detail::limit_reductions(std::clamp(limit, 1, detail::most_reductions));
}

namespace detail {

namespace {

// In virtual time computing takes none, so that it is counted: a hundred slices.
constexpr std::uint64_t simulated_exit_patience = 100 * default_reductions;

}  // namespace

// Whoever has to answer to others must do so while it computes, too. That it has been ended it can only learn
// where something of ours may throw; see docs/decisions/0005-exits-at-calls.md.
void process::was_preempted() noexcept {
    if (final) return;
    fetch();
    if (!doomed || exit_deferrals != 0) return;
    const instant now = system->now();
    auto& first = relate().occasionally().unthrown;
    if (!first) first = unthrown_exit{now, reductions()};
    const unthrown_exit& noticed = *first;
    const nanoseconds waited = now - noticed.at;
    const bool patient = system->scheduling().simulated()
                             ? reductions() - noticed.reductions < simulated_exit_patience
                             : waited < system->exit_patience || waited.count() == 0;
    if (patient) return;
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(waited).count();
    tell(*system,
         {log_level::error, pid(),
          fmt::format(
              "process {} was ended where it stands, {} ms after an exit signal with reason {}: it has "
              "come to no function that could throw the exit, so that no destructor has run",
              name_of(*this), ms, reason.to_string())});
    end_here(*this, reason);
}

}  // namespace detail
}  // namespace rakka
