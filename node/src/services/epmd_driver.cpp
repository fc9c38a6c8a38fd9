#include "services/epmd_driver.hpp"

#include <utility>

namespace rakka::detail {

using epmd::action_kind;
using transport::io_outcome;

namespace {

epmd::event to_event(const io_outcome& o) {
    return transport::to_event<epmd::event, epmd::received, epmd::written, epmd::closed>(o);
}

}  // namespace

epmd_driver::epmd_driver(transport::io_loop& io, std::string host, std::uint16_t port,
                         std::chrono::nanoseconds timeout, machine resume, observer on_action)
    : io_(io),
      host_(std::move(host)),
      port_(port),
      timeout_(timeout),
      resume_(std::move(resume)),
      on_action_(std::move(on_action)),
      deadline_(io),
      delay_(io) {}

void epmd_driver::start() {
    drive(epmd::started{});
}

void epmd_driver::stop() noexcept {
    over_ = true;
    deadline_.cancel();
    delay_.cancel();
    hang_up();
}

void epmd_driver::hang_up() noexcept {
    if (dial_) dial_->cancel();
    dial_ = nullptr;
    close();
}

void epmd_driver::arm_deadline() {
    if (std::exchange(deadline_armed_, true)) return;
    deadline_.start(timeout_, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self) return;
        self->deadline_armed_ = false;
        self->drive(epmd::timed_out{});
    });
}

void epmd_driver::drive(epmd::event next) {
    const auto keep = shared_from_this();
    while (!over_) {
        epmd::action a = resume_(next);
        if (a.news != epmd::news::nothing || a.kind == action_kind::wait) {
            deadline_.cancel();
            deadline_armed_ = false;
        }
        if (a.kind == action_kind::done || a.kind == action_kind::fail) stop();
        if (a.kind == action_kind::done || a.kind == action_kind::fail || a.news != epmd::news::nothing)
            on_action_(a);
        if (over_) return;
        switch (a.kind) {
            case action_kind::connect:
                return connect();
            case action_kind::read:
                return read(keep);
            case action_kind::wait:
                hang_up();
                return delay_.start(epmd::retry_delay, [weak = weak_from_this()] {
                    if (const auto self = weak.lock()) self->drive(epmd::delay_over{});
                });
            case action_kind::write: {
                const auto outcome = write(std::move(a.data), keep);
                if (!outcome) return;
                next = to_event(*outcome);
                break;
            }
            default:
                return;
        }
    }
}

void epmd_driver::connect() {
    arm_deadline();
    dial_ = transport::tcp_dial::start(
        io_, host_, port_, timeout_, [weak = weak_from_this()](result<std::unique_ptr<transport::stream>> s) {
            const auto self = weak.lock();
            if (!self || self->over_) return;
            self->dial_ = nullptr;
            if (!s) return self->drive(epmd::connect_failed{s.error().message()});
            self->open(std::move(*s));
            self->drive(epmd::connected{});
        });
}

void epmd_driver::on_outcome(const io_outcome& o) {
    drive(to_event(o));
}

}  // namespace rakka::detail
