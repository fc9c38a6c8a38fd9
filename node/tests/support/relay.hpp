// A piece of network between a node and the one it dials, which a test can hold up, cut, or lie on.
#pragma once

#include "bytes.hpp"

#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace rakka::testing {

/// Passes one connection at a time on to 127.0.0.1:`target`, on a thread of its own.
class relay {
public:
    explicit relay(std::uint16_t target)
        : target_(target), listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in at = loopback(0);
        socklen_t size = sizeof at;
        auto* const address = reinterpret_cast<sockaddr*>(&at);
        if (::bind(listening_, address, sizeof at) != 0 || ::listen(listening_, 10) != 0 ||
            ::getsockname(listening_, address, &size) != 0)
            throw std::runtime_error("no port for a relay");
        port_ = ntohs(at.sin_port);
        thread_ = std::thread([this] { run(); });
    }
    ~relay() {
        stop_ = true;
        thread_.join();
        ::close(listening_);
    }

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// From now on nothing more is taken from the dialling side (or it is again).
    void hold(bool on) noexcept { held_ = on; }
    /// Ends the connection there is.
    void cut() noexcept { cut_ = true; }
    /// Bytes for the node dialled that the dialling one has not sent.
    void insert(bytes data) {
        const std::lock_guard lock(mutex_);
        inserted_ = std::move(data);
    }
    /// Bytes passed on from the dialling side so far, over all connections.
    [[nodiscard]] std::size_t passed() const noexcept { return passed_; }
    /// The connection is cut as soon as so many bytes have been passed on from the dialling side.
    void cut_after(std::size_t size) noexcept { cut_after_ = size; }

private:
    static sockaddr_in loopback(std::uint16_t port) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_port = htons(port);
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return at;
    }

    void run() {
        while (!stop_) {
            pollfd p{listening_, POLLIN, 0};
            if (::poll(&p, 1, 5) <= 0) continue;
            const int dialler = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
            if (dialler < 0) continue;
            const int dialled = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            const sockaddr_in at = loopback(target_);
            cut_ = false;
            if (::connect(dialled, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0)
                pass(dialler, dialled);
            ::close(dialler);
            ::close(dialled);
        }
    }

    void pass(int dialler, int dialled) {
        while (!stop_ && !cut_) {
            std::array<pollfd, 2> p{{{held_ ? -1 : dialler, POLLIN, 0}, {dialled, POLLIN, 0}}};
            static_cast<void>(::poll(p.data(), p.size(), 5));
            {
                const std::lock_guard lock(mutex_);
                if (const bytes data = std::exchange(inserted_, {}); !data.empty())
                    send_all(dialled, data.data(), data.size());
            }
            if (p[0].revents != 0) {
                const std::size_t most =
                    cut_after_ == 0 ? buffer_.size() : std::min(buffer_.size(), cut_after_ - passed_);
                const std::size_t n = move_some(dialler, dialled, most);
                if (n == 0) return;
                passed_ += n;
                if (passed_ == cut_after_) return;
            }
            if (p[1].revents != 0 && move_some(dialled, dialler, buffer_.size()) == 0) return;
        }
    }

    std::size_t move_some(int from, int to, std::size_t most) {
        const ssize_t n = ::recv(from, buffer_.data(), most, 0);
        if (n <= 0 || !send_all(to, buffer_.data(), static_cast<std::size_t>(n))) return 0;
        return static_cast<std::size_t>(n);
    }

    static bool send_all(int to, const std::uint8_t* data, std::size_t size) {
        while (size > 0) {
            const ssize_t n = ::send(to, data, size, MSG_NOSIGNAL);
            if (n <= 0) return false;
            data += n;
            size -= static_cast<std::size_t>(n);
        }
        return true;
    }

    const std::uint16_t target_;
    int listening_;
    std::uint16_t port_ = 0;
    std::array<std::uint8_t, 64 << 10> buffer_{};
    std::atomic<bool> stop_{false};
    std::atomic<bool> held_{false};
    std::atomic<bool> cut_{false};
    std::atomic<std::size_t> passed_{0};
    std::atomic<std::size_t> cut_after_{0};
    std::mutex mutex_;
    bytes inserted_;  // guarded by mutex_
    std::thread thread_;
};

}  // namespace rakka::testing
