// One attempt to reach a node: ask epmd for its port, connect, shake hands.
#pragma once

#include "handshake/handshake_io.hpp"
#include "transport/io_loop.hpp"
#include "transport/tcp.hpp"

#include <rakka/node/node_name.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace rakka::detail {

struct node_core;
class handshake_session;

/// What an attempt needs from its owner, and what it ends with. Called on the I/O thread, never from within
/// start().
struct dial_events {
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

    static std::shared_ptr<dial_attempt> start(node_core& core, node_name peer, dial_events events);
    void cancel() noexcept;
    /// Whether the peer has heard of this attempt yet.
    [[nodiscard]] stage where() const noexcept { return stage_; }

    dial_attempt(node_core& core, node_name peer, dial_events events);
    ~dial_attempt();

private:
    friend class dial_session;

    void look_up();
    void connect(std::uint16_t port);
    void shake_hands(std::unique_ptr<transport::stream> s);
    void fail(error_code code, std::string text, bool await_inbound = false);

    node_core& core_;
    node_name peer_;
    dial_events events_;
    bool over_ = false;
    stage stage_ = stage::looking_up;
    std::string address_;
    transport::timer deadline_;
    std::function<void()> cancel_lookup_;
    std::shared_ptr<transport::tcp_dial> dial_;
    std::shared_ptr<handshake_session> session_;
};

}  // namespace rakka::detail
