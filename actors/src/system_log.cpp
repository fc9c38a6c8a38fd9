#include "system_log.hpp"

#include <rakka/etf/traits.hpp>

#include <fmt/format.h>

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
    try {
        core.log ? core.log(event) : write_to_stderr(event);
    } catch (...) {
        return;  // nobody to tell
    }
}

}  // namespace detail
}  // namespace rakka
