#include "thread_warning.hpp"

#include "engine/current.hpp"
#include "process_record.hpp"
#include "system_core.hpp"
#include "system_log.hpp"

#include <rakka/actors/own_threads.hpp>

#include <fmt/format.h>

namespace rakka::detail {

namespace {

// More of them tell an operator nothing new, and a process may make threads for ever.
constexpr std::uint32_t most_warnings = 20;

}  // namespace

void thread_was_made() noexcept {
    const worker* const w = current_worker();
    if (w == nullptr || w->current() == nullptr || w->own_threads_depth != 0) return;
    const process& p = *current_process_or_null();
    system_core& core = *p.system;
    if (core.warnings_disabled.load(std::memory_order_relaxed)) return;
    if (core.threads_warned_of.load(std::memory_order_relaxed) >= most_warnings) return;
    const std::uint32_t before = core.threads_warned_of.fetch_add(1, std::memory_order_relaxed);
    if (before >= most_warnings) return;
    const own_threads ours;  // the sink may make one: that is not the process's doing
    try {
        const char* const last = before + 1 == most_warnings ? "; there will be no more of these" : "";
        tell(core, {log_level::warning, p.pid(),
                    fmt::format(
                        "process {} has made a thread, which has no self(), no links, and does not end with "
                        "it; use spawn() or blocking(), or system_options::disable_warnings{}",
                        name_of(p), last)});
    } catch (...) {
        return;  // no memory: no warning
    }
}

}  // namespace rakka::detail
