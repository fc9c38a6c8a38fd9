// What the loopback itself gives, as the bar for dist_bench: one TCP connection, no protocol. Between two
// threads that wait in read(), and between two processes that wait with epoll, as programs with more than one
// connection must.
//
//     tcp_bench RUNS echo|flood
#include "harness.hpp"

#include <array>
#include <cstdlib>
#include <iostream>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

void check(bool ok, const char* what) {
    if (ok) return;
    std::perror(what);
    std::exit(1);
}

/// Both ends of a connection over 127.0.0.1.
std::array<int, 2> connection() {
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    check(
        bind(listener, any, size) == 0 && listen(listener, 1) == 0 && getsockname(listener, any, &size) == 0,
        "listen");
    const int one = socket(AF_INET, SOCK_STREAM, 0);
    check(connect(one, any, size) == 0, "connect");
    const int other = accept(listener, nullptr, nullptr);
    check(other >= 0, "accept");
    close(listener);
    const int on = 1;
    for (const int fd : {one, other})
        check(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0, "TCP_NODELAY");
    return {one, other};
}

void read_whole(int fd, std::vector<char>& buffer) {
    std::size_t at = 0;
    while (at < buffer.size()) {
        const ssize_t n = read(fd, buffer.data() + at, buffer.size() - at);
        check(n > 0, "read");
        at += static_cast<std::size_t>(n);
    }
}

void write_whole(int fd, const std::vector<char>& buffer) {
    std::size_t at = 0;
    while (at < buffer.size()) {
        const ssize_t n = write(fd, buffer.data() + at, buffer.size() - at);
        check(n > 0, "write");
        at += static_cast<std::size_t>(n);
    }
}

/// Round trips a second of `size` bytes each way.
double echo(std::size_t size, int n) {
    const auto [one, other] = connection();
    std::thread answering([&, fd = other] {
        std::vector<char> buffer(size);
        for (int i = 0; i < n; ++i) {
            read_whole(fd, buffer);
            write_whole(fd, buffer);
        }
    });
    std::vector<char> buffer(size);
    const double seconds = rakka::bench::timed([&, fd = one] {
        for (int i = 0; i < n; ++i) {
            write_whole(fd, buffer);
            read_whole(fd, buffer);
        }
    });
    answering.join();
    close(one);
    close(other);
    return n / seconds;
}

/// One end that is told by epoll when there is something to read.
class watched_end {
public:
    watched_end(int fd, std::size_t size) : fd_(fd), queue_(epoll_create1(0)), buffer_(size) {
        epoll_event e{};
        e.events = EPOLLIN | EPOLLET;
        check(epoll_ctl(queue_, EPOLL_CTL_ADD, fd, &e) == 0, "epoll_ctl");
    }
    watched_end(const watched_end&) = delete;
    watched_end& operator=(const watched_end&) = delete;
    ~watched_end() { close(queue_); }

    void write() const { write_whole(fd_, buffer_); }
    /// A message is small: it comes as a whole.
    void read() {
        epoll_event e{};
        check(epoll_wait(queue_, &e, 1, -1) == 1, "epoll_wait");
        check(recv(fd_, buffer_.data(), buffer_.size(), MSG_DONTWAIT) == static_cast<ssize_t>(buffer_.size()),
              "recv");
    }

private:
    int fd_;
    int queue_;
    std::vector<char> buffer_;
};

/// echo() between two processes that use epoll.
double echo_by_events(std::size_t size, int n) {
    const auto [one, other] = connection();
    const pid_t child = fork();
    check(child >= 0, "fork");
    if (child == 0) {
        watched_end answering(other, size);
        for (int i = 0; i < n; ++i) {
            answering.read();
            answering.write();
        }
        _exit(0);
    }
    const double seconds = rakka::bench::timed([&, fd = one] {
        watched_end asking(fd, size);
        for (int i = 0; i < n; ++i) {
            asking.write();
            asking.read();
        }
    });
    waitpid(child, nullptr, 0);
    close(one);
    close(other);
    return n / seconds;
}

/// Megabytes a second in pieces of `size` bytes.
double flood(std::size_t size, int n) {
    const auto [one, other] = connection();
    std::thread reading([&, fd = other] {
        std::vector<char> buffer(size);
        for (int i = 0; i < n; ++i)
            read_whole(fd, buffer);
        write_whole(fd, {'.'});
    });
    const std::vector<char> buffer(size);
    std::vector<char> done(1);
    const double seconds = rakka::bench::timed([&, fd = one] {
        for (int i = 0; i < n; ++i)
            write_whole(fd, buffer);
        read_whole(fd, done);
    });
    reading.join();
    close(one);
    close(other);
    return static_cast<double>(size) * n / 1e6 / seconds;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view group = argc == 3 ? argv[2] : "";
    if (group != "echo" && group != "flood") {
        std::cerr << "usage: tcp_bench RUNS echo|flood\n";
        return 2;
    }
    const int runs = std::atoi(argv[1]);
    if (group == "echo") {
        rakka::bench::repeat("tcp_echo", "90 B", "rt/s", runs, [] { return echo(90, 50'000); });
        rakka::bench::repeat("tcp_echo", "90 B, epoll", "rt/s", runs,
                             [] { return echo_by_events(90, 50'000); });
    } else {
        rakka::bench::repeat("tcp_flood", "1048576 B", "MB/s", runs, [] { return flood(1 << 20, 1000); });
    }
}
