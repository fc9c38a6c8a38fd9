#include "system_log.hpp"

#include "engine/reductions.hpp"

#include <rakka/etf/build.hpp>

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace rakka {
namespace detail {

namespace {

/// What a line of log costs who writes it, about as long as so many messages take.
constexpr std::int32_t reductions_of_an_event = 20;

pid pid_in(const process& p, std::uint64_t identity) noexcept {
    return {{}, p.slot, static_cast<std::uint32_t>(identity >> 32), p.system->origin};
}

std::string name_in(const process& p, std::uint64_t identity) {
    const std::string shown = term(pid_in(p, identity)).to_string();
    const atom name = atom::from_id(static_cast<std::uint32_t>(identity));
    return name ? fmt::format("{} ({})", shown, name.text()) : shown;
}

/// In a simulation the virtual time, so that its log is always the same.
std::chrono::system_clock::time_point time_in(system_core& core) {
    using std::chrono::system_clock;
    if (!core.scheduling().simulated()) return system_clock::now();
    return system_clock::time_point(std::chrono::duration_cast<system_clock::duration>(core.now()));
}

void complete(system_core& core, log_event& e) {
    if (e.time == std::chrono::system_clock::time_point()) e.time = time_in(core);
    process* const self = current_process_or_null();
    if (self == nullptr || self->system != &core) return;
    if (!e.process) e.process = self->pid();
    if (!e.group_leader && e.process == self->pid()) e.group_leader = self->leader;
    charge_reductions(reductions_of_an_event);
}

}  // namespace

std::string name_of(const process& p) {
    const std::uint64_t identity = p.identity.load(std::memory_order_acquire);
    return identity == 0 ? std::string() : name_in(p, identity);
}

void tell(const system_core& core, log_event event) noexcept {
    if (!core.log.wants(event.level)) return;
    try {
        static const atom rakka("rakka");
        event.domain.insert(event.domain.begin(), rakka);
        system_core& mine = core.facade.core();
        complete(mine, event);
        core.log.hand_over(event);
    } catch (...) {
        return;  // no memory to say so
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

bool attach_log(system& s, std::unique_ptr<log_receiver> receiver, log_level least) {
    return s.core().log.attach(std::move(receiver), least);
}

log_receiver* log_receiver_of(system& s) noexcept {
    return s.core().log.receiver();
}

void limit_log(system& s, log_level least) noexcept {
    s.core().log.limit(least);
}

bool has_listener(system& s, log_level level) noexcept {
    return s.core().log.wants(level);
}

bool has_threads(system& s) noexcept {
    return !s.core().scheduling().simulated();
}

system* system_here() noexcept {
    process* const self = current_process_or_null();
    return self == nullptr ? nullptr : &self->system->facade;
}

}  // namespace detail

void tell(system& s, log_event event) noexcept {
    detail::system_core& core = s.core();
    if (!core.log.wants(event.level)) return;
    detail::complete(core, event);
    core.log.hand_over(event);
}

}  // namespace rakka
