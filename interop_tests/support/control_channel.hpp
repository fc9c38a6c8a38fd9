// The socket over which a test runs expressions inside a BEAM; see rakka_control.erl for the other end.
#pragma once

#include "support/child_process.hpp"
#include "support/unique_fd.hpp"

#include <chrono>
#include <cstdint>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace rakka::interop {

enum class request_kind : std::uint8_t { erlang = 1, elixir = 2, module_source = 3, module_code = 4 };

/// Listens first, then serves one BEAM. Closing it makes that BEAM halt, so that none outlives a dead test.
class control_channel {
public:
    /// Listens on a free port of 127.0.0.1.
    control_channel();
    ~control_channel();
    control_channel(const control_channel&) = delete;
    control_channel& operator=(const control_channel&) = delete;

    /// An Erlang expression that, evaluated in a BEAM, connects here and serves requests.
    std::string bootstrap() const;
    /// Blocks until the BEAM run by `child` serves requests; returns its node(). Throws harness_error.
    std::string accept(const child_process& child, std::chrono::milliseconds timeout);

    /// Any thread. The future gets the printed value, or beam_error, or harness_error when the BEAM is gone.
    std::future<std::string> request(request_kind kind, std::uint32_t shell, std::string_view text);

private:
    void send_frame(std::string_view frame);
    bool receive_frame(std::string& frame);
    void read_replies();

    unique_fd listener_;
    std::uint16_t port_ = 0;
    unique_fd socket_;
    std::mutex mutex_;
    std::map<std::uint32_t, std::promise<std::string>> pending_;  // guarded by mutex_
    std::uint32_t last_id_ = 0;                                   // guarded by mutex_
    bool closed_ = false;                                         // guarded by mutex_
    std::thread reader_;
};

}  // namespace rakka::interop
