// One attempt to reach a node: ask epmd for its port, connect, set TLS up if the node uses it, shake hands.
#pragma once

#include "connection/dial_limits.hpp"
#include "connection/own_name_turns.hpp"
#include "handshake/handshake_io.hpp"
#include "transport/io_loop.hpp"
#include "transport/tcp.hpp"
#include "transport/unix_socket.hpp"

#include <rakka/node/node_name.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace rakka::detail {

struct node_core;
class handshake_session;
class tls_opening;

/// What an attempt needs from its owner, and what it ends with. Called on the I/O thread, never from within
/// start().
struct dial_events {
    /// Whether the peer, or somebody who says so, is in the middle of a handshake with us.
    std::function<bool()> inbound_under_way;
    /// Whether this attempt is still the one its owner wants (the peer believes to be connected already).
    std::function<bool()> wanted;
    std::function<void(std::unique_ptr<transport::stream>, handshake::established)> established;
    /// `await_inbound`: the peer dials us at the same time and its attempt is the one that goes on.
    std::function<void(error_code, std::string text, std::string address, bool await_inbound)> failed;
};

/// I/O thread. Ends with `established` or `failed`, once, unless `cancel` comes first.
class dial_attempt : public std::enable_shared_from_this<dial_attempt> {
public:
    enum class stage : std::uint8_t { looking_up, shaking_hands };

    /// An attempt does not get in the way of the peer's own for as long as this, in which a peer that means
    /// it is done. Others who use its name cannot hold us up for longer.
    [[nodiscard]] static std::chrono::nanoseconds patience(std::chrono::nanoseconds setup_time);

    static std::shared_ptr<dial_attempt> start(node_core& core, node_name peer, dial_place place,
                                               dial_events events);
    void cancel() noexcept;
    /// The handshake that was under way has come to nothing.
    void inbound_failed();
    /// Whether the peer has heard of this attempt yet.
    [[nodiscard]] stage where() const noexcept { return stage_; }

    dial_attempt(node_core& core, node_name peer, dial_place place, dial_events events);
    ~dial_attempt();

private:
    friend class dial_session;

    void unless_inbound(std::function<void()> next);
    void go_on();
    void look_up();
    void connect(std::uint16_t port);
    void connect_locally(const unix_socket_options& where);
    void secure(std::unique_ptr<transport::stream> s);
    void connected(std::unique_ptr<transport::stream> s);
    bool has_turn(std::unique_ptr<transport::stream>& s);
    void shake_hands(std::unique_ptr<transport::stream> s);
    void fail(error_code code, std::string text, bool await_inbound = false);

    node_core& core_;
    node_name peer_;
    dial_place place_;
    dial_events events_;
    bool over_ = false;
    stage stage_ = stage::looking_up;
    std::string address_;
    transport::timer deadline_;
    std::function<void()> held_;  // what comes next, while the peer's attempt has precedence
    transport::timer hold_;
    std::optional<std::chrono::steady_clock::time_point> hold_until_;
    std::function<void()> cancel_lookup_;
    std::shared_ptr<transport::tcp_dial> dial_;
    std::shared_ptr<transport::unix_dial> local_dial_;
    std::shared_ptr<tls_opening> opening_;
    own_name_turns::turn naming_;  // while it asks for this node's name
    std::shared_ptr<handshake_session> session_;
};

}  // namespace rakka::detail
