#include "capture_replay.hpp"

#include <rakka/node/capture.hpp>
#include <rakka/rakka.hpp>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>

namespace rakka::tools {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using capture::side;
using error = boost::system::error_code;

boost::system::result<cookie, std::string> secret(const replay_options& o) {
    if (!o.cookie.empty()) {
        auto c = cookie::from_text(o.cookie);
        if (!c) return "--cookie: " + c.error().message();
        return std::move(*c);
    }
    const auto file = o.cookie_file.empty() ? default_cookie_file() : std::filesystem::path(o.cookie_file);
    auto c = read_cookie_file(file);
    if (!c) return explain_cookie_error(file, c.error());
    return std::move(*c);
}

/// One socket: reads all the time, writes what the replay says, ends after a silence.
class player {
public:
    player(capture::replay what, std::chrono::nanoseconds patience, std::size_t max_text)
        : what_(std::move(what)), patience_(patience), reader_({max_text}) {}

    int play(const std::string& host, std::uint16_t port) {
        error e;
        tcp::resolver names(io_);
        const auto found = names.resolve(host, std::to_string(port), e);
        if (!e) asio::connect(socket_, found, e);
        if (e) return fail(fmt::format("cannot connect to {}:{}: {}", host, port, e.message()));
        auto first = what_.start();
        if (!first) return fail(first.error());
        write(std::move(*first));
        read();
        wait();
        io_.run();
        return status_;
    }

private:
    int fail(const std::string& why) {
        std::cerr << "rakka capture: " << why << '\n';
        io_.stop();
        return status_ = 1;
    }

    void print(side from, std::span<const std::byte> data) {
        for (const auto& s : reader_.read(from, data)) {
            const std::string& who = from == side::dialler ? what_.dialler() : what_.acceptor();
            std::cout << who << ": " << s.text << '\n';
        }
    }

    void write(std::vector<std::byte> data) {
        if (data.empty()) return;
        print(side::dialler, data);
        out_ = std::move(data);  // the replay has nothing more to say before this was answered
        ++writing_;
        asio::async_write(socket_, asio::buffer(out_), [this](const error& e, std::size_t) {
            --writing_;
            if (e) return static_cast<void>(fail("the node hung up: " + e.message()));
            wait();
        });
    }

    void read() {
        socket_.async_read_some(asio::buffer(in_), [this](const error& e, std::size_t n) {
            if (e == asio::error::operation_aborted) return;
            if (e) {
                fail(what_.connected() ? "the node ended the connection" : "the node refuses the handshake");
                return;
            }
            const std::span<const std::byte> data(in_.data(), n);
            print(side::acceptor, data);
            auto more = what_.received(data);
            if (!more) return static_cast<void>(fail(more.error()));
            write(std::move(*more));
            wait();
            read();
        });
    }

    void wait() {
        silence_.expires_after(std::chrono::duration_cast<asio::steady_timer::duration>(patience_));
        silence_.async_wait([this](const error& e) {
            if (e || writing_ != 0) return;
            if (!what_.connected()) return static_cast<void>(fail("the node does not answer"));
            io_.stop();
        });
    }

    asio::io_context io_{1};
    tcp::socket socket_{io_};
    asio::steady_timer silence_{io_};
    capture::replay what_;
    std::chrono::nanoseconds patience_;
    capture::conversation_reader reader_;
    std::vector<std::byte> out_;
    std::array<std::byte, 65536> in_{};
    int writing_ = 0;
    int status_ = 0;
};

}  // namespace

int replay_recording(const replay_options& o) {
    const auto fail = [](const std::string& why) {
        std::cerr << "rakka capture: " << why << '\n';
        return 2;
    };
    auto c = secret(o);
    if (!c) return fail(c.error());
    std::ifstream in(o.file, std::ios::binary);
    if (!in) return fail("cannot read " + o.file);
    auto what = capture::replay::of(in, o.connection, std::move(*c));
    if (!what) return fail(o.file + ": " + what.error());
    const auto peer = node_name::parse(what->acceptor());
    if (!peer) return fail("the recorded node has a name that is none");
    const std::string host(peer->host());
    std::uint16_t port = o.port;
    if (port == 0) {
        system running({.workers = 1});
        const auto found =
            epmd_port_of(running, std::string(peer->alive()), {.host = host, .port = o.epmd_port});
        if (!found) return fail(found.error().message);
        port = *found;
    }
    const auto patience =
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(o.wait));
    return player(std::move(*what), patience, o.max_text).play(host, port);
}

}  // namespace rakka::tools
