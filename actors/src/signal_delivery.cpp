#include "signal_delivery.hpp"

#include "signal_transit.hpp"
#include "timer_records.hpp"
#include "tracing.hpp"
#include "watching.hpp"

#include <rakka/etf/known_atoms.hpp>
#include <rakka/etf/traits.hpp>

#include <cstdlib>
#include <memory>

namespace rakka::detail {

namespace {

void* allocate(std::size_t size) {
    void* const p = std::malloc(size);
    if (p == nullptr) throw std::bad_alloc();
    return p;
}

signal* take_small(system_core& core, worker_cache* cache) {
    if (cache == nullptr) return static_cast<signal*>(allocate(sizeof(signal_with_term)));
    if (signal* const s = cache->signals.small.pop()) return s;
    if (signal* const chain = core.depot.take_small()) {
        cache->signals.small.adopt(chain, node_list::batch);
        return cache->signals.small.pop();
    }
    return static_cast<signal*>(allocate(sizeof(signal_with_term)));
}

signal* take_large(system_core& core, worker_cache* cache) {
    if (cache == nullptr) return static_cast<signal*>(allocate(sizeof(control_signal)));
    if (signal* const s = cache->signals.large.pop()) return s;
    if (signal* const chain = core.depot.take_large()) {
        cache->signals.large.adopt(chain, node_list::batch);
        return cache->signals.large.pop();
    }
    return static_cast<signal*>(allocate(sizeof(control_signal)));
}

void give_back_small(system_core& core, signal& s) noexcept {
    worker_cache* const cache = core.cache();
    if (cache == nullptr) {
        std::free(&s);
        return;
    }
    node_list& list = cache->signals.small;
    list.push(&s);
    if (list.size() > 4 * node_list::batch) core.depot.put_small(list.split());
}

void give_back_large(system_core& core, signal& s) noexcept {
    worker_cache* const cache = core.cache();
    if (cache == nullptr) {
        std::free(&s);
        return;
    }
    node_list& list = cache->signals.large;
    list.push(&s);
    if (list.size() > 4 * node_list::batch) core.depot.put_large(list.split());
}

remote_router* router_of(system_core& core) noexcept {
    return core.router.load(std::memory_order_acquire);
}

}  // namespace

signal& make_message(system_core& core, worker_cache* cache, term&& message) {
    etf::detail::arena* const owner = message.owner();
    if (owner != nullptr && owner->unique()) {
        const auto word = message.release().first;
        return *new (owner->queue_link)
            signal{nullptr, 0, signal_kind::message, signal_storage::arena, 0, word};
    }
    signal* const node = take_small(core, cache);
    const auto [word, arena] = message.release();
    return *new (node)
        signal_with_term{{nullptr, 0, signal_kind::message, signal_storage::small, 0, word}, arena};
}

control_signal& make_control(system_core& core, signal_kind kind) {
    // Member by member: as a whole it is large enough for the compiler to call memset.
    worker_cache* const cache = core.cache();
    control_signal& s = *new (take_large(core, cache)) control_signal;
    if (is_message(kind)) core.count_message(cache);
    s.next = nullptr;
    s.serial = 0;
    s.kind = kind;
    s.storage = signal_storage::large;
    s.marks = 0;
    s.value = etf::detail::no_word;
    s.owner = nullptr;
    s.id = 0;
    return s;
}

control_signal& make_control(system_core& core, signal_kind kind, const pid& from) {
    control_signal& s = make_control(core, kind);
    s.from = from;
    return s;
}

void set_term(control_signal& s, term value) noexcept {
    const auto [word, arena] = value.release();
    s.value = word;
    s.owner = arena;
}

term take_term(signal& s) noexcept {
    const auto word = std::exchange(s.value, etf::detail::no_word);
    if (s.storage == signal_storage::arena) return {word, arena_of(s)};
    return {word, std::exchange(static_cast<signal_with_term&>(s).owner, nullptr)};
}

term consume_node(system_core& core, signal& s) noexcept {
    term t = take_term(s);
    if (s.storage == signal_storage::small) {
        give_back_small(core, s);
    } else if (s.storage == signal_storage::large) {
        give_back_large(core, s);
    } else if (s.storage == signal_storage::traced) {
        free_traced(s);
    }
    return t;
}

void free_signal(system_core& core, signal& s) noexcept {
    static_cast<void>(consume_message(core, s));
}

namespace {

/// The signals of every message and call: short work, which needs nothing of the process that runs.
constexpr bool may_be_handed_over(signal_kind k) noexcept {
    return k <= signal_kind::notice && k != signal_kind::alias_message;
}

}  // namespace

bool arrive(process& slot, std::uint32_t serial, signal& s) noexcept {
    s.serial = serial;
    if (may_be_handed_over(s.kind) && slot.inbox.try_wake()) {
        slot.take_in(s);  // as fetch() would have: the sleeper is ours for the moment
        make_runnable(slot);
        return true;
    }
    switch (slot.inbox.push(s)) {
        case mailbox::pushed::queued:
            return true;
        case mailbox::pushed::wake_owner:
            make_runnable(slot);
            return true;
        case mailbox::pushed::refused:
            return false;
    }
    return false;
}

namespace {

/// Whose signals those are that the calling code sends.
std::uint32_t sender_slot(const system_core& core) noexcept {
    const process* const p = current_process_or_null();
    return p != nullptr && p->system == &core ? p->slot : process_table::nobodys_slot;
}

}  // namespace

bool set_out(process& slot, std::uint32_t serial, signal& s) noexcept {
    const std::uint32_t sender = sender_slot(*slot.system);
    // What is sent to oneself is there at once, and so is what is no signal but a part of the target's own.
    if (sender == slot.slot || s.storage == signal_storage::foreign) return arrive(slot, serial, s);
    s.serial = serial;
    slot.system->transit->carry(sender, slot, s);
    return true;
}

void deliver(system_core& core, const pid& to, signal& s) noexcept {
    process* const target = find_alive(core, to);
    if (target == nullptr || !post(*target, to.serial, s)) answer_for_dead(core, to, s);
}

namespace {

/// The same for a signal that is from another than the calling process: behind what that one has sent.
void deliver_from(system_core& core, const pid& from, const pid& to, signal& s) noexcept {
    process* const target = core.transit && is_here(core, from) ? find_alive(core, to) : nullptr;
    if (target == nullptr) return deliver(core, to, s);
    s.serial = to.serial;
    core.transit->carry(from.id, *target, s);
}

}  // namespace

void answer_for_dead(system_core& core, const pid& target, signal& s) noexcept {
    if (s.kind == signal_kind::message_timer) {
        message_timer::discard(s);
        return;
    }
    if (s.storage == signal_storage::foreign) return;
    if (s.storage == signal_storage::traced) {
        s.kind = traced(s).inner;
    } else if (s.storage != signal_storage::large) {
        free_signal(core, s);
        return;
    }
    control_signal& c = control(s);
    switch (c.kind) {
        case signal_kind::link:
            send_exit_link(core, target, c.from, term(atoms::known<"noproc">));
            break;
        case signal_kind::unlink:
            send_unlink_ack(core, target, c.from, c.id);
            break;
        case signal_kind::monitor:
        case signal_kind::call: {
            const monitor_target as_given = c.name ? monitor_target(c.name) : monitor_target(target);
            send_down(core, target, as_given, c.from, c.ref, term(atoms::known<"noproc">));
            break;
        }
        case signal_kind::info_request:
        case signal_kind::timer_request: {
            control_signal& a = make_control(core, signal_kind::answer, target);
            a.ref.words = c.ref.words;
            a.ref.creation = c.ref.creation;
            deliver_from(core, target, c.from, a);
            break;
        }
        case signal_kind::answer:
            delete reinterpret_cast<process_information*>(c.id);
            c.id = 0;
            break;
        case signal_kind::watch:
            static_cast<void>(take_watch(c));
            break;
        case signal_kind::spawn_reply:
            undo_spawn(core, target, c);
            break;
        default:
            break;
    }
    free_signal(core, s);
}

void undo_spawn(system_core& core, const pid& parent, control_signal& s) noexcept {
    const auto child = peek(s).as<pid>();
    const term why = core.gone_parents.take(s.ref);
    if (!child) return;
    if ((s.id & 2) != 0) send_demonitor(core, parent, *child, monitor_target(*child), s.ref);
    if ((s.id & 1) != 0) send_exit_link(core, parent, *child, why);
}

void send_exit_link(system_core& core, const pid& from, const pid& to, const term& reason) {
    if (is_here(core, to)) {
        control_signal& s = make_control(core, signal_kind::exit_link, from);
        set_term(s, reason);
        deliver_from(core, from, to, s);
    } else if (remote_router* const r = router_of(core)) {
        r->exit_link(from, to, reason);
    }
}

void send_down(system_core& core, const pid& from, const monitor_target& target, const pid& watcher,
               const reference& ref, const term& reason) {
    if (is_here(core, watcher)) {
        control_signal& s = make_control(core, signal_kind::down);
        s.ref = ref;
        set_term(s, reason);
        deliver_from(core, from, watcher, s);
    } else if (remote_router* const r = router_of(core)) {
        r->down(from, target, watcher, ref, reason);
    }
}

void send_demonitor(system_core& core, const pid& watcher, const pid& resolved, const monitor_target& target,
                    const reference& ref) {
    if (resolved.creation == core.origin && !resolved.node) {
        if (resolved.serial == 0) return;  // of a name that nobody had
        control_signal& s = make_control(core, signal_kind::demonitor, watcher);
        s.ref = ref;
        deliver(core, resolved, s);
    } else if (remote_router* const r = router_of(core)) {
        r->demonitor(watcher, target, ref);
    }
}

void send_unlink_ack(system_core& core, const pid& from, const pid& to, std::uint64_t id) {
    if (is_here(core, to)) {
        control_signal& s = make_control(core, signal_kind::unlink_ack, from);
        s.id = id;
        deliver_from(core, from, to, s);
    } else if (remote_router* const r = router_of(core)) {
        r->unlink_ack(from, to, id);
    }
}

void obey(process& self, remote_router::outcome o) {
    if (o != remote_router::outcome::suspend) return;
    for (;;) {
        self.fetch();
        if (self.resumes > 0) break;
        self.check_exit();
        if (self.doomed) return;  // unwinding already: nothing to wait for
        self.sleep();
    }
    --self.resumes;
}

}  // namespace rakka::detail
