// Drives the socket-free machines of node/ over plain blocking sockets, one conversation at a time, for tests
// only.
#pragma once

#include "bytes.hpp"
#include "epmd/epmd_client_io.hpp"
#include "handshake/handshake_io.hpp"
#include "support/unique_fd.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <functional>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <utility>

namespace rakka::interop {

inline sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

inline unique_fd dial(std::uint16_t port) {
    unique_fd s{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const sockaddr_in address = loopback(port);
    if (::connect(s.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) s.reset();
    return s;
}

/// A listening socket and the port it got.
inline std::pair<unique_fd, std::uint16_t> listen_anywhere() {
    unique_fd s{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (::bind(s.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::listen(s.get(), 50) != 0 ||
        ::getsockname(s.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        s.reset();
    }
    return {std::move(s), ntohs(address.sin_port)};
}

inline bool is_readable(int fd, int milliseconds) {
    pollfd p{fd, POLLIN, 0};
    return ::poll(&p, 1, milliseconds) > 0;
}

inline unique_fd accept_one(const unique_fd& listener) {
    return unique_fd{is_readable(listener.get(), 20'000) ? ::accept(listener.get(), nullptr, nullptr) : -1};
}

inline bool write_all(int fd, byte_view data) {
    return ::send(fd, data.data(), data.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(data.size());
}

/// Reads once; `event` of the machine's own namespace out of what happened.
template <class Received, class Closed, class Event>
Event read_once(int fd, std::array<std::uint8_t, 4096>& buffer, Event timed_out) {
    if (!is_readable(fd, 15'000)) return timed_out;
    const ssize_t n = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (n < 0) return Closed{std::strerror(errno)};
    if (n == 0) return Closed{};
    return Received{byte_view(buffer.data(), static_cast<std::size_t>(n))};
}

/// Runs a handshake machine to its end; true when it is `done`.
template <class Machine>
bool shake_hands(int fd, Machine& m, const std::function<handshake::event(handshake::action_kind)>& owner) {
    using namespace handshake;
    std::array<std::uint8_t, 4096> buffer;
    action a = m.resume(started{});
    for (;;) {
        switch (a.kind) {
            case action_kind::done:
                return true;
            case action_kind::fail:
                return false;
            case action_kind::write:
                a = m.resume(write_all(fd, a.data) ? event(written{}) : closed{});
                break;
            case action_kind::read:
                a = m.resume(read_once<received, closed>(fd, buffer, event(timed_out{})));
                break;
            default:
                a = m.resume(owner(a.kind));
        }
    }
}

/// Runs an epmd client machine to its end, or to its first news; the socket, if it is still of use.
template <class Machine>
unique_fd ask_epmd(std::uint16_t port, Machine& m) {
    using namespace epmd;
    std::array<std::uint8_t, 4096> buffer;
    unique_fd s;
    action a = m.resume(started{});
    for (;;) {
        if (a.news != news::nothing) return s;
        switch (a.kind) {
            case action_kind::connect:
                s = dial(port);
                a = m.resume(s ? event(connected{}) : connect_failed{std::strerror(errno)});
                break;
            case action_kind::write:
                a = m.resume(write_all(s.get(), a.data) ? event(written{}) : closed{});
                break;
            case action_kind::read:
                a = m.resume(read_once<received, closed>(s.get(), buffer, event(timed_out{})));
                break;
            case action_kind::wait:
            case action_kind::done:
            case action_kind::fail:
                return {};
        }
    }
}

}  // namespace rakka::interop
