#include "services/epmd_driver.hpp"

#include <sys/uio.h>
#include <utility>

namespace rakka::detail {

using epmd::action_kind;

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
    close();
}

void epmd_driver::close() noexcept {
    if (dial_) dial_->cancel();
    dial_ = nullptr;
    if (stream_) stream_->close_both();
    stream_ = nullptr;
    waiting_to_write_ = false;
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
                return stream_->read_some(in_, keep);
            case action_kind::wait:
                close();
                return delay_.start(epmd::retry_delay, [weak = weak_from_this()] {
                    if (const auto self = weak.lock()) self->drive(epmd::delay_over{});
                });
            case action_kind::write:
                out_ = std::move(a.data);
                written_ = 0;
                if (!write_some(next)) return;
                break;
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
            self->stream_ = std::move(*s);
            self->drive(epmd::connected{});
        });
}

/// True when `outcome` is to be given to the machine now.
bool epmd_driver::write_some(epmd::event& outcome) {
    while (written_ < out_.size()) {
        const iovec part{out_.data() + written_, out_.size() - written_};
        const auto n = stream_->try_write(std::span(&part, 1));
        if (!n) {
            outcome = epmd::closed{n.error().message()};
            return true;
        }
        if (*n == 0) {
            waiting_to_write_ = true;
            stream_->wait_writable(shared_from_this());
            return false;
        }
        written_ += *n;
    }
    outcome = epmd::written{};
    return true;
}

void epmd_driver::on_read(error_code error, std::size_t size) {
    if (over_ || !stream_) return;
    if (error) return drive(epmd::closed{error.message()});
    drive(epmd::received{byte_view(reinterpret_cast<const std::uint8_t*>(in_.data()), size)});
}

void epmd_driver::on_writable(error_code error) {
    if (over_ || !stream_ || !std::exchange(waiting_to_write_, false)) return;
    epmd::event outcome = epmd::closed{error.message()};
    if (error || write_some(outcome)) drive(outcome);
}

}  // namespace rakka::detail
