#include "question.hpp"
#include "routing.hpp"
#include "timer_records.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/timers.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <algorithm>
#include <new>
#include <utility>

namespace rakka {

using namespace detail;

namespace {

std::chrono::milliseconds left_of(const message_timer& t, instant now) {
    return std::chrono::ceil<std::chrono::milliseconds>(std::max(t.deadline() - now, instant(0)));
}

message_timer* own_timer(process& self, const reference& ref) {
    self.fetch();
    return message_timer::find(self, ref);
}

std::optional<std::chrono::milliseconds> ask_owner(process& self, const reference& ref, bool cancel) {
    if (ref.size != reference::max_words || !is_here(*self.system, ref)) return std::nullopt;
    const pid owner{{}, ref.words[3], ref.words[4], self.system->origin};
    if (owner == self.pid()) return std::nullopt;
    control_signal& s = make_control(*self.system, signal_kind::timer_request);
    s.ref.words = {0, 0, ref.words[0], ref.words[1], ref.words[2]};
    s.id = cancel ? 1 : 0;
    if (!ask(self, owner, s)) return std::nullopt;
    return std::chrono::milliseconds(*self.related->question()->value.as<std::int64_t>());
}

reference begin(const message_timer::order& what, term message) {
    const auto [here, self] = where_am_i();
    system_core& core = *self.system;
    worker_cache* const cache = core.cache_of(here);  // null on a thread of the process's own
    timer_cache* const timers = cache == nullptr ? nullptr : &cache->timers;
    message_timer* const t = core.timers.claim(timers);
    if (t == nullptr) error(atoms::known<"system_limit">);
    reference ref;
    try {
        ref = t->begin(self, here, what, std::move(message));
    } catch (const std::bad_alloc&) {
        core.timers.give_back(*t, timers);
        error(atoms::known<"system_limit">);
    }
    self.pay(here);
    return ref;
}

}  // namespace

reference send_after(std::chrono::nanoseconds delay, const destination& to, term message) {
    return begin({delay, to, false}, std::move(message));
}

reference start_timer(std::chrono::nanoseconds delay, const destination& to, term message) {
    return begin({delay, to, true}, std::move(message));
}

std::optional<std::chrono::milliseconds> cancel_timer(const reference& timer) {
    const auto [here, self] = where_am_i();
    std::optional<std::chrono::milliseconds> left;
    if (message_timer* const t = own_timer(self, timer)) {
        // Who cancels soon after he has started knows the time; on that worker it is not before the start.
        left = left_of(*t, here.timers().started(*t) ? here.time().lately() : here.time().now());
        if (!message_timer::cancel(self, system_core::cache_of(here), *t)) {
            left.reset();
            self.fetch();  // it has just fired: its message belongs in the mailbox by now
        }
        self.pay(here);
    } else {
        left = ask_owner(self, timer, true);
        self.pay();
    }
    return left;
}

std::optional<std::chrono::milliseconds> read_timer(const reference& timer) {
    process& self = current_process();
    const message_timer* const t = own_timer(self, timer);
    const auto left =
        t == nullptr ? ask_owner(self, timer, false) : std::optional(left_of(*t, self.system->now()));
    self.pay();
    return left;
}

}  // namespace rakka
