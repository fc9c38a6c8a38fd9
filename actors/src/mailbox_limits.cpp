#include "mailbox_limits.hpp"

#include "routing.hpp"
#include "signal_delivery.hpp"
#include "system_core.hpp"
#include "system_log.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <fmt/format.h>

#include <exception>
#include <string_view>

namespace rakka::detail {

namespace {

/// The process of this system that is meant; none when it is an alias or elsewhere, or nobody has the name.
pid here(const system_core& core, const destination& to) noexcept {
    atom name;
    if (const auto* const p = std::get_if<pid>(&to)) {
        const pid local = localised(core, *p);
        return is_here(core, local) ? local : pid();
    }
    if (const auto* const n = std::get_if<atom>(&to)) name = *n;
    if (const auto* const r = std::get_if<registered_name>(&to); r != nullptr && is_here(core, r->node))
        name = r->name;
    const auto holder = core.names.find(name);
    return name && holder.serial != 0 ? pid{{}, holder.slot, holder.serial, core.origin} : pid();
}

void tell_asker(const process& slot, const pid& who, const mailbox_limit& limit, bool too_long) {
    static const atom long_message_queue("long_message_queue");
    if (!limit.tell) return;
    system_core& core = *slot.system;
    term message = tuple(atoms::known<"monitor">, who, long_message_queue, too_long);
    const pid asker = here(core, *limit.tell);
    if (!asker) {
        static_cast<void>(send_notice(core, *limit.tell, std::move(message)));
        return;
    }
    // Not counted: one that is full itself would tell the next, and so on, all on the stack of who has sent.
    process* const target = find_alive(core, asker);
    if (target == nullptr) return;
    signal& s = make_message(core, core.cache(), std::move(message));
    s.kind = signal_kind::notice;
    if (!post(*target, asker.serial, s)) free_signal(core, s);
}

std::string_view what_follows(mailbox_policy policy) noexcept {
    switch (policy) {
        case mailbox_policy::log:
            return "more are let in";
        case mailbox_policy::kill:
            return "it is killed";
        case mailbox_policy::drop:
            return "more are dropped";
    }
    return {};
}

void tell_of_too_many(process& slot, const pid& who, const mailbox_limit& limit) {
    system_core& core = *slot.system;
    const bool kills = limit.policy == mailbox_policy::kill;
    if (kills) {  // first: what follows may find no memory
        control_signal& s = make_control(core, signal_kind::exit2, who);
        set_term(s, atoms::known<"kill">);
        deliver(core, who, s);
    }
    const atom name =
        atom::from_id(static_cast<std::uint32_t>(slot.identity.load(std::memory_order_relaxed)));
    tell(core, {kills ? log_level::error : log_level::warning, who,
                fmt::format("process <0.{}.{}>{}{}{} has all the {} messages waiting that it may have: {}",
                            who.id, who.serial, name ? " (" : "", name ? name.text() : "", name ? ")" : "",
                            limit.messages, what_follows(limit.policy))});
    tell_asker(slot, who, limit, true);
}

void say(process& slot, const mailbox_bound& bound, const mailbox_bound::notice& n) noexcept {
    const auto limit = bound.limit(n.serial);
    if (!limit) return;
    const pid who{{}, slot.slot, n.serial, slot.system->origin};
    try {
        if (n.too_long) {
            tell_of_too_many(slot, who, *limit);
        } else {
            tell_asker(slot, who, *limit, false);
        }
    } catch (const std::exception&) {
        // No memory to say so; the limit holds.
    }
}

void say_all(process& slot, mailbox_bound& bound, std::optional<mailbox_bound::notice> n) noexcept {
    for (; n; n = bound.said(*n))
        say(slot, bound, *n);
}

}  // namespace

bool let_in(process& slot, std::uint32_t serial, signal& s) noexcept {
    using admitted = mailbox_bound::admitted;
    mailbox_bound& bound = *slot.bound.load(std::memory_order_acquire);
    const admitted how = bound.admit(serial);
    if (how == admitted::uncounted) return true;
    const bool counted = how != admitted::refused;
    if (counted) {
        s.marks |= counted_mark;
    } else {
        bound.lost();
    }
    if (how != admitted::counted) say_all(slot, bound, bound.exceeded(serial));
    return counted;
}

bool let_arrive(process& slot, std::uint32_t serial, signal& s) noexcept {
    using admitted = mailbox_bound::admitted;
    mailbox_bound& bound = *slot.bound.load(std::memory_order_acquire);
    const admitted how = bound.admit_arriving(serial);
    if (how == admitted::uncounted) return true;
    if (how != admitted::refused) {
        s.marks |= arriving_mark;
    } else {
        bound.lost();
    }
    if (how != admitted::counted) say_all(slot, bound, bound.exceeded(serial));
    return how != admitted::refused;
}

bool taken_in(process& self, signal& s, bool reply) noexcept {
    mailbox_bound* const bound = self.bound.load(std::memory_order_relaxed);
    if (bound == nullptr) return true;
    if ((s.marks & arriving_mark) != 0) {
        s.marks &= static_cast<std::uint8_t>(~arriving_mark);
        say_all(self, *bound, bound->taken_in(self.serial));
    }
    return reply || let_in(self, self.serial, s);
}

void set_limit(process& self, const std::optional<mailbox_limit>& limit) {
    mailbox_bound* bound = self.bound.load(std::memory_order_relaxed);
    if (!limit) {
        if (bound != nullptr) bound->end();
        return;
    }
    if (bound == nullptr) {
        bound = new mailbox_bound;
        self.bound.store(bound, std::memory_order_release);
    }
    std::uint32_t length = 0;
    for (signal* s = self.messages.first(); s != nullptr; s = s->next, ++length)
        s->marks |= counted_mark;
    bound->begin(self.serial, *limit, length);
}

std::optional<mailbox_limit> limit_of(const process& self) {
    const mailbox_bound* const bound = self.bound.load(std::memory_order_relaxed);
    return bound == nullptr ? std::nullopt : bound->limit(self.serial);
}

void counted_message_received(process& self) noexcept {
    mailbox_bound& mine = *self.bound.load(std::memory_order_relaxed);
    if (const auto n = mine.received(self.serial)) say_all(self, mine, n);
}

}  // namespace rakka::detail

namespace rakka {

std::uint64_t messages_lost() {
    const detail::process& self = detail::current_process();
    const detail::mailbox_bound* const bound = self.bound.load(std::memory_order_relaxed);
    return bound == nullptr || !detail::limit_of(self) ? 0 : bound->messages_lost();
}

std::optional<mailbox_limit> max_mailbox(const std::optional<mailbox_limit>& limit) {
    detail::process& self = detail::current_process();
    self.fetch();
    self.check_exit();
    const auto old = detail::limit_of(self);
    detail::set_limit(self, limit);
    return old;
}

}  // namespace rakka
