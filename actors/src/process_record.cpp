#include "process_record.hpp"

#include "engine/current.hpp"
#include "engine/reductions.hpp"
#include "exit_propagation.hpp"
#include "signal_delivery.hpp"
#include "system_core.hpp"
#include "system_log.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/throw_trace.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <exception>
#include <new>
#include <stdexcept>
#include <utility>

namespace rakka::detail {

process::process(scheduler& home, system_core& core, std::uint32_t slot_number) noexcept
    : task(home), system(&core), slot(slot_number), signals_travel(core.transit != nullptr) {}

process& current_process() {
    process* const p = current_process_or_null();
    if (p == nullptr) not_in_a_process();
    return *p;
}

void not_in_a_process() {
    throw std::logic_error("rakka: called outside of a process");
}

pid process::pid() const noexcept {
    return {{}, slot, serial, system->origin};
}

std::uint64_t process::new_number() noexcept {
    return ++references;
}

reference process::make_own_reference() noexcept {
    messages.mark(++references);
    return own_reference(references);
}

reference process::own_reference(std::uint64_t n) const noexcept {
    // The first word and the upper byte of the number are where a timer's reference has more: see
    // timer_records.cpp.
    return {{},
            system->origin,
            reference::max_words,
            {0, static_cast<std::uint32_t>(n), static_cast<std::uint32_t>(n >> 32), slot, serial}};
}

std::uint64_t process::number_of_own(const reference& ref) const noexcept {
    if (ref.node || ref.creation != system->origin || ref.size != reference::max_words) return 0;
    if (ref.words[3] != slot || ref.words[4] != serial) return 0;
    return std::uint64_t{ref.words[2]} << 32 | ref.words[1];
}

pending_call* process::call_waiting_for(const reference& ref) noexcept {
    if (!related || !related->call || !related->call->waits_for(number_of_own(ref))) return nullptr;
    return related->call.get();
}

void process::begin(const process_start& how) noexcept {
    serial = serial == last_serial ? 1 : serial + 1;
    state = phase::starting;
    traps_exit = doomed = traced = waiting = final = sleepy = at_rest = keeps_stack = threaded = false;
    has_token = watched = false;
    parent.store(how.parent == nullptr ? 0 : std::uint64_t{how.parent->serial} << 32 | how.parent->slot,
                 std::memory_order_release);
    message_cost.store(1, std::memory_order_relaxed);
    spared_until = 0;
    exit_deferrals = 0;
    resumes = 0;
    references = 0;
    leader = how.leader;
    reset_task(static_cast<task_priority>(how.priority));
}

void process::queue_message(term message) noexcept {
    queue(std::move(message), false);
}

void process::queue(term message, bool priority, signal_kind kind) noexcept {
    signal& s = make_message(*system, system->cache(), std::move(message));
    s.kind = kind;
    if (priority) {
        messages.insert_priority(s);
    } else {
        messages.append(s);
    }
}

bool process::fetch_pending() noexcept {
    for (signal* s = inbox.take(); s != nullptr;) {
        signal* const following = s->next;
        take_in(*s);
        s = following;
    }
    return true;
}

void process::take_in_other(signal& s) noexcept {
    if (s.serial != serial) [[unlikely]] {
        answer_for_dead(*system, rakka::pid{{}, slot, s.serial, system->origin}, s);
    } else {
        handle_control(s);
    }
}

void process::doom(term why) noexcept {
    if (doomed) return;
    doomed = true;
    reason = std::move(why);
}

bool process::exits_now() const noexcept {
    return doomed && exit_deferrals == 0 && std::uncaught_exceptions() == 0;
}

void process::check_exit() {
    if (exits_now()) throw process_exit{reason};
}

bool process::give_way(std::int32_t n) noexcept {
    set_message_cost();
    try {
        return body ? consume_reductions(n) : consume_reductions_late(n);
    } catch (const std::bad_alloc&) {
        return false;  // no stack for those that would run meanwhile: they wait until this process does
    }
}

[[gnu::cold]] void process::change_message_cost() noexcept {
    const std::size_t too_many = messages.size() / messages_for_a_reduction;
    if (too_many != 0) system->note_long_mailbox(messages.size());
    const auto cost = static_cast<std::uint16_t>(1 + std::min(too_many, most_message_cost));
    if (message_cost.load(std::memory_order_relaxed) != cost)
        message_cost.store(cost, std::memory_order_relaxed);
}

void process::taken_up_again() {
    fetch();
    if (!doomed) return;
    settle_reductions();  // those of the running slice count as well
    if (spared_until == 0) spared_until = reductions() + default_reductions;
    if (reductions() >= spared_until) check_exit();
}

step process::run_slice() noexcept {
    return handler ? run_handler() : run_body();
}

step process::run_body() noexcept {
    RAKKA_TAKES_DOWN_THROWS;
    state = phase::running;
    fetch();
    term why = atoms::known<"normal">;
    if (!doomed) {
        try {
            body->run();
        } catch (...) {
            why = reason_of_crash(*this);
        }
    }
    if (doomed) why = reason;
    end_user_code();
    const std::unique_ptr<process_body> late =
        body->outlives_process() ? std::move(body) : std::unique_ptr<process_body>();
    body.reset();
    finish(*this, why, slot_fate::recycle);
    return step::done;
}

template <class Callback>
bool process::call(Callback callback) noexcept {
    RAKKA_TAKES_DOWN_THROWS;
    try {
        if (related && related->handler_timeout) related->handler_timeout->stop();
        next decision = callback();
        if (decision.what() != next::action::stop) [[likely]] {
            if (decision.timeout()) start_handler_timeout(*decision.timeout());
            sleepy = decision.what() == next::action::hibernate;
            return true;
        }
        end_handler(std::move(decision.reason()));
    } catch (...) {
        end_handler(reason_of_crash(*this));
    }
    return false;
}

bool process::fetch_at_rest() noexcept {
    if (!inbox.pending()) return false;
    at_rest = true;
    fetch();
    at_rest = false;
    return true;
}

// False when it cannot, for want of a stack for those that would run meanwhile.
bool process::sleep_on_own_stack() noexcept {
    try {
        sleep();
        return true;
    } catch (const std::bad_alloc&) {
        return false;
    }
}

step process::run_handler() noexcept {
    fetch_at_rest();  // whoever asks what it was doing hears that it was waiting
    waiting = false;
    if (state == phase::starting) {
        state = phase::running;
        if (!doomed && !call([&] { return handler->init(); })) return step::done;
    }
    for (bool served = false, spent = false;;) {
        const bool special = unusual();
        if (special && doomed) [[unlikely]]
            return end_handler(term(reason));
        signal* const s = messages.pop();
        if (s != nullptr) {
            served = true;
            if (!call([&] { return handler->handle(special ? consume(*s) : consume_usual(*s)); }))
                return step::done;
        } else if (fetch_at_rest()) {
            continue;
        } else if (timed_out()) {
            if (!call([&] { return handler->handle_timeout(); })) return step::done;
        } else {
            if (sleepy) {
                sleepy = false;
                give_back_memory();
                continue;  // a timer that went with it may have taken in signals
            }
            waiting = true;
            // Woken for signals only, as at the end of a start: what they have ended need not stay.
            if (!served && related && related->nothing_left()) related.reset();
            set_message_cost();
            current_worker()->settle_reductions();
            if (keeps_stack) [[unlikely]] {
                if (!sleep_on_own_stack()) return end_handler(atoms::known<"system_limit">);
                fetch_at_rest();
            } else if (inbox.try_sleep()) {
                return step::wait;
            }
            waiting = false;
            continue;
        }
        if (current_worker()->charge(1)) {
            if (!spent && messages.empty() && !inbox.pending() && !timed_out()) {
                spent = true;
                continue;  // to sleep, rather than to the end of the queue
            }
            spent = false;
            set_message_cost();
            if (keeps_stack) [[unlikely]] {
                give_way(0);
                fetch_at_rest();  // as at the begin of a slice
                continue;
            }
            if (sleepy) trim_current_stack();  // the next slice may have another
            return step::again;
        }
    }
}

bool process::timed_out() noexcept {
    return related && related->handler_timeout && related->handler_timeout->expired();
}

void process::start_handler_timeout(next::duration d) {
    auto& timer = relate().handler_timeout;
    if (!timer) timer = std::make_unique<wait_timer>(*this);
    if (d.count() <= 0) {
        timer->expire();
    } else {
        timer->start(system->after(d));
    }
}

void process::give_back_memory() noexcept {
    if (related && related->shrink()) related.reset();
    trim_current_stack();
}

step process::end_handler(term why) noexcept {
    if (doomed) why = reason;
    end_user_code();
    handler->terminate(why);
    handler.reset();
    finish(*this, why, slot_fate::recycle);
    return step::done;
}

// From here on nothing may throw into user code any more: destructors and terminate() run.
void process::end_user_code() noexcept {
    final = true;
    ++exit_deferrals;
}

}  // namespace rakka::detail
