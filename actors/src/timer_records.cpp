#include "timer_records.hpp"

#include "signal_delivery.hpp"
#include "system_core.hpp"

#include <mutex>

namespace rakka::detail {

message_timer::message_timer(system_core& c, const pid& who, const reference& r, const destination& d, term m)
    : timer_node(&fire),
      core(c),
      owner(who),
      ref(r),
      to(d),
      message(std::move(m)),
      for_owner(std::holds_alternative<pid>(d) && std::get<pid>(d) == who) {
    node.kind = signal_kind::message_timer;
    node.storage = signal_storage::foreign;
    node.value = etf::detail::no_word;
    node.self = this;
}

void message_timer::begin(process& self, message_timer& t, nanoseconds delay) {
    self.relate().timers.put(t.ref, &t);
    if (!t.for_owner) t.enlist();
    start_timer(t.core.scheduling(), t, t.core.after(delay));
}

void message_timer::fire(timer_node& n) noexcept {
    auto& t = static_cast<message_timer&>(n);
    if (!t.for_owner) t.core.facade.send(t.to, std::move(t.message));
    process* const slot = t.core.table.find(t.owner.id);
    if (!post(*slot, t.owner.serial, t.node)) t.destroy();
}

void message_timer::came_back(process& self, signal& s) noexcept {
    message_timer& t = *static_cast<posted&>(s).self;
    self.related->timers.erase(t.ref);
    if (t.for_owner) self.queue_message(std::move(t.message));
    t.destroy();
}

void message_timer::discard(system_core&, signal& s) noexcept {
    static_cast<posted&>(s).self->destroy();
}

bool message_timer::cancel(process& self, message_timer& t) noexcept {
    if (!cancel_timer(t)) return false;
    self.related->timers.erase(t.ref);
    t.destroy();
    return true;
}

void message_timer::abandon_all(process& self) noexcept {
    if (!self.related) return;
    auto& timers = self.related->timers;
    for (const auto& entry : timers.entries()) {
        message_timer& t = *entry.value;
        if (t.for_owner && cancel_timer(t)) t.destroy();
    }
    timers.clear();
}

void message_timer::enlist() noexcept {
    const std::lock_guard lock(core.orphans_mutex);
    following_ = core.orphans;
    if (following_ != nullptr) following_->previous_ = this;
    core.orphans = this;
}

void message_timer::destroy() noexcept {
    if (!for_owner) {
        const std::lock_guard lock(core.orphans_mutex);
        (previous_ == nullptr ? core.orphans : previous_->following_) = following_;
        if (following_ != nullptr) following_->previous_ = previous_;
    }
    delete this;
}

void message_timer::free_orphans(system_core& core) noexcept {
    while (core.orphans != nullptr) {
        static_cast<void>(cancel_timer(*core.orphans));
        core.orphans->destroy();
    }
}

}  // namespace rakka::detail
