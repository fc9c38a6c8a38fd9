#include "connection/handshake_session.hpp"

#include <utility>

namespace rakka::detail {

using handshake::action_kind;
using transport::io_outcome;

namespace {

handshake::event to_event(const io_outcome& o) {
    // What the stream knows better than the machine could guess.
    if (o.what == io_outcome::kind::closed && o.error.category() == node_category())
        return handshake::closed{o.reason, static_cast<node_errc>(o.error.value())};
    return transport::to_event<handshake::event, handshake::received, handshake::written, handshake::closed>(
        o);
}

}  // namespace

handshake_session::handshake_session(transport::io_loop& io, std::unique_ptr<transport::stream> s,
                                     bool was_dialled)
    : conversation_io(std::move(s)), deadline_(io), address_(used().peer_address()), outgoing_(was_dialled) {}

void handshake_session::start(std::chrono::nanoseconds limit) {
    deadline_.start(limit, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->drive(handshake::timed_out{});
    });
    drive(handshake::started{});
}

void handshake_session::drop() noexcept {
    over_ = true;
    deadline_.cancel();
    close();
}

void handshake_session::on_outcome(const io_outcome& o) {
    drive(to_event(o));
}

void handshake_session::drive(handshake::event next) {
    const auto keep = shared_from_this();  // the owner may let go of us in finished() or failed()
    while (!over_) {
        handshake::action a = resume(next);
        if (over_) return;
        switch (a.kind) {
            case action_kind::read:
                return read(keep);
            case action_kind::write: {
                const auto outcome = write(std::move(a.data), keep);
                if (!outcome) return;
                next = to_event(*outcome);
                break;
            }
            case action_kind::done:
                over_ = true;
                deadline_.cancel();
                return finished(release());
            case action_kind::fail:
                drop();
                return failed();
            default:
                next = perform(a.kind);
                break;
        }
    }
}

}  // namespace rakka::detail
