#include "call_timer.hpp"

#include "process_record.hpp"
#include "signal_delivery.hpp"
#include "system_core.hpp"

#include <algorithm>
#include <utility>

namespace rakka::detail {

namespace {

constexpr nanoseconds exact_below = std::chrono::seconds(1);
constexpr nanoseconds longest_period = std::chrono::milliseconds(100);

nanoseconds period(nanoseconds limit) noexcept {
    return std::min(limit / 128, longest_period);
}

}  // namespace

call_timer::call_timer(process& owner) noexcept : timer_node(&fire), owner_(owner) {
    signal_.kind = signal_kind::call_timer;
    signal_.storage = signal_storage::foreign;
    signal_.self = this;
}

call_timer::~call_timer() {
    stop();
    disarm();
}

void call_timer::arm(instant at) noexcept {
    armed_ = true;
    look_after_ = nanoseconds{0};
    start_timer(owner_.home(), *this, at);
}

bool call_timer::disarm() noexcept {
    if (!armed_) return false;
    if (cancel_timer(*this)) {
        armed_ = false;
        return false;
    }
    // Fired, so its signal is in the inbox; the node must not be left there.
    while (armed_)
        owner_.fetch();
    return true;
}

bool call_timer::start(nanoseconds limit) noexcept {
    expired_ = false;
    if (limit < exact_below || owner_.home().simulated()) return start_exactly(owner_.system->after(limit));
    const nanoseconds within = period(limit);
    const bool too_late = look_after_.count() == 0 || look_after_ > within;
    const bool looked = armed_ && too_late && disarm();
    limit_ = limit;
    if (!armed_) {
        arm(owner_.system->after(within));
        look_after_ = within;
    }
    return looked;
}

bool call_timer::start_exactly(instant deadline) noexcept {
    const bool looked = armed_ && deadline < timer_node::deadline() && disarm();
    deadline_ = deadline;
    if (!armed_) arm(deadline);
    return looked;
}

void call_timer::stop() noexcept {
    deadline_ = never;
    limit_ = nanoseconds{0};
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
    if (self.limit_.count() > 0) self.deadline_ = self.owner_.system->after(std::exchange(self.limit_, {}));
    if (self.deadline_ == never) return;
    if (self.owner_.system->now() >= self.deadline_) {
        self.expired_ = true;
    } else {
        self.arm(self.deadline_);
    }
}

}  // namespace rakka::detail
