// SIGTERM and SIGINT as requests to shut down.
#pragma once

#include <csignal>
#include <functional>
#include <thread>

namespace rakka::detail {

/// While it lives the two signals call `asked`, on a thread of its own; a SIGINT after any of the two ends
/// the program, in the signal handler. What they did before is restored in the end.
class shutdown_signals {
public:
    /// Throws std::logic_error when there is another one, std::system_error when there is no thread or pipe.
    explicit shutdown_signals(std::function<void(int signal)> asked);
    ~shutdown_signals();
    shutdown_signals(const shutdown_signals&) = delete;
    shutdown_signals& operator=(const shutdown_signals&) = delete;

private:
    void run() const;

    const std::function<void(int)> asked_;
    struct sigaction old_terminate_ {};
    struct sigaction old_interrupt_ {};
    std::thread thread_;
};

}  // namespace rakka::detail
