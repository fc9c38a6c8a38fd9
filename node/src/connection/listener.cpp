#include "connection/listener.hpp"

#include "connection/connection.hpp"
#include "connection/handshake_session.hpp"
#include "connection/node_core.hpp"
#include "handshake/acceptor_fsm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace rakka::detail {

using handshake::action_kind;
using handshake::peer_relation;

// The acceptor's machine on a stream. Lives in its listener's list while it runs.
class accept_session final : public handshake_session {
public:
    accept_session(listener& owner, transport::io_loop& io, std::unique_ptr<transport::stream> s,
                   handshake::acceptor_options o)
        : handshake_session(io, std::move(s), false),
          owner_(owner),
          fsm_(std::move(o), handshake::random_challenge()) {}

    /// Empty until the peer has told its name.
    const std::optional<node_name>& peer() const noexcept { return peer_; }
    const handshake::acceptor_fsm& machine() const noexcept { return fsm_; }
    bool asks_alive = false;  ///< has told the peer that it is connected already

private:
    handshake::action resume(const handshake::event& e) override { return fsm_.resume(e); }

    handshake::event perform(action_kind what) override {
        switch (what) {
            case action_kind::check_peer:
                peer_ = fsm_.peer_name();
                return owner_.decide(*this);
            case action_kind::abandon_own_attempt:
                owner_.abandon_own_attempt(*this);
                return handshake::own_attempt_abandoned{};
            case action_kind::close_old_connection:
                owner_.close_old_connection(*this);
                return handshake::old_connection_closed{};
            default:
                break;
        }
        auto given = handshake::make_dynamic_name(fsm_.peer_host());
        if (!given) return handshake::peer_refused{};
        peer_ = *given;
        return handshake::name_assigned{std::move(*given), random_creation()};
    }

    void finished(std::unique_ptr<transport::stream> s) override {
        owner_.finished(*this, std::move(s), fsm_.take_result());
    }
    void failed() override { owner_.failed(*this); }

    listener& owner_;
    handshake::acceptor_fsm fsm_;
    std::optional<node_name> peer_;
};

listener::listener(node_core& core, std::unique_ptr<transport::tcp_listener> socket)
    : core_(core), socket_(std::move(socket)) {}

listener::~listener() {
    close();
}

void listener::start() {
    socket_->start(
        [this](std::unique_ptr<transport::stream> s) { accept(std::move(s)); },
        [this](error_code e) {
            core_.log(node_log_level::error, {}, {}, e,
                      fmt::format("no further peer can connect to this node: accepting on port {} failed: "
                                  "{}",
                                  socket_->port(), e.message()));
        });
}

void listener::close() noexcept {
    socket_->close();
    for (const auto& s : std::exchange(sessions_, {}))
        s->drop();
}

bool listener::shaking_hands_with(const node_name& name) const {
    return std::any_of(sessions_.begin(), sessions_.end(), [&](const auto& s) { return s->peer() == name; });
}

void listener::accept(std::unique_ptr<transport::stream> s) {
    if (sessions_.size() >= core_.options.max_handshakes) {
        core_.log(node_log_level::warning, {}, s->peer_address(), node_errc::limit_exceeded,
                  fmt::format(
                      "closed the connection from {}: {} others are in the middle of their handshake (limit "
                      "node_options::max_handshakes)",
                      s->peer_address(), sessions_.size()));
        return;
    }
    handshake::acceptor_options o{.own_name = core_.name,
                                  .own_creation = core_.own_creation,
                                  .own_flags = core_.own_flags,
                                  .required_flags = flag_sets::mandatory,
                                  .own_cookie = core_.secret,
                                  .carrier = {}};
    const auto session = std::make_shared<accept_session>(*this, core_.io, std::move(s), std::move(o));
    sessions_.push_back(session);
    session->start(core_.options.net_setuptime);
}

// Names of peers that have not proven anything yet are compared as text: they must not get into the atom
// table.
handshake::event listener::decide(accept_session& asking) {
    if (core_.stopping) return handshake::peer_refused{};
    for (const auto& other : sessions_) {
        if (other.get() == &asking || other->peer() != asking.peer()) continue;
        return handshake::peer_allowed{other->asks_alive ? peer_relation::alive_exchange_running
                                                         : peer_relation::attempt_pending};
    }
    const auto known = atom::existing(asking.peer()->text());
    const auto c = known ? core_.find(*known) : nullptr;
    if (!c) return handshake::peer_allowed{peer_relation::none};
    switch (c->phase()) {
        case connection_phase::up:
            asking.asks_alive = true;
            return handshake::peer_allowed{peer_relation::up};
        case connection_phase::pending:
            return handshake::peer_allowed{c->own_attempt()};
        case connection_phase::closed:
            break;
    }
    return handshake::peer_allowed{peer_relation::none};
}

void listener::abandon_own_attempt(const accept_session& by) {
    std::erase_if(sessions_, [&](const auto& s) {
        if (s.get() == &by || s->peer() != by.peer()) return false;
        s->drop();
        return true;
    });
    const auto known = atom::existing(by.peer()->text());
    if (const auto c = known ? core_.find(*known) : nullptr) c->await_inbound();
}

void listener::close_old_connection(const accept_session& by) {
    const auto known = atom::existing(by.peer()->text());
    const auto c = known ? core_.find(*known) : nullptr;
    if (c && c->phase() == connection_phase::up) {
        c->lose(node_errc::connection_lost, "the peer has opened a new connection in place of this one",
                "connection_closed"_a);
    }
}

void listener::finished(accept_session& done, std::unique_ptr<transport::stream> s,
                        handshake::established e) {
    const auto keep = done.shared_from_this();
    forget(done);
    if (core_.stopping) return;
    const auto name = atom::make(e.peer_name.text());
    if (!name) {
        core_.log(node_log_level::error, e.peer_name.text(), s->peer_address(), name.error(),
                  fmt::format("closed the connection from {} ({}): its name cannot become an atom: {}",
                              e.peer_name.text(), s->peer_address(), name.error().message()));
        return;
    }
    connection::adopt_inbound(core_, *name, std::move(s), std::move(e));
}

void listener::failed(accept_session& which) {
    const auto keep = which.shared_from_this();
    forget(which);
    const handshake::handshake_error& e = which.machine().error();
    // Two connections at once, or a port scanner that says nothing, are no reason to worry.
    const bool harmless = e.code == node_errc::simultaneous_connect || e.code == node_errc::already_connected;
    core_.log(harmless ? node_log_level::debug : node_log_level::warning, e.peer, which.peer_address(),
              e.code, fmt::format("connection from {} refused: {}", which.peer_address(), e.message()));
    if (!which.peer()) return;
    const auto known = atom::existing(which.peer()->text());
    if (const auto c = known ? core_.find(*known) : nullptr) c->inbound_failed();
}

void listener::forget(const accept_session& which) {
    std::erase_if(sessions_, [&](const auto& s) { return s.get() == &which; });
}

}  // namespace rakka::detail
