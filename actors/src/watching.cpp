#include "watching.hpp"

#include "question.hpp"
#include "routing.hpp"
#include "start_process.hpp"

#include <rakka/actors/handler.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <functional>
#include <mutex>
#include <utility>

namespace rakka::detail {

namespace {

using choice = process_watch::choice;

const std::type_info& code_of(const process_body* body, const message_handler* handler) noexcept {
    if (handler == nullptr) return body != nullptr ? body->code() : typeid(void);
    return typeid(*handler);
}

/// Null: it runs a callable, and nothing else takes the part of a handler.
message_handler* handler_of(process& p) noexcept {
    if (p.handler) return p.handler.get();
    return p.related && p.related->seldom ? p.related->seldom->loop : nullptr;
}

process_watch::candidate candidate_of(process& p) noexcept {
    message_handler* const handler = handler_of(p);
    return {p.pid(), handler, code_of(p.body.get(), handler)};
}

own_watch* own(process& p) noexcept {
    return p.related && p.related->seldom ? p.related->seldom->watch.get() : nullptr;
}

void let_go(process& p) noexcept {
    p.set_watched(false);
    if (p.related && p.related->seldom) p.related->seldom->watch.reset();
}

/// The watch of `p`, if it has one that has chosen it and is not over.
std::shared_ptr<process_watch> watch_of(process& p) noexcept {
    own_watch* const w = own(p);
    if (w == nullptr || w->by->over()) {
        let_go(p);
        return nullptr;
    }
    if (!w->chosen) {
        const choice now = w->by->chooses(candidate_of(p));
        if (now == choice::later) return nullptr;
        if (now != choice::yes) {
            let_go(p);
            return nullptr;
        }
        w->chosen = true;
    }
    return w->by;
}

/// Whatever `show` does in the process is not shown again.
template <class F>
void show(process& self, F&& what) noexcept {
    const std::shared_ptr<process_watch> by = watch_of(self);
    if (!by) return;
    self.set_watched(false);
    try {
        what(*by);
    } catch (...) {
        // no memory for the event
    }
    self.set_watched(own(self) != nullptr);
}

/// As a BEAM has it: of names nobody asks.
bool exists(system_core& core, const destination& to) {
    const auto* const p = std::get_if<pid>(&to);
    if (p == nullptr) return true;
    const pid target = localised(core, *p);
    if (!is_here(core, target)) return !is_dead_incarnation(core, target);
    return find_alive(core, target) != nullptr;
}

term reply_message(const reference& ref, term_view reply) {
    const term tag = cons(atoms::known<"alias">, std::cref(ref));
    return tuple(tag, copy_of(reply));
}

std::shared_ptr<process_watch> watch_of_births(system_core& core) {
    const std::lock_guard lock(core.layers.mutex);
    return core.layers.watch_of_births;
}

void accept(process& p, const process_watch::candidate& who, message_handler* handler,
            std::shared_ptr<process_watch> by) {
    if (by->over()) return;
    const choice now = by->chooses(who);
    if (now == choice::no) return;
    if (handler != nullptr) handler->watched(by);
    if (now == choice::handler_only) return;
    auto& place = p.relate().occasionally().watch;
    if (!place) place = std::make_unique<own_watch>();
    *place = {std::move(by), now == choice::yes};
    p.set_watched(true);
}

}  // namespace

void begin_watching(process& p, std::shared_ptr<process_watch> by) noexcept {
    try {
        accept(p, candidate_of(p), handler_of(p), std::move(by));
    } catch (...) {
        return;  // no memory: it is not watched
    }
}

void watch_birth(process& child, const process_code& code) {
    std::shared_ptr<process_watch> by = watch_of_births(*child.system);
    if (!by) return;
    const message_handler* const handler = code.handler.get();
    accept(child, {child.pid(), handler, code_of(code.body.get(), handler), true}, code.handler.get(),
           std::move(by));
}

std::shared_ptr<process_watch> take_watch(control_signal& s) noexcept {
    const std::unique_ptr<std::shared_ptr<process_watch>> held(
        reinterpret_cast<std::shared_ptr<process_watch>*>(std::exchange(s.id, 0)));
    return held ? std::move(*held) : nullptr;
}

void show_sent(process& self, const destination& to, term_view message) noexcept {
    show(self, [&](process_watch& by) { by.sent(to_term(to), message, exists(*self.system, to)); });
}

void show_received(process& self, term_view message) noexcept {
    show(self, [&](process_watch& by) { by.received(message); });
}

void show_reply_sent(process& self, const reference& ref, term_view reply) noexcept {
    show(self, [&](process_watch& by) {
        const term message = reply_message(ref, reply);
        by.sent(term(ref), message, true);
        ;
    });
}

void show_reply_received(process& self, const reference& ref, term_view reply) noexcept {
    show(self, [&](process_watch& by) {
        const term message = reply_message(ref, reply);
        by.received(message);
        ;
    });
}

watched_loop::watched_loop(message_handler& loop) {
    process& self = current_process();
    self.relate().occasionally().loop = &loop;
    if (own_watch* const w = own(self)) {
        if (!w->by->over()) loop.watched(std::shared_ptr(w->by));
        return;
    }
    // One that wanted it for its handler alone, or did not know that it would be of the right kind.
    if (auto by = watch_of_births(*self.system)) begin_watching(self, std::move(by));
}

watched_loop::~watched_loop() {
    process& self = current_process();
    if (self.related && self.related->seldom) self.related->seldom->loop = nullptr;
}

process_watch* watch_here() noexcept {
    process* const self = current_process_or_null();
    if (self == nullptr) return nullptr;
    own_watch* const w = own(*self);
    return w == nullptr || !w->chosen || w->by->over() ? nullptr : w->by.get();
}

}  // namespace rakka::detail

namespace rakka {

using namespace detail;

void watch_process(system& s, const pid& p, std::shared_ptr<process_watch> by) {
    system_core& core = s.core();
    const pid to = localised(core, p);
    if (!by || !is_here(core, to)) return;
    process* const self = current_process_or_null();
    if (self != nullptr && self->system == &core && self->pid() == to)
        return begin_watching(*self, std::move(by));
    auto held = std::make_unique<std::shared_ptr<process_watch>>(std::move(by));
    control_signal& c = make_control(core, signal_kind::watch);
    c.id = reinterpret_cast<std::uint64_t>(held.release());
    deliver(core, to, c);
}

void watch_births(system& s, std::shared_ptr<process_watch> by) {
    system_core& core = s.core();
    core.log.watch_births(by != nullptr);
    const std::lock_guard lock(core.layers.mutex);
    core.layers.watch_of_births.swap(by);  // the old one goes after the lock
}

}  // namespace rakka
