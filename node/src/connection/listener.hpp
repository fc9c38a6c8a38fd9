// The door for peers that dial us: accepts sockets, shakes hands, decides between competing connections.
#pragma once

#include "connection/accept_limits.hpp"
#include "connection/log_pacer.hpp"
#include "handshake/handshake_io.hpp"
#include "transport/listening_socket.hpp"

#include <rakka/etf/atom.hpp>

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>

namespace rakka::detail {

struct node_core;
class accept_session;
class tls_opening;

/// I/O thread. Owned by the node_core.
class listener {
public:
    listener(node_core& core, std::unique_ptr<transport::listening_socket> socket);
    ~listener();

    void start();
    /// Takes no further peers and drops the handshakes under way.
    void close() noexcept;
    [[nodiscard]] std::uint16_t port() const noexcept { return socket_->port(); }

    /// True while a peer that calls itself `name` is in the middle of a handshake with us.
    [[nodiscard]] bool shaking_hands_with(atom name) const;

private:
    friend class accept_session;

    void accept(std::unique_ptr<transport::stream> s);
    [[nodiscard]] bool lets_in(const transport::stream& s);
    void secure(std::unique_ptr<transport::stream> s);
    void shake_hands(std::unique_ptr<transport::stream> s, std::chrono::nanoseconds limit);
    [[nodiscard]] handshake::event decide(accept_session& asking);
    [[nodiscard]] handshake::event give_name(accept_session& asking);
    [[nodiscard]] static handshake::peer_refused not_on_the_list();
    [[nodiscard]] handshake::event take_over(const accept_session& by);
    void finished(accept_session& done, std::unique_ptr<transport::stream> s, handshake::established e);
    void failed(accept_session& which);
    [[nodiscard]] bool given_up(const accept_session& which) const;
    void forget(const accept_session& which);

    node_core& core_;
    std::unique_ptr<transport::listening_socket> socket_;
    struct opening {
        std::shared_ptr<tls_opening> tls;
        std::chrono::steady_clock::time_point begun;
    };
    accept_limits limits_;
    log_pacer too_fast_;
    std::list<opening> openings_;  // not yet sessions
    std::list<std::shared_ptr<accept_session>> sessions_;
};

}  // namespace rakka::detail
