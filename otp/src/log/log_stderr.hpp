// What the log itself has to say when it cannot log: a line on the standard error output, if that takes it at
// once.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <poll.h>
#include <unistd.h>

namespace rakka::log {

/// Never throws, never waits: not for a pipe that nobody reads, nor for the lock of a stream. A line that
/// does not get through is lost, a long one is cut. Never with a lock held. Any thread.
template <class... Args>
void say_on_stderr(fmt::format_string<Args...> text, const Args&... args) noexcept {
    std::array<char, 1024> line;  // less than what a pipe that can be written to takes without waiting
    std::size_t size = 0;
    try {
        const auto made =
            fmt::vformat_to_n(line.data(), line.size() - 1, text, fmt::make_format_args(args...));
        size = std::min(made.size, line.size() - 1);
    } catch (...) {
        return;
    }
    line[size++] = '\n';
    pollfd to{STDERR_FILENO, POLLOUT, 0};
    // With an error besides, as of a pipe without a reader, writing might raise SIGPIPE.
    if (::poll(&to, 1, 0) != 1 || to.revents != POLLOUT) return;
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), size);
}

}  // namespace rakka::log
