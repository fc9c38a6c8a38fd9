#include "support/private_epmd.hpp"

#include "support/harness_error.hpp"
#include "support/unique_fd.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace rakka::interop {

namespace {

using std::chrono::milliseconds;

// Ends epmd when the test's end of stdin closes, even if the test was killed. epmd alone keeps the output
// pipe, so that its death shows as the end of the output.
constexpr const char* guard = R"("$@" </dev/null & exec >/dev/null 2>&1; read -r _; kill $!; wait $!)";

unique_fd loopback_socket(std::uint16_t port, sockaddr_in& address) {
    address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return unique_fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
}

}  // namespace

std::uint16_t free_port() {
    sockaddr_in address{};
    const auto socket = loopback_socket(0, address);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket.get(), generic, size) != 0 || ::getsockname(socket.get(), generic, &size) != 0) {
        throw harness_error{"no free port: " + std::string{std::strerror(errno)}};
    }
    return ntohs(address.sin_port);
}

bool machine_has_ipv6() {
    const int fd = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in6 at{};
    at.sin6_family = AF_INET6;
    at.sin6_addr = in6addr_loopback;
    const bool yes = fd >= 0 && ::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
    ::close(fd);
    return yes;
}

private_epmd::private_epmd(otp_release release) {
    const auto program = otp_program(release, "epmd");
    if (program.empty()) throw harness_error{"no epmd of OTP " + std::to_string(release)};
    // Another program may take the port between our look and epmd's bind: then try another.
    for (int attempt = 0; attempt < 5; ++attempt) {
        port_ = free_port();
        const std::vector<std::string> command{
            "sh", "-c", guard, "sh", program, "-address", "127.0.0.1", "-port", std::to_string(port_),
            "-d", "-d"};
        child_ = std::make_unique<child_process>(command, std::vector<std::pair<std::string, std::string>>{});
        if (child_->wait_for_output("entering the main select() loop", milliseconds{20'000})) return;
    }
    throw harness_error{"epmd of OTP " + std::to_string(release) + " did not start; it printed:\n" +
                        child_->output()};
}

private_epmd::~private_epmd() {
    if (!child_) return;
    child_->close_stdin();
    child_->wait_for_exit(milliseconds{2'000});
}

std::string private_epmd::names() const {
    sockaddr_in address{};
    const auto socket = loopback_socket(port_, address);
    if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        throw harness_error{"epmd is gone; it printed:\n" + output()};
    }
    constexpr std::array<char, 3> names_request{0, 1, 'n'};
    ::send(socket.get(), names_request.data(), names_request.size(), MSG_NOSIGNAL);
    std::string answer;
    std::array<char, 1024> chunk{};
    for (;;) {
        const auto count = ::recv(socket.get(), chunk.data(), chunk.size(), 0);
        if (count <= 0) break;
        answer.append(chunk.data(), static_cast<std::size_t>(count));
    }
    return answer.size() < 4 ? std::string{} : answer.substr(4);  // after epmd's own port
}

}  // namespace rakka::interop
