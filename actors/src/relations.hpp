// What a process has to do with others: links, monitors, aliases, timers, pending questions. Made on first
// use.
#pragma once

#include "flat_table.hpp"
#include "wait_timer.hpp"

#include <rakka/actors/monitors.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/etf/identifiers.hpp>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace rakka::detail {

struct message_timer;

/// A link as this side sees it. After unlink() the entry stays, inactive, until the other side has
/// acknowledged: an exit signal that crossed the unlink must find it and be ignored. [protocol: links]
struct link_entry {
    bool active = true;
    std::uint64_t unlink_id = 0;  // of the unlink under way, when inactive
};

/// A monitor held by this process.
struct monitor_entry {
    monitor_target target;  // a pid or {name, node}: what 'DOWN' shows
    pid resolved;           // the process meant, when it is one of this system
};

/// A monitor on this process.
struct watcher_entry {
    pid watcher;
    atom name;  // set when the watcher gave a name
};

enum class alias_mode : std::uint8_t { explicit_unalias, reply, demonitor, reply_demonitor };

struct pending_spawn {
    atom node;
    bool link = false;
    bool monitor = false;
};

/// A question to another process that this one waits for.
struct pending_question {
    std::uint64_t number = 0;
    bool answered = false;
    term value;
    std::unique_ptr<process_information> information;
};

struct relations {
    flat_table<pid, link_entry> links;
    flat_table<reference, monitor_entry> monitors;
    flat_table<reference, watcher_entry> watchers;
    flat_table<reference, alias_mode> aliases;
    flat_table<reference, pending_spawn> spawns;
    flat_table<reference, message_timer*> timers;
    std::vector<std::pair<term, term>> dictionary;
    pending_question question;
    std::unique_ptr<wait_timer> handler_timeout;
    std::uint64_t last_unlink_id = 0;
};

}  // namespace rakka::detail
