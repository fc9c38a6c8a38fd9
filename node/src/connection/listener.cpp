#include "connection/listener.hpp"

#include "connection/connection.hpp"
#include "connection/handshake_session.hpp"
#include "connection/node_core.hpp"
#include "connection/node_time.hpp"
#include "connection/tls_opening.hpp"
#include "handshake/acceptor_fsm.hpp"
#include "transport/tls_contexts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
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
    bool told_alive = false;  ///< that it is connected already
    bool nameless = false;    ///< until we gave it a name

private:
    handshake::action resume(const handshake::event& e) override { return fsm_.resume(e); }

    handshake::event perform(action_kind what) override {
        switch (what) {
            case action_kind::check_peer:
                peer_ = fsm_.peer_name();
                return owner_.decide(*this);
            case action_kind::assign_name: {
                auto answer = owner_.give_name(*this);
                if (const auto* given = std::get_if<handshake::name_assigned>(&answer)) peer_ = given->name;
                return answer;
            }
            default:
                return owner_.take_over(*this);
        }
    }

    void finished(std::unique_ptr<transport::stream> s) override {
        owner_.finished(*this, std::move(s), fsm_.take_result());
    }
    void failed() override { owner_.failed(*this); }

    listener& owner_;
    handshake::acceptor_fsm fsm_;
    std::optional<node_name> peer_;
};

listener::listener(node_core& core, std::unique_ptr<transport::listening_socket> socket)
    : core_(core),
      socket_(std::move(socket)),
      limits_(core.options.accept_rate_per_address, core.options.accept_rate) {}

listener::~listener() {
    close();
}

void listener::start() {
    socket_->start([this](std::unique_ptr<transport::stream> s) { accept(std::move(s)); },
                   [this](error_code e) {
                       core_.log(
                           node_log_level::error, {}, {}, e,
                           fmt::format("no further peer can connect to this node: accepting on {} failed: {}",
                                       socket_->address(), e.message()));
                   });
}

void listener::close() noexcept {
    socket_->close();
    for (const opening& o : std::exchange(openings_, {}))
        o.tls->drop();
    for (const auto& s : std::exchange(sessions_, {}))
        s->drop();
}

bool listener::shaking_hands_with(atom name) const {
    return std::any_of(sessions_.begin(), sessions_.end(),
                       [&](const auto& s) { return s->peer() && s->peer()->text() == name.text(); });
}

/// Whether there are not too many new ones already.
bool listener::lets_in(const transport::stream& s) {
    const auto verdict = limits_.take(s.peer_address());
    if (verdict == accept_limits::verdict::let_in) return true;
    if (const auto times = too_fast_.happened()) {
        const bool one = verdict == accept_limits::verdict::too_many_from_there;
        core_.log(
            node_log_level::warning, {}, s.peer_address(), node_errc::limit_exceeded,
            fmt::format(
                "closed the connection from {}: too many new ones {} (limit node_options::{}){}",
                s.peer_address(), one ? "from this address" : "in all",
                one ? "accept_rate_per_address" : "accept_rate",
                *times == 1 ? std::string() : fmt::format("; {} were closed since the last line", *times)));
    }
    return false;
}

void listener::accept(std::unique_ptr<transport::stream> s) {
    if (!lets_in(*s)) return;
    const std::size_t others = sessions_.size() + openings_.size();
    if (others >= core_.options.max_handshakes) {
        core_.log(node_log_level::warning, {}, s->peer_address(), node_errc::limit_exceeded,
                  fmt::format(
                      "closed the connection from {}: {} others are in the middle of their handshake (limit "
                      "node_options::max_handshakes)",
                      s->peer_address(), others));
        return;
    }
    if (core_.tls) return secure(std::move(s));
    shake_hands(std::move(s), core_.options.net_setuptime);
}

void listener::secure(std::unique_ptr<transport::stream> s) {
    auto session = core_.tls->server_session();
    openings_.push_back({nullptr, now(core_)});
    const auto mine = std::prev(openings_.end());
    mine->tls = tls_opening::start(
        core_.io, std::move(s), std::move(session), core_.options.net_setuptime,
        [this, mine](tls_opening::outcome o) {
            const opening ended = *mine;
            openings_.erase(mine);
            if (o) {
                const auto used = now(core_) - ended.begun;
                return shake_hands(std::move(*o), std::max<std::chrono::nanoseconds>(
                                                      core_.options.net_setuptime - used, {}));
            }
            const std::string& address = ended.tls->peer_address();
            core_.log(node_log_level::warning, {}, address, o.error().code,
                      fmt::format("connection from {} refused: {}", address, o.error().text));
        });
}

void listener::shake_hands(std::unique_ptr<transport::stream> s, std::chrono::nanoseconds limit) {
    handshake::acceptor_options o{.own_name = core_.name,
                                  .own_creation = core_.own_creation(),
                                  .own_flags = core_.own_flags,
                                  .required_flags = flag_sets::mandatory,
                                  .own_cookie = core_.cookies.of({}),
                                  .carrier = core_.carrier()};
    const auto session = std::make_shared<accept_session>(*this, core_.io, std::move(s), std::move(o));
    sessions_.push_back(session);
    session->start(limit);
}

// Names of peers that have not proven anything yet are compared as text: they must not get into the atom
// table. Nor does anybody give way to them: several sockets that claim one name all go on until one of them
// proves itself.
handshake::event listener::decide(accept_session& asking) {
    if (core_.stopping) return handshake::peer_refused{};
    if (!core_.allowed.allows(*asking.peer())) return not_on_the_list();
    const auto known = atom::existing(asking.peer()->text());
    const auto c = known ? core_.find(*known) : nullptr;
    peer_relation relation = peer_relation::none;
    if (c && c->phase() == connection_phase::up) {
        asking.told_alive = true;
        relation = peer_relation::up;
    } else if (c && c->phase() == connection_phase::pending) {
        relation = c->own_attempt();
    }
    return handshake::peer_allowed{relation, core_.cookies.of(asking.peer()->text())};
}

handshake::peer_refused listener::not_on_the_list() {
    return {node_errc::handshake_refused, "neither the peer nor its host is on the list node_options::allow"};
}

handshake::event listener::give_name(accept_session& asking) {
    if (core_.stopping) return handshake::peer_refused{};
    const std::string& host = asking.machine().peer_host();
    if (!core_.allowed.allows_host(host)) return not_on_the_list();
    auto given = core_.given_names.take(host, [this](const node_name& n) {
        const auto known = atom::existing(n.text());
        return n == core_.name || (known && core_.find(*known));
    });
    if (!given)
        return handshake::peer_refused{node_errc::bad_node_name, "no name of a node fits its host part"};
    asking.nameless = true;
    return handshake::name_assigned{std::move(given->name), given->creation};
}

handshake::event listener::take_over(const accept_session& by) {
    const auto name = core_.atom_of_peer(*by.peer());
    if (!name) {
        return handshake::peer_refused{
            node_errc::limit_exceeded,
            "nodes of so many names have connected already that no new one is let in (limit "
            "node_options::max_peer_names)"};
    }
    const auto c = core_.find(*name);
    if (!c) return handshake::taken_over{};
    if (c->phase() == connection_phase::pending) {
        // Having heard of our attempt, a peer of a smaller name gives up its own.
        if (c->own_attempt() == peer_relation::attempt_pending && core_.name > *by.peer()) {
            return handshake::peer_refused{node_errc::simultaneous_connect,
                                           "our own attempt to reach the same peer goes on"};
        }
        c->await_inbound();
    } else if (c->phase() == connection_phase::up && !by.told_alive) {
        return handshake::peer_refused{node_errc::already_connected,
                                       "another connection to the same peer came up meanwhile and goes on"};
    } else if (c->phase() == connection_phase::up) {
        c->lose(node_errc::connection_lost, "the peer has opened a new connection in place of this one",
                "connection_closed"_a);
    }
    return handshake::taken_over{};
}

void listener::finished(accept_session& done, std::unique_ptr<transport::stream> s,
                        handshake::established e) {
    const auto keep = done.shared_from_this();
    forget(done);
    if (core_.stopping) return;
    const auto name = atom::existing(e.peer_name.text());  // since take_over
    connection::adopt_inbound(core_, *name, std::move(s), std::move(e));
}

void listener::failed(accept_session& which) {
    const auto keep = which.shared_from_this();
    forget(which);
    const handshake::handshake_error& e = which.machine().error();
    // Two connections at once are no reason to worry.
    const bool harmless = e.code == node_errc::simultaneous_connect ||
                          e.code == node_errc::already_connected || given_up(which);
    core_.log(harmless ? node_log_level::debug : node_log_level::warning, e.peer, which.peer_address(),
              e.code, fmt::format("connection from {} refused: {}", which.peer_address(), e.message()));
    if (!which.peer()) return;
    if (which.nameless) core_.given_names.give_back(which.peer()->text());
    const auto known = atom::existing(which.peer()->text());
    if (!known || shaking_hands_with(*known)) return;
    if (const auto c = core_.find(*known)) c->inbound_failed();
}

/// Whether the peer has dropped one of two attempts, as everybody does who has dialled while being dialled.
bool listener::given_up(const accept_session& which) const {
    if (which.machine().error().code != node_errc::handshake_closed || !which.peer()) return false;
    const auto known = atom::existing(which.peer()->text());
    if (!known) return false;
    if (shaking_hands_with(*known)) return true;
    const auto c = core_.find(*known);
    return c && (c->phase() == connection_phase::up || c->own_attempt() != peer_relation::none);
}

void listener::forget(const accept_session& which) {
    std::erase_if(sessions_, [&](const auto& s) { return s.get() == &which; });
}

}  // namespace rakka::detail
