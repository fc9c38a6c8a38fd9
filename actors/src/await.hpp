// The signal that ends the wait for an Asio operation.
#pragma once

#include "signal.hpp"

namespace rakka::detail {

/// Lives in the frame that waits. Posted by the event loop; sets its flag when the process takes it in.
struct operation_signal : signal {
    bool arrived = false;

    operation_signal() noexcept
        : signal{nullptr, 0, signal_kind::operation, signal_storage::foreign, 0, etf::detail::no_word} {}
    /// The owner has taken the signal from its inbox.
    static void take_in(signal& s) noexcept { static_cast<operation_signal&>(s).arrived = true; }
};

}  // namespace rakka::detail
