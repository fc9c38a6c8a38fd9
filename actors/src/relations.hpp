// What a process has to do with others: links, monitors, aliases, timers, pending questions. Made on first
// use.
#pragma once

#include "pending_call.hpp"
#include "wait_timer.hpp"
#include "watcher_table.hpp"

#include <rakka/actors/monitors.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/base/flat_table.hpp>
#include <rakka/etf/identifiers.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace rakka {
class message_handler;
}

namespace rakka::detail {

struct message_timer;
struct throw_trace;  // throw_trace.hpp
struct trace_state;  // tracing.hpp
struct own_watch;    // watching.hpp

// Relations with another node that were made from here know the number of their connection; 0 stands for
// those the peer has made: its signals and the loss of their connection come in one order, so that whatever
// is here when a connection is lost was made on it or before it.

/// A link as this side sees it. After unlink() the entry stays, inactive, until the other side has
/// acknowledged: an exit signal that crossed the unlink must find it and be ignored. [protocol: links]
struct link_entry {
    bool active = true;
    bool priority = false;         // its 'EXIT' message is a priority message
    std::uint64_t unlink_id = 0;   // of the unlink under way, when inactive
    std::uint64_t connection = 0;  // the one our own link or unlink went out on
};

enum class alias_mode : std::uint8_t { explicit_unalias, reply, demonitor, reply_demonitor };

struct alias_entry {
    alias_mode mode;
    bool priority = false;  // what is sent through it with priority has it
};

/// A monitor that somebody has asked for.
struct own_monitor : monitor_entry {
    term tag{};  // of its message; none: 'DOWN'
};

struct pending_spawn {
    atom node;
    spawn_reply wanted = spawn_reply::yes;
    term tag{};  // of the answer
    std::uint64_t connection = 0;
    bool priority_link = false;
    bool priority_monitor = false;
    term monitor_tag{};
};

/// A question to another process that this one waits for.
struct pending_question {
    std::uint64_t number = 0;
    bool answered = false;
    term value;
    std::unique_ptr<process_information> information;
};

/// When an exit signal was taken in where it could not be thrown.
struct unthrown_exit {
    instant at{};
    std::uint64_t reductions = 0;  // of the process, by then
};

using dictionary_entries = std::vector<std::pair<term, term>>;

/// What few processes have at a time.
struct occasional {
    dictionary_entries dictionary;
    std::optional<pending_question> question;
    std::optional<unthrown_exit> unthrown;
    std::unique_ptr<trace_state> trace;
    std::unique_ptr<own_watch> watch;
    std::unique_ptr<throw_trace> thrown;
    message_handler* loop = nullptr;  // see watched_loop

    occasional() noexcept;
    ~occasional();
};

struct relations {
    flat_table<pid, link_entry> links;
    flat_table<reference, own_monitor> monitors;
    watcher_table watchers;
    flat_table<reference, alias_entry> aliases;
    flat_table<reference, pending_spawn> spawns;
    message_timer* timers = nullptr;     // the first of the list
    std::unique_ptr<occasional> seldom;  // made for the first of them; likewise the call
    std::unique_ptr<pending_call> call;
    std::unique_ptr<wait_timer> handler_timeout;

    [[nodiscard]] occasional& occasionally() {
        if (!seldom) seldom = std::make_unique<occasional>();
        return *seldom;
    }
    /// The question that waits for its answer or was answered last; null when there is none.
    [[nodiscard]] pending_question* question() const noexcept {
        return seldom && seldom->question ? &*seldom->question : nullptr;
    }
    /// Null when it is empty.
    [[nodiscard]] dictionary_entries* dictionary() const noexcept {
        return seldom && !seldom->dictionary.empty() ? &seldom->dictionary : nullptr;
    }
    [[nodiscard]] pending_call& calling() {
        if (!call) call = std::make_unique<pending_call>();
        return *call;
    }
    /// The call that waits for its reply, if one does and the server has our monitor.
    [[nodiscard]] pending_call* watched_call() const noexcept {
        return call && call->state != pending_call::phase::none && call->watched ? call.get() : nullptr;
    }

    /// Bytes of it and its tables, without the terms in them and without timers.
    [[nodiscard]] std::size_t memory() const noexcept;
    /// True when there is nothing in it to remember.
    [[nodiscard]] bool nothing_left() const noexcept;
    /// Gives back the memory of what is over. True when nothing at all is left. Not while a question waits
    /// for its answer.
    bool shrink() noexcept;
};
/// The monitor is gone: so is its alias, if that lasts as long as the monitor.
inline void end_alias_of_monitor(relations& r, const reference& ref) noexcept {
    const alias_entry* const alias = r.aliases.find(ref);
    if (alias == nullptr) return;
    if (alias->mode == alias_mode::demonitor || alias->mode == alias_mode::reply_demonitor)
        r.aliases.erase(ref);
}

// Every server that has been called has one. A block of malloc's holds eight bytes more, in steps of sixteen.
static_assert(sizeof(relations) <= 136 || sizeof(void*) != 8);

}  // namespace rakka::detail
