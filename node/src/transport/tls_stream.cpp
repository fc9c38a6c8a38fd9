#include "transport/tls_stream.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <sys/uio.h>
#include <utility>
#include <vector>

namespace rakka::transport {
namespace {

// What is read at once: little from a quiet peer, whose connection then holds little.
constexpr std::size_t min_read = std::size_t{4} << 10;
constexpr std::size_t max_read = std::size_t{128} << 10;
constexpr int quiet_reads = 16;  // in a row, before the buffer shrinks
// One try_write gives its thread back after this much.
constexpr std::size_t max_write = std::size_t{1} << 20;

/// Tells those that are there of the end.
void end_waits(io_loop& io, std::shared_ptr<stream_user> reader, std::shared_ptr<stream_user> writer) {
    post(io, [reader = std::move(reader), writer = std::move(writer)] {
        if (writer) writer->on_writable(boost::asio::error::operation_aborted);
        if (reader) reader->on_read(boost::asio::error::operation_aborted, 0);
    });
}

}  // namespace

// Outlives the stream as long as the carrier has an operation under way.
struct tls_stream::state final : stream_user, std::enable_shared_from_this<state> {
    state(io_loop& loop, std::unique_ptr<stream> c, tls_session s, tls_engine_limits limits)
        : io(loop), carrier(std::move(c)), engine(std::move(s), limits) {}

    void step();
    void finish_handshake(error_code e);
    void pump();
    void read_carrier();
    void arm();
    void end_read(error_code e, std::size_t n);
    void resize_input();
    void release_writer(error_code e);
    [[nodiscard]] error_code flush(bool& drained);
    [[nodiscard]] error_code failure_code() const;
    result<std::size_t> write(std::span<const iovec> parts);

    void on_read(error_code error, std::size_t size) override;
    void on_writable(error_code error) override;

    // ---- constant
    io_loop& io;
    const std::unique_ptr<stream> carrier;  // its try_write: under mutex

    // ---- guarded by mutex
    mutable std::mutex mutex;
    tls_engine engine;
    std::size_t claimed = 0;  // plaintext encrypted but not reported as written
    bool closed = false;

    // ---- I/O thread
    std::vector<std::byte> in =
        std::vector<std::byte>(min_read);  // changed only while the engine has no input
    std::size_t received =
        0;  // by the last read of the carrier, until the buffer's size has been reconsidered
    int small_reads = 0;
    bool reading = false;                    // the carrier
    bool waiting = false;                    // for the carrier to become writable
    bool want_room = false;                  // reading goes on when it is
    std::function<void(error_code)> shaken;  // set: the first handshake is under way
    std::span<std::byte> into;
    std::shared_ptr<stream_user> reader;
    std::shared_ptr<stream_user> writer;
};

// ---- out

/// Sends what is encrypted; `drained`: all of it has left. REQUIRES: mutex is held.
error_code tls_stream::state::flush(bool& drained) {
    drained = false;
    while (true) {
        const auto out = engine.output();
        drained = out.empty();
        if (drained) return {};
        const iovec part{const_cast<std::byte*>(out.data()), out.size()};  // try_write only reads it
        const auto n = carrier->try_write(std::span(&part, 1));
        if (!n) return n.error();
        if (*n == 0) return {};
        engine.sent(*n);
    }
}

error_code tls_stream::state::failure_code() const {
    return engine.failure() != nullptr ? engine.failure()->code : node_errc::tls_failed;
}

result<std::size_t> tls_stream::state::write(std::span<const iovec> parts) {
    std::size_t size = 0;
    for (const iovec& p : parts)
        size += p.iov_len;
    std::size_t total = 0;
    while (true) {
        const std::lock_guard lock(mutex);
        if (closed) return error_code(boost::asio::error::shut_down);
        bool drained = false;
        if (const error_code broken = flush(drained)) return broken;
        if (!drained) return total;
        total += std::exchange(claimed, 0);
        if (total >= size || total >= max_write) return total;
        claimed = engine.encrypt(parts, total);
        if (claimed > 0) continue;
        if (engine.failure() != nullptr) return failure_code();
        return total;
    }
}

result<std::size_t> tls_stream::try_write(std::span<const iovec> parts) noexcept {
    try {
        return state_->write(parts);
    } catch (const std::bad_alloc&) {
        return error_code(boost::asio::error::no_memory);
    }
}

void tls_stream::state::arm() {
    if (std::exchange(waiting, true)) return;
    carrier->wait_writable(shared_from_this());
}

void tls_stream::wait_writable(std::shared_ptr<stream_user> user) {
    state& s = *state_;
    {
        const std::lock_guard lock(s.mutex);
        if (s.closed) return end_waits(s.io, nullptr, std::move(user));
        s.writer = std::move(user);
        // In the middle of a renegotiation only the peer's next bytes help: pump() goes on then.
        if (s.engine.shaking_hands() && s.engine.output().empty()) return;
    }
    s.arm();
}

/// Lets whoever waits to write try again.
void tls_stream::state::release_writer(error_code e) {
    if (const auto w = std::exchange(writer, nullptr)) w->on_writable(e);
}

void tls_stream::state::on_writable(error_code error) {
    const auto keep = shared_from_this();
    waiting = false;
    bool drained = true;
    if (!error) {
        const std::lock_guard lock(mutex);
        error = flush(drained);
    }
    if (!error && !drained && !writer) return arm();
    if (shaken) return error ? finish_handshake(error) : step();
    if (std::exchange(want_room, false)) error ? end_read(error, 0) : pump();
    release_writer(error);
}

// ---- the handshake

void tls_stream::shake_hands(std::function<void(error_code)> done) {
    state_->shaken = std::move(done);
    post(state_->io, [s = state_] { s->step(); });
}

void tls_stream::state::step() {
    if (!shaken || reading) return;
    auto next = tls_engine::progress::failed;
    bool drained = false;
    error_code broken;
    {
        const std::lock_guard lock(mutex);
        if (closed) return;
        next = engine.shake_hands();
        broken = flush(drained);
        if (next == tls_engine::progress::failed) broken = failure_code();
    }
    if (broken) return finish_handshake(broken);
    if (!drained || next == tls_engine::progress::want_room) arm();
    switch (next) {
        case tls_engine::progress::done:
            return finish_handshake({});
        case tls_engine::progress::want_bytes:
            return read_carrier();
        default:
            return;  // on_writable goes on
    }
}

void tls_stream::state::finish_handshake(error_code e) {
    if (const auto done = std::exchange(shaken, nullptr)) done(e);
}

// ---- in

void tls_stream::state::read_carrier() {
    if (std::exchange(reading, true)) return;
    carrier->read_some(in, shared_from_this());
}

void tls_stream::read_some(std::span<std::byte> into, std::shared_ptr<stream_user> user) {
    state& s = *state_;
    bool ready = false;
    {
        const std::lock_guard lock(s.mutex);
        if (s.closed) return end_waits(s.io, std::move(user), nullptr);
        ready = s.engine.may_read();
    }
    s.into = into;
    s.reader = std::move(user);
    if (!ready) return s.read_carrier();
    post(s.io, [self = state_] { self->pump(); });
}

/// Grows the input buffer for a peer that fills it, shrinks it for one that sends little.
void tls_stream::state::resize_input() {
    const std::size_t got = std::exchange(received, 0);
    if (got == 0) return;
    if (got == in.size() && in.size() < max_read) {
        in = std::vector<std::byte>(2 * in.size());
    } else if (got > in.size() / 4 || in.size() == min_read) {
        small_reads = 0;
    } else if (++small_reads == quiet_reads) {
        in = std::vector<std::byte>(min_read);
        small_reads = 0;
    }
}

void tls_stream::state::on_read(error_code error, std::size_t size) {
    const auto keep = shared_from_this();
    reading = false;
    if (error) {
        if (!shaken) return end_read(error, 0);
        {
            const std::lock_guard lock(mutex);
            if (closed) return;
            if (error == boost::asio::error::eof)
                engine.fail(explain_tls_silence(tls_silence::closed, engine.side(), engine.heard_anything()));
            if (engine.failure() != nullptr) error = failure_code();
        }
        return finish_handshake(error);
    }
    {
        const std::lock_guard lock(mutex);
        engine.feed(std::span(in).first(size));
    }
    received = size;
    shaken ? step() : pump();
}

/// Decrypts for whoever reads.
void tls_stream::state::pump() {
    if (!reader || reading) return;
    std::size_t n = 0;
    auto next = tls_engine::progress::failed;
    error_code broken;
    bool drained = true;
    bool writable = false;
    {
        const std::lock_guard lock(mutex);
        next = engine.read(into, n);
        // Alerts, new keys, renegotiations.
        static_cast<void>(flush(drained));  // reading tells of what is broken
        if (next == tls_engine::progress::failed) broken = failure_code();
        writable = !engine.shaking_hands();
        if (!engine.has_input()) resize_input();
    }
    if (broken) return end_read(broken, 0);
    if (!drained || (writer && writable)) arm();
    if (n > 0) return end_read({}, n);
    switch (next) {
        case tls_engine::progress::closed:
            return end_read(boost::asio::error::eof, 0);
        case tls_engine::progress::want_room:
            want_room = true;
            return arm();
        default:
            return read_carrier();
    }
}

void tls_stream::state::end_read(error_code e, std::size_t n) {
    if (const auto r = std::exchange(reader, nullptr)) r->on_read(e, n);
}

// ---- the end

tls_stream::tls_stream(io_loop& io, std::unique_ptr<stream> carrier, tls_session session,
                       tls_engine_limits limits)
    : state_(std::make_shared<state>(io, std::move(carrier), std::move(session), limits)) {}

tls_stream::~tls_stream() {
    close_both();
}

// Without TLS's own farewell, a close_notify: a BEAM that gets one while it is sending takes five seconds to
// notice that the connection is gone. Frames know their length, so that no end of a connection is a proper
// one.
void tls_stream::close_both() noexcept {
    state& s = *state_;
    {
        const std::lock_guard lock(s.mutex);
        if (std::exchange(s.closed, true)) return;
    }
    s.carrier->close_both();
    s.shaken = nullptr;
    // Not from the carrier's handlers: when the loop ends before those have run, whoever still waited would
    // never go, as he and what he waits in hold each other.
    auto reader = std::exchange(s.reader, nullptr);
    auto writer = std::exchange(s.writer, nullptr);
    if (!reader && !writer) return;
    try {
        end_waits(s.io, std::move(reader), std::move(writer));
    } catch (const std::bad_alloc&) {
        // as little as the carrier can do
    }
}

std::string tls_stream::explain(error_code e) const {
    const std::lock_guard lock(state_->mutex);
    const tls_failure* const f = state_->engine.failure();
    return f != nullptr && e == error_code(f->code) ? f->text : e.message();
}

bool tls_stream::heard_anything() const {
    const std::lock_guard lock(state_->mutex);
    return state_->engine.heard_anything();
}

std::string tls_stream::encryption() const {
    const std::lock_guard lock(state_->mutex);
    return state_->engine.encryption();
}

const std::string& tls_stream::peer_address() const noexcept {
    return state_->carrier->peer_address();
}

const std::string& tls_stream::own_address() const noexcept {
    return state_->carrier->own_address();
}

}  // namespace rakka::transport
