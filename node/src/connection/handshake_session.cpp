#include "connection/handshake_session.hpp"

#include <sys/uio.h>
#include <utility>

namespace rakka::detail {

using handshake::action_kind;

handshake_session::handshake_session(transport::io_loop& io, std::unique_ptr<transport::stream> s,
                                     bool was_dialled)
    : deadline_(io), stream_(std::move(s)), address_(stream_->peer_address()), outgoing_(was_dialled) {}

void handshake_session::start(std::chrono::nanoseconds limit) {
    deadline_.start(limit, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->drive(handshake::timed_out{});
    });
    drive(handshake::started{});
}

void handshake_session::drop() noexcept {
    over_ = true;
    deadline_.cancel();
    if (stream_) stream_->close_both();
}

void handshake_session::drive(const handshake::event& first) {
    if (over_) return;
    const auto keep = shared_from_this();  // the owner may let go of us in finished() or failed()
    handshake::event next = first;
    while (!over_) {
        handshake::action a = resume(next);
        if (over_) return;
        switch (a.kind) {
            case action_kind::read:
                return stream_->read_some(in_, keep);
            case action_kind::write:
                out_ = std::move(a.data);
                written_ = 0;
                if (!write_some(next)) return;
                break;
            case action_kind::done:
                over_ = true;
                deadline_.cancel();
                return finished(std::move(stream_));
            case action_kind::fail:
                over_ = true;
                deadline_.cancel();
                stream_->close_both();
                return failed();
            default:
                next = perform(a.kind);
                break;
        }
    }
}

/// True when `outcome` is to be given to the machine now; false when the stream has to become writable first.
bool handshake_session::write_some(handshake::event& outcome) {
    while (written_ < out_.size()) {
        const iovec part{out_.data() + written_, out_.size() - written_};
        const auto n = stream_->try_write(std::span(&part, 1));
        if (!n) {
            outcome = handshake::closed{n.error().message()};
            return true;
        }
        if (*n == 0) {
            waiting_to_write_ = true;
            stream_->wait_writable(shared_from_this());
            return false;
        }
        written_ += *n;
    }
    outcome = handshake::written{};
    return true;
}

void handshake_session::on_read(error_code error, std::size_t size) {
    if (over_) return;
    if (error) return drive(handshake::closed{error.message()});
    drive(handshake::received{byte_view(reinterpret_cast<const std::uint8_t*>(in_.data()), size)});
}

void handshake_session::on_writable(error_code error) {
    if (over_ || !std::exchange(waiting_to_write_, false)) return;
    if (error) return drive(handshake::closed{error.message()});
    handshake::event outcome = handshake::written{};
    if (write_some(outcome)) drive(outcome);
}

}  // namespace rakka::detail
