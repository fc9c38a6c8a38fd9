#include "engine/blocking_pool.hpp"
#include "engine/reductions.hpp"
#include "question.hpp"
#include "routing.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <algorithm>
#include <utility>

namespace rakka {

using namespace detail;

pid self() {
    return current_process().pid();
}

bool in_process() noexcept {
    return current_process_or_null() != nullptr;
}

system& this_system() {
    return current_process().system->facade;
}

bool trap_exit(bool on) {
    process& self = current_process();
    // Signals that are here already were sent to a process with the old setting.
    self.fetch();
    self.check_exit();
    const bool old = self.traps_exit;
    self.traps_exit = on;
    return old;
}

bool trap_exit() {
    return current_process().traps_exit;
}

void exit(const pid& p, term reason) {
    process& self = current_process();
    system_core& core = *self.system;
    const pid to = localised(core, p);
    if (is_here(core, to)) {
        control_signal& s = make_control(core, signal_kind::exit2, self.pid());
        set_term(s, std::move(reason));
        deliver(core, to, s);
        if (to == self.pid()) {
            self.fetch();
            self.check_exit();
        }
    } else if (remote_router* const router = core.router.load(std::memory_order_acquire)) {
        if (!is_dead_incarnation(core, to)) obey(self, router->exit2(self.pid(), to, std::move(reason)));
    }
    self.pay();
}

pid group_leader() {
    return current_process().leader;
}

void group_leader(const pid& leader, const pid& member) {
    process& self = current_process();
    system_core& core = *self.system;
    const pid to = localised(core, member);
    if (to == self.pid()) {
        self.leader = localised(core, leader);
    } else if (is_here(core, to)) {
        deliver(core, to, make_control(core, signal_kind::group_leader, localised(core, leader)));
    } else if (remote_router* const router = core.router.load(std::memory_order_acquire)) {
        obey(self, router->group_leader(self.pid(), leader, to));
    }
    self.pay();
}

bool is_alive(const pid& p) {
    process& self = current_process();
    system_core& core = *self.system;
    const pid to = localised(core, p);
    if (!is_here(core, to)) {
        if (is_dead_incarnation(core, to)) return false;
        error(atoms::known<"badarg">);
    }
    self.pay();
    const process* const target = find_alive(core, to);
    if (target == nullptr) return false;
    if (to == self.pid()) return true;
    // Asleep means that it has seen everything sent to it so far; if it is still the same process, that is.
    if (target->inbox.is_asleep() && !core.transit && find_alive(core, to) != nullptr) return true;
    return ask(self, to, make_control(core, signal_kind::info_request));
}

std::optional<process_information> process_info(const pid& p) {
    process& self = current_process();
    const auto to = whom_to_ask(self, p);
    if (!to) return std::nullopt;
    if (*to == self.pid()) return self.describe();
    control_signal& question = make_control(*self.system, signal_kind::info_request);
    question.id = info_question::information;
    if (!ask(self, *to, question)) return std::nullopt;
    return std::move(*self.related->question()->information);
}

std::vector<pid> processes() {
    current_process().pay();
    return this_system().processes();
}

reference make_reference() {
    return current_process().make_own_reference();
}

void yield() {
    process& self = current_process();
    yield_current();
    self.fetch();
    self.check_exit();
}

namespace {

// More is not worth more: the slice is over long before, and sums must not overflow.
constexpr std::int32_t most_bumped = 1 << 24;

}  // namespace

void bump_reductions(std::int32_t n) {
    if (n < 0) error(atoms::known<"badarg">);
    current_process().pay(std::min(n, most_bumped));
}

void hibernate() {
    process& self = current_process();
    self.fetch();
    self.check_exit();
    while (self.messages.empty()) {
        self.give_back_memory();
        self.check_exit();  // the timer of an earlier call that went with it may have taken in signals
        if (!self.messages.empty()) break;
        self.waiting = true;
        self.sleep();
        self.fetch();
        self.waiting = false;
        self.check_exit();
    }
}

defer_exit::defer_exit() {
    ++current_process().exit_deferrals;
}

defer_exit::~defer_exit() {
    --current_process().exit_deferrals;
}

namespace {

auto find_key(dictionary_entries& all, term_view key) {
    return std::find_if(all.begin(), all.end(), [&](const auto& entry) { return entry.first == key; });
}

/// Nothing when there is none.
term find_entry(const process& p, term_view key) {
    dictionary_entries* const all = p.related ? p.related->dictionary() : nullptr;
    if (all == nullptr) return {};
    const auto at = find_key(*all, key);
    return at == all->end() ? term() : at->second;
}

}  // namespace

message_handler* detail::own_handler() {
    return current_process().handler.get();
}

term put(term key, term value) {
    dictionary_entries& all = current_process().relate().occasionally().dictionary;
    const auto at = find_key(all, key);
    if (at != all.end()) return std::exchange(at->second, std::move(value));
    all.emplace_back(std::move(key), std::move(value));
    return {};
}

term get(term_view key) {
    return find_entry(current_process(), key);
}

namespace {

// As proc_lib does it.
atom label_key() {
    static const atom key("$process_label");
    return key;
}

}  // namespace

term detail::label_of(const process& p) {
    const term key = label_key();
    return find_entry(p, key);
}

void set_label(term label) {
    if (label.has_value()) {
        put(label_key(), std::move(label));
    } else {
        const term key = label_key();
        erase(key);
    }
}

term label() {
    return label_of(current_process());
}

process_priority set_priority(process_priority level) {
    process& self = current_process();
    const auto old = static_cast<process_priority>(self.scheduling_priority());
    self.set_scheduling_priority(static_cast<task_priority>(level));
    self.pay();
    return old;
}

term erase(term_view key) {
    process& self = current_process();
    dictionary_entries* const all = self.related ? self.related->dictionary() : nullptr;
    if (all == nullptr) return {};
    const auto at = find_key(*all, key);
    if (at == all->end()) return {};
    term old = std::move(at->second);
    all->erase(at);
    return old;
}

}  // namespace rakka
