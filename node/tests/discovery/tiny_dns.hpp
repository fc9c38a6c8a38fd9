// A DNS server on loopback for tests: answers what it was told to, over UDP.
#pragma once

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <netinet/in.h>
#include <span>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace rakka::testing {

class tiny_dns {
public:
    using bytes = std::vector<std::uint8_t>;
    static constexpr std::uint16_t a = 1, aaaa = 28, srv = 33;
    static constexpr std::uint8_t server_failure = 2;

    tiny_dns() : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&at), size), 0);
        EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size), 0);
        port_ = ntohs(at.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    ~tiny_dns() {
        // An empty packet to itself ends it.
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        at.sin_port = htons(port_);
        ::sendto(fd_, "", 0, 0, reinterpret_cast<const sockaddr*>(&at), sizeof at);
        thread_.join();
        ::close(fd_);
    }
    tiny_dns(const tiny_dns&) = delete;
    tiny_dns& operator=(const tiny_dns&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

    /// The records of `name` from now on, as the bytes of their data.
    void set(const std::string& name, std::uint16_t type, std::vector<bytes> records) {
        const std::lock_guard lock(mutex_);
        records_[{name, type}] = std::move(records);
    }
    /// Every answer is this error from now on; 0: none.
    void fail_with(std::uint8_t code) {
        const std::lock_guard lock(mutex_);
        failure_ = code;
    }

    static bytes address(const char* text) {
        const bool v6 = std::string(text).find(':') != std::string::npos;
        bytes out(v6 ? 16 : 4);
        EXPECT_EQ(::inet_pton(v6 ? AF_INET6 : AF_INET, text, out.data()), 1);
        return out;
    }
    static bytes service(const std::string& target) {
        bytes out{0, 10, 0, 50, 0, 0};
        append_name(out, target);
        return out;
    }

private:
    static void append_name(bytes& out, const std::string& name) {
        std::size_t from = 0;
        while (from < name.size()) {
            const std::size_t dot = std::min(name.find('.', from), name.size());
            out.push_back(static_cast<std::uint8_t>(dot - from));
            out.insert(out.end(), name.begin() + static_cast<std::ptrdiff_t>(from),
                       name.begin() + static_cast<std::ptrdiff_t>(dot));
            from = dot + 1;
        }
        out.push_back(0);
    }
    static void put(bytes& out, std::size_t value) {
        out.push_back(static_cast<std::uint8_t>(value >> 8));
        out.push_back(static_cast<std::uint8_t>(value));
    }

    void serve() {
        std::array<std::uint8_t, 1500> in{};
        while (true) {
            sockaddr_in from{};
            socklen_t size = sizeof from;
            const ssize_t n =
                ::recvfrom(fd_, in.data(), in.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
            if (n <= 0) return;
            const bytes out = answer_to(std::span(in).first(static_cast<std::size_t>(n)));
            ::sendto(fd_, out.data(), out.size(), 0, reinterpret_cast<const sockaddr*>(&from), size);
        }
    }

    bytes answer_to(std::span<const std::uint8_t> query) {
        std::string name;
        std::size_t at = 12;
        while (at < query.size() && query[at] != 0) {
            if (!name.empty()) name += '.';
            name.append(reinterpret_cast<const char*>(&query[at + 1]), query[at]);
            at += query[at] + std::size_t{1};
        }
        const std::size_t end = at + 5;
        const auto type = static_cast<std::uint16_t>(query[at + 1] << 8 | query[at + 2]);
        const std::lock_guard lock(mutex_);
        const auto found = records_.find({name, type});
        const std::vector<bytes> none;
        const auto& records = found == records_.end() || failure_ != 0 ? none : found->second;
        const bool known = records_.lower_bound({name, 0}) != records_.end() &&
                           records_.lower_bound({name, 0})->first.first == name;
        const std::uint8_t code = failure_ != 0 ? failure_ : known ? std::uint8_t{0} : std::uint8_t{3};
        bytes out{query[0], query[1], 0x81, static_cast<std::uint8_t>(0x80 | code), 0, 1};
        put(out, records.size());
        out.insert(out.end(), 4, 0);
        out.insert(out.end(), query.begin() + 12, query.begin() + static_cast<std::ptrdiff_t>(end));
        for (const bytes& r : records) {
            put(out, 0xC00C);  // the name of the question
            put(out, type);
            put(out, 1);
            out.insert(out.end(), {0, 0, 0, 1});
            put(out, r.size());
            out.insert(out.end(), r.begin(), r.end());
        }
        return out;
    }

    int fd_;
    std::uint16_t port_ = 0;
    std::mutex mutex_;
    std::map<std::pair<std::string, std::uint16_t>, std::vector<bytes>> records_;  // guarded by mutex_
    std::uint8_t failure_ = 0;                                                     // guarded by mutex_
    std::thread thread_;
};

}  // namespace rakka::testing
