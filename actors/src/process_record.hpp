// A process: its inbox, its own state, and what it does with signals. Fields are grouped by who may touch
// them.
#pragma once

#include "engine/current.hpp"
#include "engine/task.hpp"
#include "engine/worker.hpp"
#include "mailbox.hpp"
#include "mailbox_bound.hpp"
#include "message_queue.hpp"
#include "relations.hpp"

#include <rakka/actors/handler.hpp>
#include <rakka/actors/process_body.hpp>
#include <rakka/actors/spawn_options.hpp>
#include <rakka/etf/term.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace rakka::detail {

class system_core;
[[nodiscard]] term consume_node(system_core& core, signal& s) noexcept;  // signal_delivery.hpp

/// Takes the term out and gives the node back.
[[nodiscard]] inline term consume_message(system_core& core, signal& s) noexcept {
    if (s.storage == signal_storage::arena) return {s.value, arena_of(s)};  // they are one
    return consume_node(core, s);
}

/// What the spawner decides about a new process.
struct process_start {
    rakka::pid leader;
    process_priority priority = process_priority::normal;
    const process* parent = nullptr;  // null: none of this system
};

/// A slot of the process table and the process that lives in it. Slots are type-stable: a sender may hold a
/// pointer to one for ever; the serial in each signal says which of its inhabitants was meant.
///
/// Life of a slot:  free --claim--> starting --first slice--> running --finish--> ending --inbox closed-->
/// free
struct alignas(64) process final : task {
    process(scheduler& home, system_core& core, std::uint32_t slot_number) noexcept;
    process(const process&) = delete;
    process& operator=(const process&) = delete;
    ~process() { delete bound.load(std::memory_order_relaxed); }

    // -- constant
    // ------------------------------------------------------------------------------------------------
    system_core* const system;
    const std::uint32_t slot;
    const bool signals_travel;  // the system has a signal_transit

    // -- any thread
    // ----------------------------------------------------------------------------------------------
    /// What a message to the inhabitant costs its sender in reductions: more, the more of them wait. So those
    /// who send to somebody who cannot keep up have shorter turns than he has.
    std::atomic<std::uint16_t> message_cost{1};
    mailbox inbox;
    /// Serial of the living inhabitant << 32 | id of its registered name; 0 when there is none, or it is
    /// ending.
    std::atomic<std::uint64_t> identity{0};
    /// Null until the slot has had a process with a limit on its messages.
    std::atomic<mailbox_bound*> bound{nullptr};
    /// Serial << 32 | slot of who spawned the inhabitant; 0 when that was no process of this system.
    std::atomic<std::uint64_t> parent{0};

    // -- owner (before publication: the spawner)
    // -----------------------------------------------------------------------
    std::uint32_t serial = 0;  // 1 … last_serial, and round again
    static constexpr std::uint32_t last_serial = (1U << 28) - 1;

    enum class phase : std::uint8_t { free, starting, running, ending };
    phase state = phase::free;
    bool traps_exit : 1 = false;
    bool doomed : 1 = false;       // an exit signal has decided: `reason` is set
    bool traced : 1 = false;       // it has a token or is watched: its messages are to be looked at
    bool waiting : 1 = false;      // blocked in a receive, or a handler without a message
    bool final : 1 = false;        // destructors and terminate() run: nothing can be thrown any more
    bool sleepy : 1 = false;       // a handler that asked to hibernate
    bool at_rest : 1 = false;      // a handler that takes in signals between two callbacks
    bool keeps_stack : 1 = false;  // the same one for life
    bool threaded : 1 = false;     // with a thread of its own
    bool has_token : 1 = false;    // a trace token (tracing.hpp), unless all were taken away
    bool watched : 1 = false;      // somebody looks at its messages (watching.hpp)
    std::uint32_t exit_deferrals = 0;
    std::uint32_t resumes = 0;  // resume signals not used up yet
    message_queue messages;
    std::unique_ptr<process_body> body;
    std::unique_ptr<message_handler> handler;
    std::unique_ptr<relations> related;
    rakka::pid leader;
    term reason;
    std::uint64_t references = 0;    // how many this process has made, and other new numbers
    std::uint64_t spared_until = 0;  // reductions at which a doomed process is ended where it only pays
    process* next_free = nullptr;    // guarded by the free list it is in

    [[nodiscard]] rakka::pid pid() const noexcept;
    [[nodiscard]] relations& relate() {
        if (!related) related = std::make_unique<relations>();
        return *related;
    }

    /// Whether anything is to be looked at before a message is sent or received. Written so that g++ makes it
    /// one test of one byte.
    [[nodiscard]] bool unusual() const noexcept { return (doomed != 0) | (traced != 0); }

    void set_token(bool on) noexcept {
        has_token = on;
        traced = on || watched;
    }
    void set_watched(bool on) noexcept {
        watched = on;
        traced = on || has_token;
    }

    /// The slot has been claimed: a new process, still unknown to everybody.
    void begin(const process_start& how) noexcept;

    /// Above all that this process has used so far.
    [[nodiscard]] std::uint64_t new_number() noexcept;
    /// A reference that names this process, for monitors and aliases; marks the message queue.
    [[nodiscard]] reference make_own_reference() noexcept;
    /// The n-th of them.
    [[nodiscard]] reference own_reference(std::uint64_t n) const noexcept;
    /// Which of them it is; 0 for another's.
    [[nodiscard]] std::uint64_t number_of_own(const reference& ref) const noexcept;
    /// The call that waits for this reference, if any.
    [[nodiscard]] pending_call* call_waiting_for(const reference& ref) noexcept;

    /// Takes in everything from the inbox: messages are queued, other signals acted upon. True if there was
    /// any.
    bool fetch() noexcept { return inbox.pending() && fetch_pending(); }
    /// What fetch() does with each. Owner; of messages, calls and their replies also whoever has just taken
    /// the process out of its sleep, see post().
    void take_in(signal& s) noexcept {
        if (s.kind == signal_kind::message && s.serial == serial) [[likely]] {
            messages.append(s);
        } else {
            take_in_other(s);
        }
    }
    /// Sleeps until something is in the inbox or among the messages. Call fetch() afterwards. Throws
    /// std::bad_alloc when no stack is left.
    void sleep() {
        set_message_cost();
        suspend_current([this]() noexcept { return inbox.try_sleep(); });
    }
    /// An exit signal has ended this process, and throwing is possible now.
    [[nodiscard]] bool exits_now() const noexcept;
    /// Throws process_exit if exits_now().
    void check_exit();
    /// Brings message_cost up to date. Owner.
    void set_message_cost() noexcept {
        if (messages.size() >= messages_for_a_reduction || message_cost.load(std::memory_order_relaxed) != 1)
            [[unlikely]]
            change_message_cost();
    }
    /// The price of an ambient function, at its end: when the slice is used up others run (a handler first
    /// gets another slice, to return from its callback), and then this process takes in its signals. Throws
    /// process_exit, but not before a doomed process had 4,000 reductions to come to a function that waits:
    /// those are known to throw, and a destructor that sends a few messages should not have to.
    void pay(std::int32_t n = 1) {
        if (give_way(n) || doomed) [[unlikely]]
            taken_up_again();
    }
    /// Counts without looking at signals afterwards. True when others have run.
    bool give_way(std::int32_t n) noexcept;
    /// The same as pay() and give_way() for who knows the worker; nothing may have blocked since it was
    /// looked up.
    void pay(worker& here, std::int32_t n = 1) {
        // Preempted code learns of its exit between two calls of ours, with most of a slice left.
        if (here.charge(n) || doomed) [[unlikely]]
            pay(0);
    }
    /// The same for who has asked unusual() since it took in signals last.
    void pay_usually(worker& here, std::int32_t n) {
        if (here.charge(n)) [[unlikely]]
            pay(0);
    }
    void pay_as(bool is_unusual) {
        if (give_way(1) || (is_unusual && doomed)) [[unlikely]]
            taken_up_again();
    }
    void give_way(worker& here) noexcept {
        if (here.charge(1)) [[unlikely]]
            give_way(0);
    }
    /// The process ends with `why` when it looks next. The first reason counts.
    void doom(term why) noexcept;

    /// What process_info() tells.
    [[nodiscard]] process_information describe();

    /// Gives back memory before a long sleep: capacity of relations that are over, and the stack below.
    void give_back_memory() noexcept;

    /// Takes what a message carries and gives its node back.
    [[nodiscard]] term consume(signal& s) noexcept {
        if (s.marks != 0 || traced) [[unlikely]]
            special_message_received(s);
        return consume_message(*system, s);
    }
    /// The same for a process that is not unusual().
    [[nodiscard]] term consume_usual(signal& s) noexcept {
        if (s.marks != 0) [[unlikely]]
            special_message_received(s);
        return consume_message(*system, s);
    }

    /// Puts a message that is from no process in the own queue, behind everything taken in so far.
    void queue_message(term message) noexcept;
    /// The same; a priority message goes before the ordinary ones. With kind `message` it is like one from a
    /// process.
    void queue(term message, bool priority, signal_kind kind = signal_kind::notice) noexcept;
    /// Likewise a message made from a signal, with its trace token, if it has one: as if that had been sent.
    void queue_for(signal& cause, term message, bool priority = false) noexcept;

private:
    static constexpr std::size_t messages_for_a_reduction = 128;
    static constexpr std::size_t most_message_cost = 255;

    void change_message_cost() noexcept;
    void special_message_received(signal& s) noexcept;
    bool fetch_pending() noexcept;
    void take_in_other(signal& s) noexcept;
    bool fetch_at_rest() noexcept;
    [[nodiscard]] bool sleep_on_own_stack() noexcept;
    void taken_up_again();
    step run_slice() noexcept override;
    void was_preempted() noexcept override;
    [[nodiscard]] step run_body() noexcept;
    [[nodiscard]] step run_handler() noexcept;
    // Handler callbacks: false when the process has ended, and *this is somebody else's.
    template <class Callback>
    [[nodiscard]] bool call(Callback callback) noexcept;
    [[nodiscard]] bool timed_out() noexcept;
    void start_handler_timeout(next::duration d);
    step end_handler(term why) noexcept;
    void end_user_code() noexcept;

    void handle_control(signal& s) noexcept;
    void act_on(control_signal& s) noexcept;
    void on_exit_link(control_signal& s) noexcept;
    void on_exit2(control_signal& s) noexcept;
    void on_alias_message(control_signal& s) noexcept;
    void on_traced(control_signal& s) noexcept;
    void on_call(control_signal& s) noexcept;
    void on_call_reply(control_signal& s) noexcept;
    void on_unlink(control_signal& s) noexcept;
    void on_unlink_ack(control_signal& s) noexcept;
    void on_down(control_signal& s) noexcept;
    void on_spawn_reply(control_signal& s) noexcept;
    void on_nodedown(const control_signal& s) noexcept;
    void on_info_request(control_signal& s) noexcept;
    void on_timer_request(control_signal& s) noexcept;
    void on_answer(control_signal& s) noexcept;
};

// Slots are found by multiplication; an idle process is mostly its slot.
static_assert(sizeof(process) <= 256 || sizeof(void*) != 8);

/// As label() gives it. Owner.
[[nodiscard]] term label_of(const process& p);

/// The calling process; throws std::logic_error outside of one.
[[nodiscard]] process& current_process();

/// The calling process and the worker it is on, in one look. The worker counts until something may block.
struct standpoint {
    worker& here;
    process& self;
};
[[noreturn]] void not_in_a_process();
[[nodiscard]] inline standpoint where_am_i() {
    worker* const w = current_worker();
    task* const t = w == nullptr ? nullptr : w->current();
    if (t == nullptr) [[unlikely]]
        not_in_a_process();
    return {*w, static_cast<process&>(*t)};
}

/// The calling process or null.
[[nodiscard]] inline process* current_process_or_null() noexcept;

}  // namespace rakka::detail

namespace rakka::detail {
inline process* current_process_or_null() noexcept {
    return static_cast<process*>(current_task());
}
}  // namespace rakka::detail
