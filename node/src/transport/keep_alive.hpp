// Keeps an object alive until the event loop itself is destroyed.
#pragma once

#include "transport/io_loop.hpp"

#include <memory>

namespace rakka::transport {

/// For what other threads may still be using while their system runs, with no cheap way to know. Any thread.
void keep_until_loop_ends(io_loop& io, std::shared_ptr<void> object);

}  // namespace rakka::transport
