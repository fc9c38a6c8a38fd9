#include "system_log.hpp"

#include <rakka/etf/traits.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdio>

namespace rakka {

std::string_view to_string(log_level level) noexcept {
    switch (level) {
        case log_level::debug:
            return "debug";
        case log_level::info:
            return "info";
        case log_level::warning:
            return "warning";
        case log_level::error:
            return "error";
    }
    return "unknown";
}

namespace detail {

namespace {

pid pid_in(const process& p, std::uint64_t identity) noexcept {
    return {{}, p.slot, static_cast<std::uint32_t>(identity >> 32), p.system->origin};
}

std::string name_in(const process& p, std::uint64_t identity) {
    const std::string shown = term(pid_in(p, identity)).to_string();
    const atom name = atom::from_id(static_cast<std::uint32_t>(identity));
    return name ? fmt::format("{} ({})", shown, name.text()) : shown;
}

void write_to_stderr(const log_event& e) {
    if (e.level < log_level::warning) return;
    const std::string line = fmt::format("[rakka {}] {}\n", to_string(e.level), e.text);
    std::fwrite(line.data(), 1, line.size(), stderr);  // one call: lines of several threads stay whole
}

}  // namespace

std::string name_of(const process& p) {
    const std::uint64_t identity = p.identity.load(std::memory_order_acquire);
    return identity == 0 ? std::string() : name_in(p, identity);
}

void tell(const system_core& core, const log_event& event) noexcept {
    const outside_of_tasks there;  // the sink belongs to no process, wherever things happen
    try {
        core.log ? core.log(event) : write_to_stderr(event);
    } catch (...) {
        return;  // nobody to tell
    }
}

void tell_long_schedule(void* context, const task& who, unsigned worker, nanoseconds held) noexcept {
    const auto& core = *static_cast<const system_core*>(context);
    const auto& p = static_cast<const process&>(who);
    const std::uint64_t identity = p.identity.load(std::memory_order_acquire);
    if (identity == 0) return;  // it has just ended
    try {
        const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(held).count();
        tell(core, {log_level::warning, pid_in(p, identity),
                    fmt::format("process {} has held worker {} for {} ms without giving way",
                                name_in(p, identity), worker, ms)});
    } catch (...) {
        return;
    }
}

}  // namespace detail
}  // namespace rakka
