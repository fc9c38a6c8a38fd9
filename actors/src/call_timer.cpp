#include "call_timer.hpp"

#include "process_record.hpp"
#include "signal_delivery.hpp"

namespace rakka::detail {

call_timer::call_timer(process& owner) noexcept : timer_node(&fire), owner_(owner) {
    signal_.kind = signal_kind::call_timer;
    signal_.storage = signal_storage::foreign;
    signal_.self = this;
}

call_timer::~call_timer() {
    disarm();
}

void call_timer::arm(instant deadline) noexcept {
    armed_ = true;
    start_timer(owner_.home(), *this, deadline);
}

void call_timer::disarm() noexcept {
    deadline_ = never;
    if (armed_ && cancel_timer(*this)) armed_ = false;
    // Fired, so its signal is in the inbox; the node must not be left there.
    while (armed_)
        owner_.fetch();
}

void call_timer::start(instant deadline) noexcept {
    if (armed_ && deadline < timer_node::deadline()) disarm();
    expired_ = false;
    deadline_ = deadline;
    if (!armed_) arm(deadline);
}

void call_timer::stop() noexcept {
    deadline_ = never;
    if (owner_.home().simulated()) disarm();
}

void call_timer::fire(timer_node& node) noexcept {
    auto& self = static_cast<call_timer&>(node);
    process& owner = self.owner_;
    static_cast<void>(post(owner, owner.serial, self.signal_));
}

void call_timer::arrived(signal& s) noexcept {
    call_timer& self = *static_cast<posted&>(s).self;
    self.armed_ = false;
    if (self.deadline_ == never) return;
    if (self.owner_.system->now() >= self.deadline_) {
        self.expired_ = true;
    } else {
        self.arm(self.deadline_);
    }
}

}  // namespace rakka::detail
