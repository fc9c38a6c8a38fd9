#include "wait_timer.hpp"

#include "process_record.hpp"
#include "signal_delivery.hpp"

namespace rakka::detail {

wait_timer::wait_timer(process& owner) noexcept : timer_node(&fire), owner_(owner) {
    signal_.kind = signal_kind::receive_timer;
    signal_.storage = signal_storage::foreign;
    signal_.self = this;
}

wait_timer::~wait_timer() {
    stop();
}

void wait_timer::start(instant deadline) noexcept {
    running_ = true;
    expired_ = false;
    start_timer(owner_.home(), *this, deadline);
}

void wait_timer::stop() noexcept {
    if (running_ && cancel_timer(*this)) running_ = false;
    // Fired, so its signal is in the inbox; the node must not be left there.
    while (running_)
        owner_.fetch();
    expired_ = false;
}

void wait_timer::fire(timer_node& node) noexcept {
    auto& self = static_cast<wait_timer&>(node);
    process& owner = self.owner_;
    static_cast<void>(post(owner, owner.serial, self.signal_));
}

void wait_timer::arrived(signal& s) noexcept {
    wait_timer& self = *static_cast<posted&>(s).self;
    self.running_ = false;
    self.expired_ = true;
}

}  // namespace rakka::detail
