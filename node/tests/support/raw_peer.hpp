// A peer made of a plain blocking socket, which may say anything.
#pragma once

#include "handshake/handshake_messages.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/encode.hpp>
#include <rakka/node/cookie.hpp>
#include <rakka/node/creation.hpp>

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <cstddef>
#include <cstdint>
#include <netinet/in.h>
#include <poll.h>
#include <span>
#include <string>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <utility>

namespace rakka::testing {

class raw_peer {
public:
    explicit raw_peer(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const timeval limit{20, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_port = htons(port);
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    }
    raw_peer(raw_peer&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    ~raw_peer() {
        if (fd_ >= 0) ::close(fd_);
    }
    raw_peer& operator=(raw_peer&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }

    /// This end, as the node sees it: "127.0.0.1:50000".
    [[nodiscard]] std::string address() const {
        sockaddr_in at{};
        socklen_t size = sizeof at;
        EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size), 0);
        return "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
    }

    void write(byte_view data) {
        // A peer that has hung up already makes this fail, which is no error of the test.
        static_cast<void>(::send(fd_, data.data(), data.size(), MSG_NOSIGNAL));
    }
    void write(const std::string& text) {
        write(byte_view(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
    }
    /// Exactly `size` bytes, or fewer when the peer closed (or said nothing for 20 s).
    bytes read(std::size_t size) {
        bytes all(size);
        std::size_t got = 0;
        while (got < size) {
            const ssize_t n = ::recv(fd_, all.data() + got, size - got, 0);
            if (n <= 0) break;
            got += static_cast<std::size_t>(n);
        }
        all.resize(got);
        return all;
    }
    /// What there is, at least one byte; nothing at the end (or after 20 s).
    std::size_t read_some(std::span<std::byte> into) {
        const ssize_t n = ::recv(fd_, into.data(), into.size(), 0);
        return n <= 0 ? 0 : static_cast<std::size_t>(n);
    }
    /// Reads away what comes until the peer closes; false when it does not within 20 s.
    bool wait_for_close() {
        std::uint8_t buffer[4096];
        ssize_t n = 0;
        while ((n = ::recv(fd_, buffer, sizeof buffer, 0)) > 0) {
        }
        return n == 0 || errno == ECONNRESET;
    }

    /// The node reads the end of what was written; what it sends still arrives.
    void finish_writing() { ::shutdown(fd_, SHUT_WR); }
    /// Ends both directions: a read under way on another thread returns.
    void shut_down() { ::shutdown(fd_, SHUT_RDWR); }

    /// One handshake message without its length.
    bytes read_message() {
        const bytes size = read(2);
        return size.size() < 2 ? bytes() : read(static_cast<std::size_t>(size[0]) << 8 | size[1]);
    }

    static bytes send_name(const std::string& name, distribution_flags flags = flag_sets::wanted) {
        return handshake::encode(handshake::name_message{flags, creation(77), name},
                                 handshake::length_prefix::two_bytes);
    }

    /// The whole handshake as dialler; false when the node hangs up in it.
    bool shake_hands(const std::string& name, const std::string& secret,
                     distribution_flags flags = flag_sets::wanted) {
        write(send_name(name, flags));
        if (const bytes status = read_message(); std::string(status.begin(), status.end()) != "sok")
            return false;
        return prove(secret);
    }
    /// The same from the challenge on.
    bool prove(const std::string& secret) {
        const auto challenge = handshake::decode_challenge(read_message());
        if (!challenge) return false;
        const handshake::reply_message reply{
            handshake::challenge(1),
            handshake::make_digest(*cookie::from_text(secret), challenge->challenge)};
        write(handshake::encode(reply, handshake::length_prefix::two_bytes));
        return static_cast<bool>(handshake::decode_ack(read_message()));
    }

    /// The whole handshake as the node dialled, which calls itself `name`; false when the dialler hangs up.
    bool answer_handshake(const std::string& name, const std::string& secret) {
        if (read_message().empty()) return false;
        return answer_rest(name, secret);
    }
    /// The same from the status on.
    bool answer_rest(const std::string& name, const std::string& secret) {
        using namespace handshake;
        write(encode(status_message{status::ok, {}, {}}, length_prefix::two_bytes));
        write(encode(challenge_message{flag_sets::wanted, challenge(1), creation(77), name},
                     length_prefix::two_bytes));
        const auto reply = decode_reply(read_message());
        if (!reply) return false;
        write(encode(ack_message{make_digest(*cookie::from_text(secret), reply->challenge)},
                     length_prefix::two_bytes));
        return true;
    }

    /// A frame around `body`.
    static bytes frame(byte_view body) {
        bytes out;
        detail::put(out, body.size(), 4);
        out.insert(out.end(), body.begin(), body.end());
        return out;
    }
    /// A control message without atom cache, and a payload if it has a value.
    static bytes message(const term& control, const term& payload = {}) {
        bytes body{131, 68, 0};
        for (const term* t : {&control, &payload}) {
            if (!t->has_value()) continue;
            const auto encoded = etf::encode(*t, {.version = false});
            for (const std::byte b : encoded->bytes())
                body.push_back(std::to_integer<std::uint8_t>(b));
        }
        return frame(body);
    }

private:
    friend class raw_listener;
    explicit raw_peer(int fd, int) : fd_(fd) {}

    int fd_;
};

/// A listening socket on a free port, for the node to dial.
class raw_listener {
public:
    raw_listener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&at), size), 0);
        EXPECT_EQ(::listen(fd_, 64), 0);
        EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size), 0);
        port_ = ntohs(at.sin_port);
    }
    ~raw_listener() { ::close(fd_); }
    raw_listener(const raw_listener&) = delete;
    raw_listener& operator=(const raw_listener&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// The next connection; waits for it up to 20 s.
    raw_peer accept() {
        const timeval limit{20, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
        EXPECT_GE(fd, 0) << "nobody dialled";
        ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        return raw_peer(fd, 0);
    }
    /// Whether somebody has dialled that accept() has not taken yet.
    [[nodiscard]] bool has_caller() const {
        pollfd p{fd_, POLLIN, 0};
        return ::poll(&p, 1, 0) == 1;
    }

private:
    int fd_;
    std::uint16_t port_ = 0;
};

}  // namespace rakka::testing
