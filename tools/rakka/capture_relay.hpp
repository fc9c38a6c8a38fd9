// Stands between two nodes and hears all they say to each other.
#pragma once

#include <rakka/node/capture.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace rakka::tools {

/// Accepts connections and passes what comes on to the target, and back. Lives as long as its io_context
/// runs; one thread.
class capture_relay {
public:
    using on_happening = std::function<void(capture::happening)>;

    /// Listens on `listen`, port 0 for any. Throws boost::system::system_error.
    capture_relay(boost::asio::io_context& io, const boost::asio::ip::tcp::endpoint& listen,
                  boost::asio::ip::tcp::endpoint target, on_happening told);

    [[nodiscard]] std::uint16_t port() const { return listener_.local_endpoint().port(); }

private:
    void accept();
    void connect(boost::asio::ip::tcp::socket dialler);

    boost::asio::io_context& io_;
    boost::asio::ip::tcp::acceptor listener_;
    boost::asio::ip::tcp::endpoint target_;
    on_happening told_;
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    std::uint32_t connections_ = 0;
};

}  // namespace rakka::tools
