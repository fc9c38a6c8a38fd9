// One direction of dialling between two members: passes on what comes, unless told otherwise.
#pragma once

#include "between.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <list>
#include <memory>

namespace rakka::interop {

/// All functions: the thread of the io_context, but for the constructor and port().
class relay {
public:
    explicit relay(boost::asio::io_context& io);
    ~relay();

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// Where connections go from now on; 0: nowhere.
    void set_target(std::uint16_t port) noexcept { target_ = port; }
    void set(way w);

private:
    class link;

    void accept();

    boost::asio::io_context& io_;
    boost::asio::ip::tcp::acceptor listener_;
    std::uint16_t port_ = 0;
    std::uint16_t target_ = 0;
    way way_ = way::open;
    std::list<std::weak_ptr<link>> links_;
    std::list<std::shared_ptr<link>> held_links_;  // nothing else keeps what has not begun yet
};

}  // namespace rakka::interop
