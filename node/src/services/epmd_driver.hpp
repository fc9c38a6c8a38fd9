// Drives an epmd client machine over TCP.
#pragma once

#include "epmd/epmd_client_io.hpp"
#include "transport/conversation_io.hpp"
#include "transport/tcp.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace rakka::detail {

/// What is common to lookups and registrations. I/O thread. `resume` is the machine; `on_action` sees `done`,
/// `fail` and every action with news before it is carried out.
class epmd_driver final : public transport::conversation_io,
                          public std::enable_shared_from_this<epmd_driver> {
public:
    using machine = std::function<epmd::action(const epmd::event&)>;
    using observer = std::function<void(const epmd::action&)>;

    epmd_driver(transport::io_loop& io, std::string host, std::uint16_t port,
                std::chrono::nanoseconds timeout, machine resume, observer on_action);

    void start();
    /// Closes the socket; no callback comes any more.
    void stop() noexcept;

private:
    void on_outcome(const transport::io_outcome& o) override;
    void drive(epmd::event next);
    void connect();
    void hang_up() noexcept;
    void arm_deadline();

    transport::io_loop& io_;
    std::string host_;
    std::uint16_t port_;
    std::chrono::nanoseconds timeout_;
    machine resume_;
    observer on_action_;
    transport::timer deadline_;
    transport::timer delay_;
    std::shared_ptr<transport::tcp_dial> dial_;
    bool over_ = false;
    bool deadline_armed_ = false;
};

}  // namespace rakka::detail
