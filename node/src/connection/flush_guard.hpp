// Sees to it that bytes leave although the process that sent them goes on computing.
#pragma once

#include "transport/io_loop.hpp"

#include <atomic>

namespace rakka::detail {

class connection_table;

/// What is sent leaves soon after the sender's slice, whose end may be far away. While there is traffic this
/// looks at all connections every few milliseconds and flushes them.
class flush_guard {
public:
    flush_guard(transport::io_loop& io, connection_table& connections)
        : io_(io), connections_(connections), timer_(io) {}

    /// A connection has armed its flush. Any thread.
    void watch();

private:
    void look();
    [[nodiscard]] bool flush_all();
    void look_later();

    transport::io_loop& io_;
    connection_table& connections_;
    std::atomic<bool> awake_{false};

    // ---- I/O thread
    transport::timer timer_;
    unsigned quiet_looks_ = 0;
};

}  // namespace rakka::detail
