// What an event loop has in place of the machine's clock and network: nothing, or a simulation's.
#pragma once

#include "transport/io_loop.hpp"
#include "transport/stream.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace rakka::transport {

/// Whoever simulates the surroundings of one event loop. Callbacks run on the loop, never from within. All
/// functions: I/O thread, unless they say otherwise.
class loop_world {
public:
    using connected = std::function<void(result<std::unique_ptr<stream>>)>;
    using accepted = std::function<void(std::unique_ptr<stream>)>;

    virtual ~loop_world() = default;

    /// Calls `expired` once, `delay` from now; who does not want it any more ignores the call.
    virtual void call_later(std::chrono::nanoseconds delay, std::function<void()> expired) = 0;
    /// As tcp_dial, without a time limit: `done` may never be called.
    virtual void connect(const std::string& host, std::uint16_t port, connected done) = 0;
    /// As tcp_listener::open; gives the port.
    virtual result<std::uint16_t> listen(const std::string& address, std::uint16_t first_port,
                                         std::uint16_t last_port) = 0;
    virtual void accept(std::uint16_t port, accepted call) = 0;
    virtual void close(std::uint16_t port) noexcept = 0;
    /// Lets things happen until `done` holds, for somebody outside of any process who would wait.
    virtual void run_until(const std::function<bool()>& done) = 0;
};

/// From now on `io` has `world`, as long as it lives. Before anything uses the loop.
void set_world(io_loop& io, std::shared_ptr<loop_world> world);

/// Null: the machine's own. Any thread.
[[nodiscard]] loop_world* world_of(io_loop& io) noexcept;

}  // namespace rakka::transport
