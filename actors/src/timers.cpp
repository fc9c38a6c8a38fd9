#include "question.hpp"
#include "routing.hpp"
#include "timer_records.hpp"

#include <rakka/actors/timers.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <algorithm>
#include <memory>

namespace rakka {

using namespace detail;

namespace {

std::chrono::milliseconds left_of(const process& self, const message_timer& t) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(t.deadline() - self.system->now());
    return std::max(left, std::chrono::milliseconds(0));
}

message_timer* own_timer(process& self, const reference& ref) {
    self.fetch();
    message_timer** const found = self.related ? self.related->timers.find(ref) : nullptr;
    return found == nullptr ? nullptr : *found;
}

std::optional<std::chrono::milliseconds> ask_owner(process& self, const reference& ref, bool cancel) {
    if (ref.size != reference::max_words || !is_here(*self.system, ref)) return std::nullopt;
    const pid owner{{}, ref.words[3], ref.words[4], self.system->origin};
    if (owner == self.pid()) return std::nullopt;
    control_signal& s = make_control(*self.system, signal_kind::timer_request);
    s.ref.words = {0, 0, ref.words[0], ref.words[1], ref.words[2]};
    s.id = cancel ? 1 : 0;
    if (!ask(self, owner, s)) return std::nullopt;
    return std::chrono::milliseconds(*self.related->question->value.as<std::int64_t>());
}

destination to_this_system(process& self, const destination& to) {
    if (const auto* const p = std::get_if<pid>(&to)) return localised(*self.system, *p);
    return to;
}

reference begin(process& self, const reference& ref, std::chrono::nanoseconds delay, const destination& to,
                term message) {
    auto t = std::make_unique<message_timer>(*self.system, self.pid(), ref, to_this_system(self, to),
                                             std::move(message));
    message_timer::begin(self, *t.release(), delay);
    return ref;
}

}  // namespace

reference send_after(std::chrono::nanoseconds delay, const destination& to, term message) {
    process& self = current_process();
    self.pay();
    return begin(self, self.make_own_reference(), delay, to, std::move(message));
}

reference start_timer(std::chrono::nanoseconds delay, const destination& to, term message) {
    process& self = current_process();
    self.pay();
    const reference ref = self.make_own_reference();
    return begin(self, ref, delay, to, tuple(atoms::known<"timeout">, ref, std::move(message)));
}

std::optional<std::chrono::milliseconds> cancel_timer(const reference& timer) {
    process& self = current_process();
    self.pay();
    message_timer* const t = own_timer(self, timer);
    if (t == nullptr) return ask_owner(self, timer, true);
    const auto left = left_of(self, *t);
    if (message_timer::cancel(self, *t)) return left;
    self.fetch();  // it has just fired: its message belongs in the mailbox by now
    return std::nullopt;
}

std::optional<std::chrono::milliseconds> read_timer(const reference& timer) {
    process& self = current_process();
    self.pay();
    const message_timer* const t = own_timer(self, timer);
    if (t == nullptr) return ask_owner(self, timer, false);
    return left_of(self, *t);
}

}  // namespace rakka
