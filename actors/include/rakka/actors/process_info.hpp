// What there is to know about a process.
#pragma once

#include <rakka/actors/destination.hpp>
#include <rakka/actors/mailbox_limit.hpp>
#include <rakka/actors/spawn_options.hpp>
#include <rakka/etf/term.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rakka {

enum class process_status : std::uint8_t { waiting, running, exiting };

/// Names are Erlang's, see `process_info/2`.
struct process_information {
    process_status status = process_status::running;
    std::size_t message_queue_len = 0;
    std::vector<pid> links;
    std::vector<monitor_target> monitors;
    std::vector<pid> monitored_by;
    atom registered_name;
    std::uint64_t reductions = 0;
    pid group_leader;
    bool trap_exit = false;
    process_priority priority = process_priority::normal;
    std::vector<std::pair<term, term>> dictionary;

    /// Bytes of its record, its tables, the messages that wait and the part of its stack in use. Not what its
    /// own objects have allocated.
    std::size_t memory = 0;
    /// The type of the callable or handler it was started with, as a C++ name.
    std::string initial_call;
    /// The function that waits, or gave way: the innermost one outside of Rakka whose name the program
    /// exports (see CMake's ENABLE_EXPORTS); `handle` of its type for a handler at rest. Empty where it is
    /// not known.
    std::string current_function;
    /// The process that has spawned it; nothing when that was no process of this system.
    std::optional<pid> parent;
    /// The parent, its parent and so on: as far as they live, and the first that does not. 32 at most.
    std::vector<pid> ancestors;
    /// As set_label() has it; no value without one.
    term label{};
    /// It runs on a thread of its own.
    bool threaded = false;
    std::optional<mailbox_limit> max_mailbox;
    /// As seq_trace::get_token() gives it to the process itself; no value without one.
    term sequential_trace_token{};
};

/// Asks `p` about itself and waits for the answer; nothing when it is not alive. Owner process; throws
/// process_exit
/// ({badarg, …}) for a pid of another node. Erlang: `process_info/1`.
[[nodiscard]] std::optional<process_information> process_info(const pid& p);

}  // namespace rakka
