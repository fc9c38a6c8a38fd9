#include "connection/tls_opening.hpp"

#include <utility>

namespace rakka::detail {

using transport::tls_failure;

tls_opening::tls_opening(transport::io_loop& io, std::unique_ptr<transport::stream> s,
                         transport::tls_session session, callback done)
    : address_(s->peer_address()), side_(session.side), deadline_(io), done_(std::move(done)) {
    stream_ = std::make_unique<transport::tls_stream>(io, std::move(s), std::move(session));
}

std::shared_ptr<tls_opening> tls_opening::start(transport::io_loop& io, std::unique_ptr<transport::stream> s,
                                                transport::tls_session session,
                                                std::chrono::nanoseconds limit, callback done) {
    auto self = std::make_shared<tls_opening>(io, std::move(s), std::move(session), std::move(done));
    self->deadline_.start(limit, [weak = std::weak_ptr(self)] {
        if (const auto o = weak.lock()) o->end(o->too_slow());
    });
    self->stream_->shake_hands([weak = std::weak_ptr(self)](error_code e) {
        if (const auto o = weak.lock()) o->shaken(e);
    });
    return self;
}

tls_failure tls_opening::too_slow() const {
    return transport::explain_tls_silence(transport::tls_silence::timed_out, side_,
                                          stream_ && stream_->heard_anything());
}

void tls_opening::shaken(error_code e) {
    if (!stream_) return;
    if (!e) return end(std::unique_ptr<transport::stream>(std::move(stream_)));
    const bool known = e.category() == node_category();
    end(tls_failure{
        known ? static_cast<node_errc>(e.value()) : node_errc::tls_failed,
        known ? stream_->explain(e) : "the connection broke in the TLS handshake: " + e.message()});
}

void tls_opening::end(outcome o) {
    const auto keep = shared_from_this();
    const auto done = std::exchange(done_, nullptr);
    drop();
    if (done) done(std::move(o));
}

void tls_opening::drop() noexcept {
    done_ = nullptr;
    deadline_.cancel();
    if (stream_) stream_->close_both();
    stream_ = nullptr;
}

}  // namespace rakka::detail
