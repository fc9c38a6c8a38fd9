#include "transport/socket_stream.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>

#include <cerrno>
#include <sys/socket.h>
#include <sys/uio.h>
#include <utility>

namespace rakka::transport {

using boost::asio::ip::tcp;

std::string to_text(const tcp::endpoint& e) {
    // What comes in by IPv4 at a socket for both is shown as what it is.
    if (e.address().is_v6() && e.address().to_v6().is_v4_mapped()) {
        return to_text(
            {boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, e.address().to_v6()), e.port()});
    }
    const std::string address = e.address().to_string();
    const std::string port = std::to_string(e.port());
    return e.address().is_v6() ? '[' + address + "]:" + port : address + ':' + port;
}

socket_stream::socket_stream(socket s, std::string peer, std::string own)
    : socket_(std::move(s)),
      descriptor_(socket_.native_handle()),
      peer_(std::move(peer)),
      own_(std::move(own)) {
    error_code ignored;  // of a socket the peer has reset already: the first read reports it
    socket_.non_blocking(true, ignored);
}

std::unique_ptr<stream> make_tcp_stream(tcp::socket s) {
    error_code ignored;  // as above
    s.set_option(tcp::no_delay(true), ignored);
    s.set_option(boost::asio::socket_base::keep_alive(true), ignored);
    std::string peer = to_text(s.remote_endpoint(ignored));
    std::string own = to_text(s.local_endpoint(ignored));
    return std::make_unique<socket_stream>(std::move(s), std::move(peer), std::move(own));
}

void socket_stream::read_some(std::span<std::byte> into, std::shared_ptr<stream_user> user) {
    socket_.async_read_some(boost::asio::buffer(into.data(), into.size()),
                            [user = std::move(user)](error_code e, std::size_t n) { user->on_read(e, n); });
}

void socket_stream::wait_writable(std::shared_ptr<stream_user> user) {
    socket_.async_wait(socket::wait_write, [user = std::move(user)](error_code e) { user->on_writable(e); });
}

result<std::size_t> socket_stream::try_write(std::span<const iovec> parts) noexcept {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(parts.data());  // sendmsg only reads them
    message.msg_iovlen = parts.size();
    while (true) {
        const ssize_t n = ::sendmsg(descriptor_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n >= 0) return static_cast<std::size_t>(n);
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) return std::size_t{0};
        return error_code(errno, boost::system::system_category());
    }
}

void socket_stream::close_both() noexcept {
    // Only shut down: the descriptor itself stays ours until the destructor, so that a try_write on another
    // thread can never hit a descriptor that the system has given to somebody else meanwhile.
    ::shutdown(descriptor_, SHUT_RDWR);
    try {
        error_code ignored;
        socket_.cancel(ignored);
    } catch (...) {
        // the shutdown alone ends the operations as well
    }
}

}  // namespace rakka::transport
