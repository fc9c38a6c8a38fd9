// Many nodes that are connected to one: what each costs it in memory, and how fast it answers calls of all of
// them.
//
//     many_peers PORT NODE COOKIE PROCESS-ID PEERS RUNS
//
// The peers are as cheap as they can be, sockets that know the protocol, so that the node is what is
// measured. It is any that has bench/peers/bd.erl's server `adder`, listens at 127.0.0.1:PORT and is the
// process PROCESS-ID.
#include "handshake/initiator_fsm.hpp"
#include "harness.hpp"
#include "wire/message_encoder.hpp"
#include "wire/message_reader.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>

#include <arpa/inet.h>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using namespace rakka;

constexpr int calls_of_a_run = 200'000;

[[noreturn]] void fail(const std::string& what) {
    throw std::runtime_error("many_peers: " + what);
}

/// One node: a blocking socket that has shaken hands.
class peer {
public:
    peer(std::uint16_t port, const std::string& own, const std::string& node, const std::string& secret)
        : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_port = htons(port);
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) fail("cannot connect");
        const int one = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        shake_hands({.own_name = node_name::parse(own).value(),
                     .own_host = {},
                     .own_creation = random_creation(),
                     .peer = node_name::parse(node).value(),
                     .peer_cookie = cookie::from_text(secret).value(),
                     .carrier = {}});
        self_ = {atom(own), 1, 1, 77};
    }
    peer(const peer&) = delete;
    peer& operator=(const peer&) = delete;
    ~peer() { ::close(fd_); }

    [[nodiscard]] int descriptor() const noexcept { return fd_; }

    /// Sends one call of `adder`.
    void call() {
        const reference tag{self_.node, self_.creation, 3, {++calls_, 1, 1}};
        wire::control_message m;
        m.kind = wire::control_kind::send_to_name;
        m.from = self_;
        m.name = "adder"_a;
        out_.clear();
        const term request = tuple("$gen_call"_a, tuple(self_, tag), tuple("add"_a, 1, 2));
        if (!encoder_->append(out_, m, request)) fail("a call cannot be encoded");
        write(out_.bytes());
    }
    /// Reads once; the answers that came.
    int take_answers() {
        const auto room = reader_->prepare();
        const ssize_t n = ::recv(fd_, room.data(), room.size(), MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
        if (n <= 0) fail("the node has closed a connection");
        reader_->commit(static_cast<std::size_t>(n));
        int answers = 0;
        wire::inbound_message m;
        for (auto e = reader_->next(m);; e = reader_->next(m)) {
            if (!e) fail(e.error().text);
            if (*e == wire::message_reader::event::need_bytes) return answers;
            if (*e == wire::message_reader::event::message && m.has_payload() &&
                m.control().to.id == self_.id)
                ++answers;
        }
    }

private:
    void write(std::span<const std::byte> data) const {
        if (::send(fd_, data.data(), data.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(data.size()))
            fail("writing failed");
    }

    void shake_hands(handshake::initiator_options o) {
        handshake::initiator_fsm fsm(std::move(o), handshake::random_challenge());
        std::array<std::uint8_t, 4096> buffer{};
        auto a = fsm.resume(handshake::started{});
        while (a.kind != handshake::action_kind::done) {
            switch (a.kind) {
                case handshake::action_kind::write:
                    write(std::as_bytes(std::span(a.data)));
                    a = fsm.resume(handshake::written{});
                    break;
                case handshake::action_kind::read: {
                    const ssize_t n = ::recv(fd_, buffer.data(), buffer.size(), 0);
                    if (n <= 0) fail("the node hung up in a handshake");
                    a = fsm.resume(
                        handshake::received{byte_view(buffer.data(), static_cast<std::size_t>(n))});
                    break;
                }
                case handshake::action_kind::check_attempt:
                    a = fsm.resume(handshake::attempt::wanted);
                    break;
                default:
                    fail(fsm.error().message());
            }
        }
        const handshake::established e = fsm.take_result();
        encoder_ =
            std::make_unique<wire::message_encoder>(wire::encoder_options{.effective = e.effective_flags});
        wire::reader_options r;
        r.effective = e.effective_flags;
        r.frames.chunk_size = 4096;
        reader_ = std::make_unique<wire::message_reader>(r);
        reader_->feed(std::as_bytes(std::span(e.leftover)));
    }

    int fd_;
    pid self_;
    std::uint32_t calls_ = 0;
    etf::byte_buffer out_;
    std::unique_ptr<wire::message_encoder> encoder_;
    std::unique_ptr<wire::message_reader> reader_;
};

/// Bytes of memory that a process has in use.
double memory_of(const std::string& process) {
    std::ifstream file("/proc/" + process + "/statm");
    std::uint64_t all = 0, resident = 0;
    if (!(file >> all >> resident)) fail("no figures of process " + process);
    return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

/// The same when it has not changed for a while: handshakes end on both sides in their own time.
double settled_memory_of(const std::string& process) {
    double last = memory_of(process);
    for (int same = 0; same < 5;) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        const double now = memory_of(process);
        same = now == last ? same + 1 : 0;
        last = now;
    }
    return last;
}

/// Calls a second, with one call of each peer under way all the time.
double call_rate(std::vector<std::unique_ptr<peer>>& peers) {
    const int queue = ::epoll_create1(EPOLL_CLOEXEC);
    for (const auto& p : peers) {
        epoll_event e{};
        e.events = EPOLLIN;
        e.data.ptr = p.get();
        ::epoll_ctl(queue, EPOLL_CTL_ADD, p->descriptor(), &e);
    }
    int begun = 0, ended = 0;
    const double seconds = bench::timed([&] {
        for (const auto& p : peers) {
            p->call();
            ++begun;
        }
        std::array<epoll_event, 256> events;
        while (ended < begun) {
            const int n = ::epoll_wait(queue, events.data(), static_cast<int>(events.size()), 20'000);
            if (n <= 0) fail("no answer within 20 s");
            for (int i = 0; i < n; ++i) {
                auto& p = *static_cast<peer*>(events[static_cast<std::size_t>(i)].data.ptr);
                for (int answers = p.take_answers(); answers > 0; --answers) {
                    ++ended;
                    if (begun == calls_of_a_run) continue;
                    p.call();
                    ++begun;
                }
            }
        }
    });
    ::close(queue);
    return ended / seconds;
}

void measure(char** argv) {
    const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
    const std::string process = argv[4];
    const int count = std::atoi(argv[5]);
    const std::string which = std::to_string(count) + " nodes";
    const double before = settled_memory_of(process);
    std::vector<std::unique_ptr<peer>> peers;
    for (int i = 0; i < count; ++i) {
        peers.push_back(
            std::make_unique<peer>(port, "p" + std::to_string(i) + "@127.0.0.1", argv[2], argv[3]));
    }
    bench::print("dist_connection_memory", which + ", idle", {(settled_memory_of(process) - before) / count},
                 "bytes");
    bench::repeat("dist_gen_server_call", which + " to one", "calls/s", std::atoi(argv[6]),
                  [&] { return call_rate(peers); });
    bench::print("dist_connection_memory", which + ", after calls",
                 {(settled_memory_of(process) - before) / count}, "bytes");
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 7) {
        std::cerr << "usage: many_peers PORT NODE COOKIE PROCESS-ID PEERS RUNS\n";
        return 2;
    }
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    try {
        measure(argv);
    } catch (const std::exception& e) {
        std::cerr << e.what() << '\n';
        return 1;
    }
}
