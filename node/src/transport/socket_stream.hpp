// The stream over one TCP socket.
#pragma once

#include "transport/stream.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <string>

namespace rakka::transport {

class tcp_stream final : public stream {
public:
    /// `socket` is connected. Turns on TCP_NODELAY, keep-alive and non-blocking mode.
    explicit tcp_stream(boost::asio::ip::tcp::socket socket);

    void read_some(std::span<std::byte> into, std::shared_ptr<stream_user> user) override;
    void wait_writable(std::shared_ptr<stream_user> user) override;
    result<std::size_t> try_write(std::span<const iovec> parts) noexcept override;
    void close_both() noexcept override;
    const std::string& peer_address() const noexcept override { return peer_; }
    const std::string& own_address() const noexcept override { return own_; }

private:
    boost::asio::ip::tcp::socket socket_;
    int descriptor_;  // constant: try_write must not look into socket_, which the I/O thread may be using
    std::string peer_;
    std::string own_;
};

/// "127.0.0.1:4369", "[::1]:4369".
std::string to_text(const boost::asio::ip::tcp::endpoint& e);

}  // namespace rakka::transport
