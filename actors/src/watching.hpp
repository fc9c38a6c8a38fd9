// Processes that somebody watches. Nothing of it is on the way of others: see process::traced.
#pragma once

#include "process_record.hpp"
#include "signal.hpp"
#include "system_core.hpp"

#include <rakka/actors/destination.hpp>
#include <rakka/actors/process_watch.hpp>
#include <rakka/actors/remote_router.hpp>
#include <rakka/actors/send.hpp>

#include <atomic>
#include <memory>

namespace rakka::detail {

struct process_code;

/// What a process that is watched has of it.
struct own_watch {
    std::shared_ptr<process_watch> by;
    bool chosen = false;  // false: choice::later
};

/// `p` has been given a watch. Owner.
void begin_watching(process& p, std::shared_ptr<process_watch> by) noexcept;
/// `child` is about to be started with this code. The spawner.
void watch_birth(process& child, const process_code& code);
/// The share that a signal of kind `watch` carries. Takes it.
[[nodiscard]] std::shared_ptr<process_watch> take_watch(control_signal& s) noexcept;

// -- what a process that is `watched` tells. Owner.

[[gnu::cold]] void show_sent(process& self, const destination& to, term_view message) noexcept;
[[gnu::cold]] void show_received(process& self, term_view message) noexcept;
/// The reply to a call, on either side: as a message with the call's alias in its tag.
[[gnu::cold]] void show_reply_sent(process& self, const reference& ref, term_view reply) noexcept;
[[gnu::cold]] void show_reply_received(process& self, const reference& ref, term_view reply) noexcept;

}  // namespace rakka::detail
