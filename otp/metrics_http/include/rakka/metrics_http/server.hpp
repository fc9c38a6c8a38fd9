// `/metrics`, `/healthz` and `/readyz` over HTTP, for Prometheus and for whoever starts and watches the
// program.
//
//     auto web = metrics_server::start(system, {.port = 9464});
//     if (!web) std::cerr << web.error().message << '\n';
//
//     curl http://127.0.0.1:9464/metrics
//
// Link rakka::metrics_http, which needs prometheus-cpp; nothing else of Rakka does. docs/metrics.md has the
// rest.
#pragma once

#include <rakka/base/result.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace prometheus {
class Collectable;
}

namespace rakka {

class system;

struct metrics_server_options {
    /// An IP address of this machine; 0.0.0.0 or :: for all. Whoever can reach it reads the metrics: there is
    /// no password.
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  ///< 0: any that is free
    /// Connections at a time. When there are as many, a new one takes the place of one that has had its last
    /// answer, else of the one that has been waiting for a request the longest; when all are being answered,
    /// it is closed at once.
    std::size_t max_connections = 32;
    std::size_t max_request_size = std::size_t{8} << 10;  ///< bytes; bodies are not taken at all
    std::chrono::milliseconds request_timeout{
        5'000};  ///< for a request to arrive, from the first byte on or not
    std::chrono::milliseconds response_timeout{10'000};  ///< for the peer to take an answer
    std::chrono::milliseconds readiness_timeout{2'000};  ///< for all checks together; then `/readyz` says no
    /// Metrics that a program has with prometheus-cpp itself, shown as well.
    std::vector<std::shared_ptr<prometheus::Collectable>> more{};
};

/// Why it could not start.
struct metrics_server_error {
    error_code code;
    std::string message;  ///< names the address
};
/// What value() of a failed start throws: boost::system::system_error with the message.
[[noreturn]] void throw_exception_from_error(const metrics_server_error& e,
                                             const boost::source_location& where);

/// Answers on a thread of its own, so that it does so also while every worker is busy. GET and HEAD of:
///
///     /metrics   all metrics of the system, as text of version 0.0.4
///     /healthz   200 while the system runs, 503 afterwards
///     /readyz    200 when all checks of on_readiness() say yes, else 503; a line for each
///
/// Ends with stop() or the destructor, which must come before the system's. Not for simulations. Any thread.
class metrics_server {
public:
    /// Errors: bad_address (invalid_argument) and what the system says of listening there (address_in_use …).
    static boost::system::result<metrics_server, metrics_server_error> start(
        system& s, metrics_server_options options = {});
    metrics_server(metrics_server&&) noexcept;
    metrics_server& operator=(metrics_server&&) noexcept;
    ~metrics_server();

    /// Closes all connections. Idempotent. Blocks until the thread has ended. Any thread but that one.
    void stop();
    [[nodiscard]] std::uint16_t port() const noexcept;

private:
    class running;
    explicit metrics_server(std::unique_ptr<running> r) noexcept;
    std::unique_ptr<running> running_;
};

/// The metrics of a system for prometheus-cpp's own Exposer or Gateway. Must not be asked after the system's
/// end.
[[nodiscard]] std::shared_ptr<prometheus::Collectable> collectable_of(system& s);

}  // namespace rakka
