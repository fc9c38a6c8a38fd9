// TCP: dialling, listening, streams.
#pragma once

#include "transport/io_loop.hpp"
#include "transport/listening_socket.hpp"
#include "transport/stream.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace rakka::transport {

/// A connection attempt under way: resolves the host, tries its addresses one after the other. I/O thread.
class tcp_dial : public std::enable_shared_from_this<tcp_dial> {
public:
    using callback = std::function<void(result<std::unique_ptr<stream>>)>;

    /// `done` is called once, on the I/O thread, never from within, unless `cancel` comes first. `timeout`
    /// covers it all (error timed_out).
    static std::shared_ptr<tcp_dial> start(io_loop& io, const std::string& host, std::uint16_t port,
                                           std::chrono::nanoseconds timeout, callback done);

    /// Gives up; `done` is not called any more.
    void cancel() noexcept;

    ~tcp_dial();
    struct state;
    explicit tcp_dial(std::unique_ptr<state> s);

private:
    void resolve(const std::string& host, std::uint16_t port);
    void try_next();
    void finish(result<std::unique_ptr<stream>> outcome);
    std::unique_ptr<state> state_;
};

/// A listening TCP socket.
class tcp_listener final : public listening_socket {
public:
    /// Binds and listens on the first free port of [first_port, last_port] (0, 0: whichever the system
    /// gives). Errors: the system's, e.g. address_in_use when all are taken. `address` is an IP address in
    /// text. Does not block. Any thread.
    static result<std::unique_ptr<tcp_listener>> open(io_loop& io, const std::string& address,
                                                      std::uint16_t first_port, std::uint16_t last_port);

    void start(callback accepted, std::function<void(error_code)> failed) override;
    void close() noexcept override;
    [[nodiscard]] std::string address() const override { return "port " + std::to_string(port()); }
    [[nodiscard]] std::uint16_t port() const noexcept override;

    ~tcp_listener() override;
    struct state;
    explicit tcp_listener(std::shared_ptr<state> s);

private:
    std::shared_ptr<state> state_;
};

}  // namespace rakka::transport
