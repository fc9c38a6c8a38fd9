#include "connection/dial_attempt.hpp"

#include "connection/handshake_session.hpp"
#include "connection/node_core.hpp"
#include "connection/node_time.hpp"
#include "connection/tls_opening.hpp"
#include "handshake/initiator_fsm.hpp"
#include "services/epmd_lookup.hpp"
#include "transport/tls_contexts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace rakka::detail {

// The initiator's machine on a stream. Asks its attempt whether it is still wanted, tells it how it ended.
class dial_session final : public handshake_session {
public:
    dial_session(dial_attempt& owner, std::unique_ptr<transport::stream> s, handshake::initiator_options o)
        : handshake_session(owner.core_.io, std::move(s), true),
          owner_(owner.weak_from_this()),
          fsm_(std::move(o), handshake::random_challenge()) {}

private:
    handshake::action resume(const handshake::event& e) override { return fsm_.resume(e); }

    handshake::event perform(handshake::action_kind) override {
        const auto owner = owner_.lock();
        const bool wanted = owner && !owner->over_ && owner->events_.wanted();
        return wanted ? handshake::attempt::wanted : handshake::attempt::superseded;
    }

    void finished(std::unique_ptr<transport::stream> s) override {
        const auto owner = owner_.lock();
        if (!owner || std::exchange(owner->over_, true)) return;
        owner->deadline_.cancel();
        const dial_place given_back = std::move(owner->place_);
        const auto turn = std::exchange(owner->naming_, nullptr);  // others go on when the name is there
        owner->events_.established(std::move(s), fsm_.take_result());
    }

    void failed() override {
        const auto owner = owner_.lock();
        if (!owner) return;
        const handshake::handshake_error& e = fsm_.error();
        owner->fail(e.code, e.message(), e.code == node_errc::simultaneous_connect);
    }

    std::weak_ptr<dial_attempt> owner_;
    handshake::initiator_fsm fsm_;
};

dial_attempt::dial_attempt(node_core& core, node_name peer, dial_place place, dial_events events)
    : core_(core),
      peer_(std::move(peer)),
      place_(std::move(place)),
      events_(std::move(events)),
      deadline_(core.io),
      hold_(core.io) {}

dial_attempt::~dial_attempt() = default;

std::shared_ptr<dial_attempt> dial_attempt::start(node_core& core, node_name peer, dial_place place,
                                                  dial_events events) {
    auto self = std::make_shared<dial_attempt>(core, std::move(peer), std::move(place), std::move(events));
    transport::post(core.io, [self] { self->unless_inbound([raw = self.get()] { raw->look_up(); }); });
    return self;
}

void dial_attempt::cancel() noexcept {
    if (std::exchange(over_, true)) return;
    deadline_.cancel();
    hold_.cancel();
    held_ = nullptr;
    if (cancel_lookup_) cancel_lookup_();
    if (dial_) dial_->cancel();
    if (local_dial_) local_dial_->cancel();
    if (opening_) opening_->drop();
    if (session_) session_->drop();
    naming_ = nullptr;
    const dial_place given_back = std::move(place_);
}

void dial_attempt::fail(error_code code, std::string text, bool await_inbound) {
    if (over_) return;
    cancel();
    events_.failed(code, std::move(text), address_, await_inbound);
}

std::chrono::nanoseconds dial_attempt::patience(std::chrono::nanoseconds setup_time) {
    return std::min<std::chrono::nanoseconds>(setup_time / 4, std::chrono::seconds(1));
}

void dial_attempt::unless_inbound(std::function<void()> next) {
    if (over_) return;
    const auto now = detail::now(core_);
    if (!hold_until_) hold_until_ = now + patience(core_.options.net_setuptime);
    if (now >= *hold_until_ || !events_.inbound_under_way()) return next();
    held_ = std::move(next);
    hold_.start(*hold_until_ - now, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->go_on();
    });
}

void dial_attempt::inbound_failed() {
    hold_.cancel();
    go_on();
}

void dial_attempt::go_on() {
    const auto keep = shared_from_this();
    if (const auto next = std::exchange(held_, nullptr); next && !over_) next();
}

void dial_attempt::look_up() {
    if (const auto fits = peer_.check_form(core_.form); !fits)
        return fail(fits.error(), explain_bad_node_name(peer_.text(), fits.error()));
    deadline_.start(core_.options.net_setuptime, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self) return;
        const auto why = self->opening_
                             ? self->opening_->too_slow()
                             : transport::tls_failure{node_errc::handshake_timeout,
                                                      "the attempt took longer than net_setuptime"};
        self->fail(why.code, why.text);
    });
    if (core_.options.unix_sockets) return connect_locally(*core_.options.unix_sockets);
    if (core_.options.epmd == epmd_mode::none) {
        const auto port = core_.options.peer_port ? core_.options.peer_port(peer_.text()) : std::nullopt;
        if (port) return connect(*port);
        return fail(node_errc::node_not_registered,
                    "this node uses no epmd, and node_options::peer_port gives no port for that name");
    }
    cancel_lookup_ =
        start_epmd_lookup(core_.io, std::string(peer_.host()), core_.epmd_port, std::string(peer_.alive()),
                          core_.options.net_setuptime, [weak = weak_from_this()](epmd_lookup_outcome found) {
                              const auto self = weak.lock();
                              if (!self || self->over_) return;
                              self->cancel_lookup_ = nullptr;
                              if (found.port) return self->connect(*found.port);
                              self->fail(found.error, std::move(found.text));
                          });
}

void dial_attempt::connect(std::uint16_t port) {
    const bool in_brackets = peer_.host().find(':') != std::string_view::npos;
    address_ = fmt::format("{}{}{}:{}", in_brackets ? "[" : "", peer_.host(), in_brackets ? "]" : "", port);
    dial_ = transport::tcp_dial::start(
        core_.io, std::string(peer_.host()), port, core_.options.net_setuptime,
        [weak = weak_from_this()](result<std::unique_ptr<transport::stream>> s) {
            const auto self = weak.lock();
            if (!self || self->over_) return;
            self->dial_ = nullptr;
            if (s && self->core_.tls) return self->secure(std::move(*s));
            if (s) return self->connected(std::move(*s));
            self->fail(
                s.error(),
                fmt::format("connecting to {} by TCP: {}; the node has ended without telling epmd, or a "
                            "firewall is between",
                            self->address_, s.error().message()));
        });
}

void dial_attempt::connect_locally(const unix_socket_options& where) {
    const auto path = transport::socket_of(where, peer_.alive());
    if (!path) return fail(path.error().code, path.error().text);
    address_ = path->native();
    local_dial_ = transport::unix_dial::start(
        core_.io, *path, where, core_.options.net_setuptime,
        [weak = weak_from_this()](transport::unix_result<std::unique_ptr<transport::stream>> s) {
            const auto self = weak.lock();
            if (!self || self->over_) return;
            self->local_dial_ = nullptr;
            if (s) return self->connected(std::move(*s));
            self->fail(s.error().code, s.error().text);
        });
}

void dial_attempt::secure(std::unique_ptr<transport::stream> s) {
    address_ = s->peer_address();
    opening_ =
        tls_opening::start(core_.io, std::move(s), core_.tls->client_session(std::string(peer_.host())),
                           core_.options.net_setuptime, [weak = weak_from_this()](auto outcome) {
                               const auto self = weak.lock();
                               if (!self || self->over_) return;
                               self->opening_ = nullptr;
                               if (outcome) return self->connected(std::move(*outcome));
                               self->fail(outcome.error().code, outcome.error().text);
                           });
}

void dial_attempt::connected(std::unique_ptr<transport::stream> s) {
    const auto ready = std::make_shared<std::unique_ptr<transport::stream>>(std::move(s));
    unless_inbound([this, ready] { shake_hands(std::move(*ready)); });
}

/// Nothing when another attempt is asking for a name; afterwards `s` is taken up again.
bool dial_attempt::has_turn(std::unique_ptr<transport::stream>& s) {
    if (!core_.nameless || core_.given_name) return true;
    const auto kept = std::make_shared<std::unique_ptr<transport::stream>>();
    naming_ = core_.naming.ask([weak = weak_from_this(), kept] {
        const auto self = weak.lock();
        if (self && !self->over_) self->shake_hands(std::move(*kept));
    });
    if (!naming_) *kept = std::move(s);
    return naming_ != nullptr;
}

void dial_attempt::shake_hands(std::unique_ptr<transport::stream> s) {
    stage_ = stage::shaking_hands;
    address_ = s->peer_address();
    if (!has_turn(s)) return;
    handshake::initiator_options o{.own_name = core_.name,
                                   .own_host = {},
                                   .own_creation = core_.own_creation(),
                                   .own_flags = core_.own_flags,
                                   .required_flags = flag_sets::mandatory,
                                   .peer = peer_,
                                   .peer_cookie = core_.cookies.of(peer_.text()),
                                   .carrier = core_.carrier()};
    if (core_.nameless) {
        o.own_name = core_.given_name;
        o.own_host = core_.name.host();
    }
    session_ = std::make_shared<dial_session>(*this, std::move(s), std::move(o));
    session_->start(core_.options.net_setuptime);
}

}  // namespace rakka::detail
