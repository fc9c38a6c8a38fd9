// An HTTP client over a blocking socket, which can also misbehave.
#pragma once

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>

namespace rakka::testing {

struct web_response {
    int status = 0;  ///< 0: none came
    std::string head;
    std::string body;
};

class web_client {
public:
    explicit web_client(std::uint16_t port) : socket_(io_) {
        socket_.connect({boost::asio::ip::make_address("127.0.0.1"), port});
        const timeval limit{60, 0};
        setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    }

    /// False when the server has closed the connection.
    bool send(std::string_view bytes) {
        boost::system::error_code error;
        boost::asio::write(socket_, boost::asio::buffer(bytes), error);
        return !error;
    }
    [[nodiscard]] web_response get(const std::string& path, const std::string& method = "GET") {
        send(method + ' ' + path + " HTTP/1.1\r\nHost: test\r\n\r\n");
        return receive(method != "HEAD");
    }
    /// Its body is as long as its head says.
    [[nodiscard]] web_response receive(bool with_body = true) {
        web_response out;
        boost::system::error_code error;
        const std::size_t n =
            boost::asio::read_until(socket_, boost::asio::dynamic_buffer(read_), "\r\n\r\n", error);
        if (error) return out;
        out.head = read_.substr(0, n);
        read_.erase(0, n);
        out.status = std::stoi(out.head.substr(out.head.find(' ') + 1));
        const auto at = out.head.find("Content-Length: ");
        const std::size_t length =
            with_body && at != std::string::npos ? std::stoul(out.head.substr(at + 16)) : 0;
        if (read_.size() < length)
            boost::asio::read(socket_, boost::asio::dynamic_buffer(read_),
                              boost::asio::transfer_exactly(length - read_.size()), error);
        out.body = read_.substr(0, length);
        read_.erase(0, length);
        return out;
    }
    /// Waits until the server closes the connection; false when it sends something first.
    [[nodiscard]] bool is_closed() {
        std::array<char, 1> one{};
        boost::system::error_code error;
        return socket_.read_some(boost::asio::buffer(one), error) == 0 &&
               error != boost::asio::error::would_block && error != boost::asio::error::try_again;
    }
    void shutdown_send() { socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send); }
    boost::asio::ip::tcp::socket& socket() { return socket_; }

private:
    boost::asio::io_context io_;
    boost::asio::ip::tcp::socket socket_;
    std::string read_;
};

[[nodiscard]] inline web_response get(std::uint16_t port, const std::string& path) {
    return web_client(port).get(path);
}

}  // namespace rakka::testing
