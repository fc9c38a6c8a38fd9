// Asks the epmd of a host for the port of a node.
#pragma once

#include "transport/io_loop.hpp"

#include <rakka/node/errc.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace rakka::detail {

struct epmd_lookup_outcome {
    std::optional<std::uint16_t> port;
    error_code error;
    std::string text;  ///< for the log: what was asked, what came, what to do
};

/// `done` is called once on the I/O thread, never from within, unless the function returned is called before;
/// that gives the lookup up. I/O thread. [epmd §PORT2]
[[nodiscard]] std::function<void()> start_epmd_lookup(transport::io_loop& io, std::string host,
                                                      std::uint16_t port, std::string alive,
                                                      std::chrono::nanoseconds timeout,
                                                      std::function<void(epmd_lookup_outcome)> done);

}  // namespace rakka::detail
