// The half of a connection that any thread may use: signals into bytes, bytes into the kernel.

#include "connection/connection.hpp"
#include "connection/node_core.hpp"

#include <rakka/actors/system.hpp>
#include <rakka/etf/errc.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace rakka::detail {

using wire::control_kind;

namespace {

// A flush that meets a fast reader hands the rest over after this many writes, to give its worker back.
constexpr int max_writes_per_flush = 16;
// What has piled up beyond this is written at once, not at the end of the slice.
constexpr std::size_t flush_at_once = std::size_t{256} << 10;
// Payloads of terms from this size on are encoded before the mutex is taken, which the I/O thread needs for
// each message that comes in. Smaller ones gain more from the atom cache.
constexpr std::size_t ahead_from = std::size_t{32} << 10;

}  // namespace

void connection::encode_ahead(outbound_signal& s) const {
    s.ahead = nullptr;  // another connection's
    if (phase() == connection_phase::up && s.term_bytes() >= ahead_from)
        s.ahead = encoder_->encode_ahead(s.control, s.payload, outbound_queue::gather_from);
}

/// Whether a signal of `sender` would have to wait. A large message is no reason for others: theirs get past
/// it. REQUIRES: mutex_ held, phase up.
bool connection::is_busy_for(const pid& sender) const noexcept {
    const std::size_t most = core_.options.dist_buf_busy_limit;
    return queue_.bytes_ahead() >= most || (queue_.has_large(sender) && queue_.bytes() >= most);
}

submitted connection::submit(outbound_signal& s, const pid& sender, when_busy busy) {
    encode_ahead(s);
    std::unique_lock lock(mutex_);
    const connection_phase now = phase();
    if (now == connection_phase::closed) return submitted::closed;
    const bool pending = now == connection_phase::pending;
    const auto backlog = [&] { return pending ? waiting_weight_ : queue_.bytes(); };
    const auto full = [&] {
        if (pending) {
            return waiting_weight_ >= core_.options.dist_buf_busy_limit ||
                   waiting_.size() >= core_.options.max_pending_signals;
        }
        return is_busy_for(sender);
    };
    const std::size_t before = backlog();
    const std::size_t most = core_.options.max_outbound_bytes;
    const bool too_much = before > most && before - most > suspended_bytes_;
    // What is large does not bother others, but there must not be any number of it.
    const auto crowded = [&] {
        return !pending && before >= core_.options.dist_buf_busy_limit && s.weight() >= ahead_from;
    };
    if (busy == when_busy::refuse && (too_much || full() || crowded())) return submitted::would_block;
    // Also of what is about to be lost: whoever sent a link or monitor must be told of the end.
    relations_.sent(s.control);
    // Those who can wait will be made to when it is their turn.
    if (too_much && !(busy == when_busy::suspend && sender.is_local())) {
        lose_later(
            node_errc::limit_exceeded,
            fmt::format(
                "{} bytes wait to be sent, more than node_options::max_outbound_bytes: the peer does not "
                "read, and the senders could not be made to wait",
                before),
            "connection_closed"_a);
        return submitted::ok;  // lost with the connection
    }
    if (pending) {
        waiting_weight_ += s.weight();
        waiting_.emplace_back(sender, std::move(s));
    } else {
        encode(s, sender);
    }
    const bool wait = busy == when_busy::suspend && sender.is_local() && full();
    if (wait) {
        suspended_.push_back({sender, backlog() - before, !pending && queue_.has_large(sender)});
        suspended_bytes_ += suspended_.back().bytes;
    }
    if (!pending) {
        const bool at_once = queue_.bytes() >= flush_at_once;
        if (at_once && !std::exchange(writing_, true)) {
            write_batches(lock);
        } else if (!writing_ && !flush_hook_.armed_here()) {
            if (armings_.fetch_add(1) == 0) keep_while_armed_ = shared_from_this();
            armed_lately_.store(true, std::memory_order_relaxed);
            lock.unlock();
            core_.overdue.watch();
            flush_hook_.arm();
        }
    }
    return wait ? submitted::suspend : submitted::ok;
}

void connection::add_relations(const pid& local, const pid& remote, const reference& ref,
                               std::uint64_t flags) {
    const std::lock_guard lock(mutex_);
    if ((flags & wire::spawn_reply_flag::link) != 0) relations_.add_link(local, remote);
    if ((flags & wire::spawn_reply_flag::monitor) != 0) relations_.add_monitor(ref, local);
}

namespace {

std::string explain_not_encoded(error_code why) {
    if (why == etf::errc::too_large)
        return "it is larger than node_options::max_sent_message, or than a frame of 2 GiB";
    return why.message();
}

bool carries_reason(control_kind k) {
    return k == control_kind::down || k == control_kind::exit || k == control_kind::exit2;
}

}  // namespace

/// Of all signals that are dropped only this one has a sender that waits for what the peer will never say.
void connection::answer_dropped(const outbound_signal& s, atom why) {
    if (s.control.kind != control_kind::spawn_request) return;
    core_.post([self = shared_from_this(), ref = s.control.ref, to = s.control.from, why] {
        self->core_.sys.deliver_spawn_reply(ref, to, 0, why);
    });
}

/// What cannot be encoded is dropped, and logged. REQUIRES: mutex_ held, phase up.
void connection::encode(outbound_signal& s, const pid& sender) {
    if (queue_.has_large(sender)) {
        if (s.ahead) s.payload = {};
        return queue_.hold_back(sender, std::move(s));
    }
    // A link's exit to an earlier incarnation of the peer would make the peer close the connection. [dist
    // §EXIT]
    if (s.control.kind == control_kind::exit && s.control.to.creation != peer_creation_) return;
    if (s.control.token.has_value() && !wire::takes_token(effective_, s.control.token)) [[unlikely]]
        s.control.token = {};
    auto done = s.ahead ? encoder_->append(queue_.tail(), s.control, std::move(*s.ahead))
                        : encoder_->append(queue_.tail(), s.control, s.payload);
    if (!done && carries_reason(s.control.kind)) {
        // Somebody waits for this end, whatever its reason was.
        core_.log(node_log_level::warning, std::string(node_.text()), address_, done.error(),
                  fmt::format("a signal ({}) to {} has badarg for its reason, which cannot be encoded: {}",
                              to_string(s.control.kind), node_.text(), explain_not_encoded(done.error())));
        done = encoder_->append(queue_.tail(), s.control, term_view(atoms::known<"badarg">));
    }
    if (!done) {
        core_.log(node_log_level::warning, std::string(node_.text()), address_, done.error(),
                  fmt::format("a signal ({}) to {} was dropped: it cannot be encoded: {}",
                              to_string(s.control.kind), node_.text(), explain_not_encoded(done.error())));
        answer_dropped(s, done.error() == etf::errc::too_large ? "system_limit"_a : "badarg"_a);
        return;
    }
    if (!done->written) {
        core_.log(node_log_level::warning, std::string(node_.text()), address_,
                  node_errc::bad_control_message,
                  fmt::format("a signal ({}) to {} was dropped: that node does not know this kind of signal",
                              to_string(s.control.kind), node_.text()));
        answer_dropped(s, "notsup"_a);
        return;
    }
    ++frames_out_;
    ++signals_out_;
    if (done->rest) queue_.add_large(sender, std::move(done->rest));
}

void connection::flush() noexcept {
    std::unique_lock lock(mutex_);
    // Given back behind the lock. One of its own also for a flush that is not the last: the last one may end,
    // on another worker, while this one is still writing.
    const std::shared_ptr<connection> keep =
        armings_.fetch_sub(1) == 1 ? std::exchange(keep_while_armed_, nullptr) : shared_from_this();
    if (!std::exchange(writing_, true)) write_batches(lock);
    lock.unlock();
}

bool connection::flush_overdue() {
    const bool lately = armed_lately_.exchange(false, std::memory_order_relaxed);
    if (armings_.load() == 0) return lately;
    std::unique_lock lock(mutex_);
    if (!std::exchange(writing_, true)) write_batches(lock);
    return true;
}

/// Writes what the kernel takes. REQUIRES: the lock is held and this caller has set writing_.
void connection::write_batches(std::unique_lock<std::mutex>& lock) {
    for (int round = 0; round < max_writes_per_flush; ++round) {
        outbound_queue::held_back released;
        if (phase() != connection_phase::up || !queue_.begin_batch(released)) {
            if (phase() != connection_phase::up) queue_.clear();
            writing_ = false;
            return;
        }
        for (auto& [sender, s] : released)
            encode(s, sender);
        const auto batch = queue_.batch();
        lock.unlock();
        const auto n = stream_->try_write(batch);
        lock.lock();
        if (!n) {
            writing_ = false;
            queue_.clear();
            return lose_later(node_errc::connection_lost,
                              fmt::format("writing failed: {}", stream_->explain(n.error())),
                              "connection_closed"_a);
        }
        if (*n == 0) {  // writing_ stays set until on_writable
            return core_.post([self = shared_from_this()] {
                if (self->phase() == connection_phase::up) return self->stream_->wait_writable(self);
                self->on_writable(error_code{});
            });
        }
        queue_.wrote(*n);
        bytes_out_ += *n;
        written_since_tick_ = true;
        wrote_since_read_.store(true, std::memory_order_relaxed);
        release_senders(lock);
    }
    core_.post([self = shared_from_this()] { self->on_writable(error_code{}); });
}

void connection::on_writable(error_code error) {
    std::unique_lock lock(mutex_);
    if (error) {
        writing_ = false;
        queue_.clear();
        return;  // whoever closed the stream is dealing with it
    }
    write_batches(lock);
}

/// Lets suspended senders go on when little enough waits of what they wait for. Gives the lock up meanwhile.
void connection::release_senders(std::unique_lock<std::mutex>& lock) {
    const std::vector<pid> ended = queue_.take_ended();
    if (suspended_.empty()) return;
    for (suspended_sender& s : suspended_) {
        if (s.behind_large && std::find(ended.begin(), ended.end(), s.who) != ended.end())
            s.behind_large = queue_.has_large(s.who);
    }
    const std::size_t little = core_.options.dist_buf_busy_limit / 2;
    if (queue_.bytes_ahead() > little) return;
    const bool all = queue_.bytes() <= little;
    const auto first = std::partition(suspended_.begin(), suspended_.end(),
                                      [&](const suspended_sender& s) { return s.behind_large && !all; });
    const std::vector<suspended_sender> free(first, suspended_.end());
    suspended_.erase(first, suspended_.end());
    for (const suspended_sender& s : free)
        suspended_bytes_ -= s.bytes;
    lock.unlock();
    for (const suspended_sender& s : free)
        core_.sys.resume(s.who);
    lock.lock();
}

void connection::lose_later(error_code code, std::string text, atom reason) {
    core_.post([self = shared_from_this(), code, text = std::move(text), reason] {
        self->lose(code, text, reason);
    });
}

connection_info connection::info() const {
    const std::lock_guard lock(mutex_);
    connection_info i;
    i.node = node_;
    i.address = address_;
    i.tls = encryption_;
    i.hidden = hidden();
    i.outgoing = outgoing_;
    i.creation = creation(peer_creation_);
    i.flags = effective_;
    i.id = id_;
    i.up_since = up_since_;
    i.frames_in = frames_in_.load(std::memory_order_relaxed);
    i.frames_out = frames_out_;
    i.signals_in = signals_in_.load(std::memory_order_relaxed);
    i.signals_out = signals_out_;
    i.bytes_in = bytes_in_.load(std::memory_order_relaxed);
    i.bytes_out = bytes_out_;
    i.bytes_waiting = phase() == connection_phase::pending ? waiting_weight_ : queue_.bytes();
    i.senders_suspended = suspended_.size();
    return i;
}

}  // namespace rakka::detail
