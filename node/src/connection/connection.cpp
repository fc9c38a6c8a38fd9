#include "connection/connection.hpp"

#include "connection/inbound_dispatch.hpp"
#include "connection/listener.hpp"
#include "connection/node_core.hpp"
#include "connection/node_time.hpp"
#include "connection/peer_guard.hpp"

#include <rakka/actors/system.hpp>
#include <rakka/base/check.hpp>

#include <boost/asio/error.hpp>
#include <fmt/format.h>

#include <utility>

namespace rakka::detail {

namespace {

// Attempts to reach a peer that wants to connect by itself but does not.
constexpr int max_redials = 3;

}  // namespace

connection::connection(node_core& core, atom node, std::uint64_t id)
    : core_(core),
      keep_core_(core.shared_from_this()),
      node_(node),
      id_(id),
      flush_hook_(core.sys, [this] { flush(); }),
      relations_(core.options.limits.max_relations),
      patience_(core.io),
      tick_timer_(core.io),
      read_timer_(core.io) {}

connection::~connection() = default;

std::shared_ptr<connection> connection::make(node_core& core, atom node, std::uint64_t id) {
    // A sender, or who disconnects, may hold the last share while an I/O handler is in the middle of a timer
    // or the stream.
    return {new connection(core, node, id),
            [](connection* c) { c->core_.post([last = std::shared_ptr<connection>(c)] {}); }};
}

std::string connection::describe() const {
    return address_.empty() ? std::string(node_.text()) : fmt::format("{} ({})", node_.text(), address_);
}

// ---- becoming connected

void connection::dial(dial_wish whose) {
    const bool urgent = whose == dial_wish::of_the_program;
    if (phase() != connection_phase::pending || dial_ || awaiting_inbound_ || (in_line_ && !urgent)) return;
    if (core_.stopping) return lose(node_errc::connection_lost, "this node is stopping", "shutdown"_a);
    if (urgent) {
        if (std::exchange(in_line_, false)) core_.dials.stop_waiting(this);
        return attempt(core_.dials.take());
    }
    const std::weak_ptr<connection> weak = weak_from_this();
    const auto how = core_.dials.ask(this, [weak](dial_place place) {
        if (const auto self = weak.lock()) self->attempt(std::move(place));
    });
    if (how == dial_limits::admission::refused) {
        return give_up_dialling(node_errc::limit_exceeded,
                                fmt::format("{} attempts to reach other nodes are waiting already (limit "
                                            "node_options::max_waiting_dials)",
                                            core_.dials.waiting()),
                                {});
    }
    in_line_ = how == dial_limits::admission::waiting;
    if (!in_line_) return;
    patience_.start(core_.options.net_setuptime, [weak] {
        const auto self = weak.lock();
        if (!self || !std::exchange(self->in_line_, false)) return;
        self->core_.dials.stop_waiting(self.get());
        self->give_up_dialling(
            node_errc::handshake_timeout,
            "it waited for net_setuptime because as many attempts as node_options::max_dials were under way",
            {});
    });
}

void connection::attempt(dial_place place) {
    in_line_ = false;
    patience_.cancel();
    if (phase() != connection_phase::pending || dial_ || awaiting_inbound_) return;
    auto name = node_name::parse(node_.text());
    if (!name) {
        const std::string text = explain_bad_node_name(node_.text(), name.error());
        return give_up_dialling(name.error(), text, {});
    }
    if (!core_.allowed.allows(*name)) {
        return give_up_dialling(node_errc::handshake_refused,
                                "neither the node nor its host is on the list node_options::allow", {});
    }
    const std::weak_ptr<connection> weak = weak_from_this();
    dial_events events;
    events.inbound_under_way = [weak] {
        const auto self = weak.lock();
        return self && self->core_.accepting && self->core_.accepting->shaking_hands_with(self->node_);
    };
    events.wanted = [weak] {
        const auto self = weak.lock();
        return self && self->phase() == connection_phase::pending && !self->awaiting_inbound_;
    };
    events.established = [weak](std::unique_ptr<transport::stream> s, handshake::established e) {
        if (const auto self = weak.lock()) self->establish(std::move(s), std::move(e), true);
    };
    events.failed = [weak](error_code code, const std::string& text, const std::string& address, bool wait) {
        if (const auto self = weak.lock()) self->on_dial_failed(code, text, address, wait);
    };
    dial_ = dial_attempt::start(core_, std::move(*name), std::move(place), std::move(events));
}

void connection::on_dial_failed(error_code code, const std::string& text, const std::string& address,
                                bool wait) {
    dial_ = nullptr;
    if (wait) return await_inbound();
    // Not everybody who can reach us can be reached.
    if (core_.accepting && core_.accepting->shaking_hands_with(node_)) {
        dial_failed_ = failure{code, text, address};
        return await_inbound();
    }
    give_up_dialling(code, text, address);
}

void connection::give_up_dialling(error_code code, const std::string& text, const std::string& address) {
    core_.dials.failed(node_, now(core_));
    core_.log(node_log_level::warning, std::string(node_.text()), address, code,
              fmt::format("connecting to {}{} failed: {}", node_.text(),
                          address.empty() ? "" : " at " + address, text));
    lose(code, text, "connection_setup_failed"_a);
}

void connection::when_up(waiter w) {
    switch (phase()) {
        case connection_phase::pending:
            waiters_.push_back(std::move(w));
            break;
        case connection_phase::up:
            w({}, {});
            break;
        case connection_phase::closed:
            w(ended_.code, ended_.text);
            break;
    }
}

handshake::peer_relation connection::own_attempt() const noexcept {
    if (!dial_) return handshake::peer_relation::none;
    return dial_->where() == dial_attempt::stage::looking_up ? handshake::peer_relation::attempt_not_dialled
                                                             : handshake::peer_relation::attempt_pending;
}

void connection::await_inbound() {
    if (phase() != connection_phase::pending) return;
    if (dial_) std::exchange(dial_, nullptr)->cancel();
    if (std::exchange(in_line_, false)) core_.dials.stop_waiting(this);
    awaiting_inbound_ = true;
    patience_.start(core_.options.net_setuptime, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self || !std::exchange(self->awaiting_inbound_, false)) return;
        if (const auto f = std::exchange(self->dial_failed_, std::nullopt))
            return self->give_up_dialling(f->code, f->text, f->address);
        self->give_up_dialling(
            node_errc::handshake_timeout,
            "the peer said that it was connecting to us itself, but its connection never came", {});
    });
}

void connection::inbound_failed() {
    if (dial_) return dial_->inbound_failed();
    if (phase() != connection_phase::pending || !std::exchange(awaiting_inbound_, false)) return;
    patience_.cancel();
    if (const auto f = std::exchange(dial_failed_, std::nullopt))
        return give_up_dialling(f->code, f->text, f->address);
    if (++redials_ > max_redials) {
        return give_up_dialling(node_errc::handshake_closed,
                                "the peer refuses our connections because of its own, which all fail", {});
    }
    dial(dial_wish::of_the_program);  // it had a place before
}

void connection::adopt_inbound(node_core& core, atom node, std::unique_ptr<transport::stream> s,
                               handshake::established e) {
    std::shared_ptr<connection> c = core.find(node);
    if (c && c->phase() == connection_phase::up) {
        c->lose(node_errc::connection_lost, "the peer has opened a new connection in place of this one",
                "connection_closed"_a);
    }
    if (!c || c->phase() != connection_phase::pending) {
        const auto stale = c;
        c = core.connections
                .find_or_make(node, stale.get(), [&] { return make(core, node, core.next_connection_id++); })
                .first;
    }
    c->establish(std::move(s), std::move(e), false);
}

void connection::establish(std::unique_ptr<transport::stream> s, handshake::established e, bool outgoing) {
    if (phase() != connection_phase::pending) return s->close_both();
    if (dial_) std::exchange(dial_, nullptr)->cancel();
    if (std::exchange(in_line_, false)) core_.dials.stop_waiting(this);
    core_.dials.succeeded(node_);
    if (outgoing && !core_.take_name(*this, e.own_name, e.own_creation)) {
        s->close_both();
        return give_up_dialling(node_errc::limit_exceeded,
                                "this node has been given as many names as node_options::max_peer_names", {});
    }
    awaiting_inbound_ = false;
    patience_.cancel();
    const std::string encryption = s->encryption();
    const bool is_hidden = !e.effective_flags.has(distribution_flag::published);
    hidden_.store(is_hidden, std::memory_order_relaxed);
    const auto& limits = core_.options.limits;
    wire::reader_options r;
    r.effective = e.effective_flags;
    r.peer = node_;
    r.own = core_.identity();
    r.origin = core_.sys.origin();
    r.frames.max_frame_size = limits.max_frame_size;
    r.fragments = {limits.max_sequences, limits.max_message_size, limits.max_fragmented_total};
    r.terms.max_depth = limits.max_nesting;
    r.new_atoms = &core_.atom_budget_of(node_);
    reader_ = std::make_unique<wire::message_reader>(r);
    reader_->feed(std::as_bytes(std::span(e.leftover)));
    follow_rules();
    tick_ = wire::tick_policy(is_hidden ? wire::peer_visibility::hidden : wire::peer_visibility::visible,
                              core_.options.net_tickintensity);
    {
        std::unique_lock lock(mutex_);
        stream_ = std::move(s);
        address_ = stream_->peer_address();
        encryption_ = encryption;
        peer_creation_ = e.peer_creation.value();
        effective_ = e.effective_flags;
        outgoing_ = outgoing;
        up_since_ = now(core_);
        encoder_.emplace(
            wire::encoder_options{.effective = effective_, .max_payload = core_.options.max_sent_message});
        RAKKA_CHECK(may_follow(phase(), connection_phase::up));
        phase_.store(connection_phase::up, std::memory_order_release);
        for (auto& [sender, signal] : std::exchange(waiting_, {})) {
            encode_ahead(signal);  // large binaries are not copied then
            encode(signal, sender);
        }
        waiting_weight_ = 0;
        for (suspended_sender& waiting : suspended_)
            waiting.behind_large = queue_.has_large(waiting.who);
        if (!std::exchange(writing_, true)) write_batches(lock);
        release_senders(lock);
    }
    // Whoever hears of it finds it connected; the peer's signals are not delivered before take_frames.
    core_.monitors.announce(core_.sys, {atoms::known<"nodeup">, node_, is_hidden, id_, {}});
    core_.log(node_log_level::info, std::string(node_.text()), address_, {},
              fmt::format("connected {} {}{}{}", outgoing ? "to" : "by", describe(),
                          encryption.empty() ? "" : " with ", encryption));
    const auto period = core_.options.net_ticktime / std::max(core_.options.net_tickintensity, 1U);
    tick_timer_.start(period, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->wake_tick();
    });
    tell_waiters({}, {});
    if (take_frames()) read_more();
}

void connection::tell_waiters(error_code code, const std::string& text) {
    for (const waiter& w : std::exchange(waiters_, {}))
        w(code, text);
}

void connection::follow_rules() {
    const auto name = node_name::parse(node_.text());
    auto may = name ? core_.rules.of(*name) : nullptr;
    if (!may) {
        guard_ = nullptr;
    } else if (guard_) {
        guard_->change(std::move(may));
    } else {
        guard_ = std::make_unique<peer_guard>(std::move(may));
    }
}

// ---- being connected

void connection::read_more() {
    if (phase() == connection_phase::up) stream_->read_some(reader_->prepare(), shared_from_this());
}

void connection::on_read(error_code error, std::size_t size) {
    if (phase() != connection_phase::up) return;
    if (error) {
        const bool eof = error == boost::asio::error::eof;
        return lose(node_errc::connection_lost,
                    eof ? "the peer closed the connection" : stream_->explain(error), "connection_closed"_a);
    }
    reader_->commit(size);
    if (!take_frames()) return;
    const bool answered = wrote_since_read_.exchange(false, std::memory_order_relaxed);
    if (!read_pacer_.after_read(now(core_), size, answered)) return read_more();
    read_timer_.start(read_pacer::pause, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->read_more();
    });
}

/// Delivers every complete message that has arrived; false when the connection is over.
bool connection::take_frames() {
    wire::inbound_message m;
    const std::uint64_t before = reader_->frames();
    std::uint64_t signals = signals_in_.load(std::memory_order_relaxed);
    while (phase() == connection_phase::up) {
        auto event = reader_->next(m);
        std::optional<wire::wire_error> wrong;
        if (!event) {
            wrong = event.error();
        } else if (*event == wire::message_reader::event::need_bytes) {
            break;
        } else if (*event == wire::message_reader::event::message) {
            ++signals;
            if (relations::concern(m.control().kind)) {
                const std::lock_guard lock(mutex_);
                wrong = relations_.received(m.control());
            }
            if (!wrong) wrong = dispatch(core_, *this, m);
        }
        if (wrong) {
            core_.log(node_log_level::warning, std::string(node_.text()), address_, wrong->code,
                      fmt::format("closing the connection to {}: {}: {}", describe(), wrong->code.message(),
                                  wrong->text));
            lose(wrong->code, wrong->text, "connection_closed"_a);
            return false;
        }
    }
    if (reader_->frames() != before) tick_.frame_read();
    frames_in_.store(reader_->frames(), std::memory_order_relaxed);
    signals_in_.store(signals, std::memory_order_relaxed);
    bytes_in_.store(reader_->bytes(), std::memory_order_relaxed);
    return phase() == connection_phase::up;
}

void connection::wake_tick() {
    if (phase() != connection_phase::up) return;
    const auto period = core_.options.net_ticktime / std::max(core_.options.net_tickintensity, 1U);
    wire::tick_action todo = wire::tick_action::nothing;
    {
        std::unique_lock lock(mutex_);
        if (std::exchange(written_since_tick_, false)) tick_.written();
        const bool waiting = queue_.bytes() != 0;
        todo = tick_.wake(waiting);
        if (waiting && !std::exchange(writing_, true)) write_batches(lock);
        if (todo == wire::tick_action::send_tick) {
            wire::message_encoder::append_tick(queue_.tail());
            ++frames_out_;
            if (!std::exchange(writing_, true)) write_batches(lock);
            written_since_tick_ = false;  // a tick alone does not count as having written
        }
    }
    if (todo == wire::tick_action::peer_dead) {
        const std::string text = fmt::format("nothing was read from it for {} ms (net_ticktime)",
                                             core_.options.net_ticktime.count());
        core_.log(
            node_log_level::warning, std::string(node_.text()), address_, node_errc::tick_timeout,
            fmt::format("closing the connection to {}: {}: it hangs, the network is cut, or it uses a longer "
                        "net_ticktime",
                        describe(), text));
        return lose(node_errc::tick_timeout, text, "net_tick_timeout"_a);
    }
    tick_timer_.start(period, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->wake_tick();
    });
}

// ---- the end

void connection::lose(error_code code, std::string_view text, atom reason) {
    const auto keep = shared_from_this();
    if (!code) code = node_errc::connection_lost;
    std::vector<pid> related;
    std::vector<suspended_sender> suspended;
    std::vector<std::pair<pid, outbound_signal>> dropped;
    bool was_up = false;
    {
        const std::lock_guard lock(mutex_);
        if (phase() == connection_phase::closed) return;
        was_up = phase() == connection_phase::up;
        phase_.store(connection_phase::closed, std::memory_order_release);
        related = relations_.take_local();
        suspended = std::exchange(suspended_, {});
        dropped = std::exchange(waiting_, {});
        waiting_weight_ = 0;
        if (!writing_) queue_.clear();  // else whoever writes does it
    }
    ended_ = {code, std::string(text), {}};
    if (stream_) stream_->close_both();
    if (dial_) std::exchange(dial_, nullptr)->cancel();
    if (std::exchange(in_line_, false)) core_.dials.stop_waiting(this);
    patience_.cancel();
    tick_timer_.cancel();
    read_timer_.cancel();
    // [dist §connection loss]: first what processes had with the peer, then that the node is gone.
    for (const pid& p : related)
        core_.sys.signal_nodedown(p, node_, id_);
    for (const suspended_sender& s : suspended)
        core_.sys.resume(s.who);
    if (was_up) {
        core_.dials.lost(node_);
        core_.log(node_log_level::info, std::string(node_.text()), address_, code,
                  fmt::format("connection to {} ended: {}", describe(), text));
        core_.monitors.announce(core_.sys, {atoms::known<"nodedown">, node_, hidden(), id_, reason});
    }
    core_.monitors.announce_lost(core_.sys, node_);
    core_.connections.erase(node_, *this);
    if (was_up) core_.given_names.give_back(node_.text());
    if (core_.named_by == this) core_.lose_name();
    tell_waiters(ended_.code, ended_.text);
}

}  // namespace rakka::detail
