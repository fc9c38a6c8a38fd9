// The stream over one socket: TCP, or a Unix socket.
#pragma once

#include "transport/stream.hpp"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <string>

namespace rakka::transport {

class socket_stream final : public stream {
public:
    using socket = boost::asio::generic::stream_protocol::socket;

    /// `s` is connected, and in non-blocking mode from now on. The addresses are what others are shown.
    socket_stream(socket s, std::string peer, std::string own);

    void read_some(std::span<std::byte> into, std::shared_ptr<stream_user> user) override;
    void wait_writable(std::shared_ptr<stream_user> user) override;
    result<std::size_t> try_write(std::span<const iovec> parts) noexcept override;
    void close_both() noexcept override;
    const std::string& peer_address() const noexcept override { return peer_; }
    const std::string& own_address() const noexcept override { return own_; }

private:
    socket socket_;
    int descriptor_;  // constant: try_write must not look into socket_, which the I/O thread may be using
    std::string peer_;
    std::string own_;
};

/// The stream over a connected TCP socket, with TCP_NODELAY and keep-alive turned on.
std::unique_ptr<stream> make_tcp_stream(boost::asio::ip::tcp::socket s);

/// "127.0.0.1:4369", "[::1]:4369".
std::string to_text(const boost::asio::ip::tcp::endpoint& e);

}  // namespace rakka::transport
