#include "timer_records.hpp"

#include "process_record.hpp"
#include "routing.hpp"
#include "signal_delivery.hpp"
#include "system_core.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <memory>
#include <tuple>

namespace rakka::detail {

namespace {

// A reference has room for a process's counter of 56 bits in its second and third word, which is enough for a
// century, and for the 26 bits of a timer's place: 8 above the counter, and 18 in the first word, which may
// have no more outside.
constexpr unsigned low_bits = 18;
constexpr unsigned counter_bits = 56;
static_assert(low_bits + 64 - counter_bits == timer_pool::place_bits);

constexpr std::uint64_t number_of(std::uint32_t place, std::uint64_t count) noexcept {
    return std::uint64_t{place >> low_bits} << counter_bits | count;
}

constexpr reference name_of(std::uint32_t origin, std::uint32_t slot, std::uint32_t serial,
                            std::uint32_t place, std::uint64_t number) noexcept {
    return {{},
            origin,
            reference::max_words,
            {place & ((1U << low_bits) - 1), static_cast<std::uint32_t>(number),
             static_cast<std::uint32_t>(number >> 32), slot, serial}};
}

constexpr std::uint32_t place_in(const reference& ref) noexcept {
    return ref.words[2] >> (counter_bits - 32) << low_bits | ref.words[0];
}

std::uint64_t key_of(const process& p) noexcept {
    return std::uint64_t{p.slot} << 32 | p.serial;
}

}  // namespace

message_timer::message_timer(system_core& c, std::uint32_t place) noexcept
    : listed_timer(&fire),
      signal_with_term{
          {nullptr, 0, signal_kind::message_timer, signal_storage::foreign, 0, etf::detail::no_word},
          nullptr},
      place_(place & ((1U << timer_pool::place_bits) - 1)),
      core_(c) {}

reference message_timer::begin(process& self, worker& here, const order& what, term message) {
    relations& mine = self.relate();
    aim(self, what.to);
    in_timeout_ = what.in_timeout;
    used_ = true;
    slot_ = self.slot;
    serial = self.serial;
    std::tie(value, owner) = message.release();
    number_ = number_of(place_, ++self.references);
    self.messages.mark(number_);
    key.store(key_of(self), std::memory_order_relaxed);
    previous = nullptr;
    following = mine.timers;
    if (following != nullptr) following->previous = this;
    mine.timers = this;
    const instant now = here.time().now();
    const instant deadline = system_core::after(what.delay, now);
    if (here.is_shared()) [[likely]] {
        here.timers().start(*this, deadline, now);
    } else {
        start_timer(core_.scheduling(), *this, deadline);
    }
    return name_of(core_.origin, self.slot, self.serial, place_, number_);
}

void message_timer::aim(const process& self, const destination& to) {
    const auto* const p = std::get_if<pid>(&to);
    if (p == nullptr) {
        aim_elsewhere(to);
    } else if (is_here(core_, *p)) [[likely]] {
        aim_at(self, *p);
    } else if (const pid target = localised(core_, *p); is_here(core_, target)) {
        aim_at(self, target);
    } else {
        aim_elsewhere(to);
    }
}

void message_timer::aim_at(const process& self, const pid& whom) noexcept {
    for_elsewhere_ = false;
    for_owner_ = whom.id == self.slot && whom.serial == self.serial;
    to_.local = {whom.id, whom.serial};
}

void message_timer::aim_elsewhere(const destination& to) {
    to_.elsewhere = new destination(to);
    for_elsewhere_ = true;
    for_owner_ = false;
}

message_timer* message_timer::find(const process& self, const reference& ref) noexcept {
    if (ref.size != reference::max_words || !is_here(*self.system, ref)) return nullptr;
    if (ref.words[3] != self.slot || ref.words[4] != self.serial) return nullptr;
    message_timer* const t = self.system->timers.find(place_in(ref));
    if (t == nullptr || t->key.load(std::memory_order_relaxed) != key_of(self)) return nullptr;
    return t->number_ == (std::uint64_t{ref.words[2]} << 32 | ref.words[1]) ? t : nullptr;
}

reference message_timer::ref() const noexcept {
    return name_of(core_.origin, slot_, serial, place_, number_);
}

term message_timer::take_message() noexcept {
    term m = take_term(*this);
    if (!in_timeout_) return m;
    return tuple(atoms::known<"timeout">, ref(), std::move(m));
}

void message_timer::send_to_other() noexcept {
    if (for_elsewhere_) {
        static_cast<void>(send_notice(core_, *to_.elsewhere, take_message()));
    } else {
        send_notice_here(core_, core_.cache(), {{}, to_.local.slot, to_.local.serial, core_.origin},
                         take_message());
    }
}

void message_timer::fire(timer_node& n) noexcept {
    auto& t = static_cast<message_timer&>(n);
    if (!t.for_owner_) t.send_to_other();
    process* const slot = t.core_.table.find(t.slot_);
    if (!post(*slot, t.serial, t)) t.give_back(t.core_.cache());
}

void message_timer::came_back(process& self, signal& s) noexcept {
    auto& t = static_cast<message_timer&>(s);
    t.leave_list(self);
    if (t.for_owner_) self.queue_message(t.take_message());
    t.give_back(t.core_.cache());
}

void message_timer::discard(signal& s) noexcept {
    auto& t = static_cast<message_timer&>(s);
    t.give_back(t.core_.cache());
}

bool message_timer::cancel(process& self, worker_cache* cache, message_timer& t) noexcept {
    if (!cancel_timer(t)) return false;
    t.leave_list(self);
    t.give_back(cache);
    return true;
}

void message_timer::abandon_all(process& self) noexcept {
    if (!self.related) return;
    worker_cache* const cache = self.system->cache();
    message_timer* t = std::exchange(self.related->timers, nullptr);
    while (t != nullptr) {
        message_timer& left = *t;
        t = t->following;
        // Whoever has this slot and serial one day has nothing to do with it.
        left.key.store(0, std::memory_order_relaxed);
        if (left.for_owner_ && cancel_timer(left)) left.give_back(cache);
    }
}

void message_timer::end() noexcept {
    if (!used_) return;
    static_cast<void>(cancel_timer(*this));
    clear();
}

void message_timer::leave_list(process& self) noexcept {
    (previous == nullptr ? self.related->timers : previous->following) = following;
    if (following != nullptr) following->previous = previous;
}

void message_timer::clear() noexcept {
    static_cast<void>(take_term(*this));
    if (for_elsewhere_) delete to_.elsewhere;
    for_elsewhere_ = false;
    used_ = false;
    key.store(0, std::memory_order_relaxed);
}

void message_timer::give_back(worker_cache* cache) noexcept {
    clear();
    core_.timers.give_back(*this, cache == nullptr ? nullptr : &cache->timers);
}

}  // namespace rakka::detail
