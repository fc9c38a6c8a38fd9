// Handlers of a logger: where lines go, and what happens when more of them come than can be written.
#pragma once

#include <rakka/actors/log.hpp>
#include <rakka/otp/log_filters.hpp>
#include <rakka/otp/log_formatter.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rakka::log {

/// Where a handler writes. Its functions are called by the handler's thread alone (in a simulation, which has
/// no threads, by whoever logs, one at a time).
class sink {
public:
    sink() = default;
    sink(const sink&) = delete;
    sink& operator=(const sink&) = delete;
    virtual ~sink() = default;
    /// One event as the formatter made it, with its line end. May block; meanwhile events wait, and then are
    /// dropped, see overload. What it throws means that the event is lost: the handler says so when it can
    /// write again.
    virtual void write(std::string_view text) = 0;
    /// Nothing more is waiting to be written.
    virtual void flush() {}
};

enum class stream : unsigned char { standard_io, standard_error };
/// Writes to a standard stream. Erlang: logger_std_h with `type`.
[[nodiscard]] std::unique_ptr<sink> console(stream to = stream::standard_error);

struct file_options {
    /// A file of this size is put aside: `calc.log` becomes `calc.1.log`, that one `calc.2.log` … At least
    /// 1024.
    std::size_t max_no_bytes = std::size_t{16} << 20;
    /// Files put aside that are kept; 0: none, the file begins anew.
    std::size_t max_no_files = 4;
};
/// Writes to a file that is appended to, with its folder if need be. Throws std::runtime_error when it cannot
/// be opened at first; later each line tries anew. Erlang: logger_std_h with `file`, `max_no_bytes`,
/// `max_no_files`; rotation is that of spdlog.
[[nodiscard]] std::unique_ptr<sink> rotating_file(const std::string& path, const file_options& how = {});

/// What a handler does when events come faster than its sink writes them. Names, defaults and meaning are
/// those of OTP's handlers; `sync_mode_qlen <= drop_mode_qlen <= flush_qlen`, and the last is not 0. Lengths
/// are numbers of events that are accepted and not yet written.
struct overload {
    /// From this length on who logs waits until its event is written, and so slows down. The worker waits
    /// with it; the process does not give way, as it may hold locks. Events that another node has sent are
    /// dropped then (at 0: while one is waiting), and counted.
    std::size_t sync_mode_qlen = 10;
    /// From this length on events are dropped, and counted; the handler says how many when it can write
    /// again.
    std::size_t drop_mode_qlen = 200;
    /// From this length on all that waits is dropped, likewise. Only reached when it is not above
    /// drop_mode_qlen.
    std::size_t flush_qlen = 1000;
    /// Of what comes within the window, more than so many events are dropped.
    bool burst_limit_enable = true;
    std::size_t burst_limit_max_count = 500;
    std::chrono::milliseconds burst_limit_window_time{1000};
    /// A handler that cannot keep up is ended: when an event comes while more than so many wait, or more
    /// bytes of text. What waits is lost, and the handler takes nothing until `overload_kill_restart_after`,
    /// when it is as new, or for ever when that is nothing (OTP's `infinity`): then it is removed. It says
    /// so, and what that cost is counted. Off by default, since the limits above keep the queue short:
    /// kill_qlen is only reached when drop_mode_qlen is greater.
    bool overload_kill_enable = false;
    std::size_t overload_kill_qlen = 20'000;
    std::size_t overload_kill_mem_size = 3'000'000;
    std::optional<std::chrono::milliseconds> overload_kill_restart_after{5000};

    // Not in OTP's.

    /// The longest that one event waits in sync mode. Once somebody has waited so long in vain nobody does
    /// until the sink has written again: a sink that hangs holds each worker once, for so long.
    std::chrono::milliseconds sync_timeout{100};
    /// As drop_mode_qlen, in bytes of text.
    std::size_t max_bytes = 3'000'000;
};

struct handler_options {
    log_level level = log_level::all;
    formatter format{};  ///< none: text_format()
    std::vector<std::pair<atom, filter>> filters{};
    verdict filter_default = verdict::log;  ///< log or stop
    overload limits{};
};

/// What has become of a handler's events so far.
struct handler_counts {
    std::uint64_t written = 0;
    std::uint64_t dropped = 0;  ///< because so many were waiting
    std::uint64_t burst = 0;    ///< because of the burst limit
    std::uint64_t flushed = 0;
    std::uint64_t failed = 0;  ///< the sink threw
    std::uint64_t kills = 0;   ///< times that it was ended for its overload, see overload_kill_enable
    std::size_t waiting = 0;   ///< accepted, not yet written
};

}  // namespace rakka::log
