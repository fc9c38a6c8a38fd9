#include "tracing.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/seq_trace.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <boost/system/system_error.hpp>

#include <optional>
#include <utility>

namespace rakka::seq_trace {

using namespace detail;

namespace {

[[noreturn]] void bad_argument() {
    error(atoms::known<"badarg">);
}

/// The bit of a flag; nothing for other components.
std::optional<std::int64_t> flag_of(atom component) {
    static const std::pair<atom, std::int64_t> all[] = {
        {atom("send"), trace_token::send},
        {atom("receive"), trace_token::receive},
        {atom("print"), trace_token::print},
        {atom("timestamp"), trace_token::timestamp},
        {atom("strict_monotonic_timestamp"), trace_token::strict_monotonic_timestamp},
        {atom("monotonic_timestamp"), trace_token::monotonic_timestamp},
    };
    for (const auto& [name, bit] : all)
        if (name == component) return bit;
    return std::nullopt;
}

bool is_label(atom component) {
    static const atom label("label");
    return component == label;
}
bool is_serial(atom component) {
    static const atom serial("serial");
    return component == serial;
}

/// A label goes to other nodes with every message of the trace, which a C++ object cannot. Copied: it must
/// not keep the message alive that it was part of.
term as_label(term_view value) {
    try {
        return term::copy(value);
    } catch (const boost::system::system_error&) {
        bad_argument();
    }
}

/// The caller's token, made if need be.
trace_state& begin_trace(process& self) {
    trace_state& t = make_trace(self);
    if (self.has_token) return t;
    t.token = {.flags = 0, .label = term(0), .serial = 0, .from = self.pid(), .previous = t.received};
    self.set_token(true);
    return t;
}

term set_flag(process& self, std::int64_t bit, const term& value) {
    const bool on = value.is_atom(atoms::known<"true">);
    if (!on && !value.is_atom(atoms::known<"false">)) bad_argument();
    std::int64_t& flags = begin_trace(self).token.flags;
    const bool was = (flags & bit) != 0;
    flags = on ? flags | bit : flags & ~bit;
    return was ? atoms::known<"true"> : atoms::known<"false">;
}

term set_serial(process& self, const term& value) {
    if (!value.is_tuple(2)) bad_argument();
    // What a token may have, a clock may.
    const auto read = trace_token::read(
        tuple(0, 0, value.share(value.tuple()[1]), self.pid(), value.share(value.tuple()[0])));
    if (!read) bad_argument();
    trace_state& t = begin_trace(self);
    const term was = tuple(t.token.previous, t.token.serial);
    t.token.serial = t.clock = read->serial;
    t.token.previous = t.received = read->previous;
    return was;
}

void tell_if_printing(process& self, trace_state& t, const term& info) {
    const trace_token& token = count(self, t);
    tell_tracer(*self.system, &self, trace_event::print, token, list(), info);
    self.pay();
}

}  // namespace

term get_token() {
    const trace_state* const t = trace_of(current_process());
    return t == nullptr ? term(list()) : t->token.to_term();
}

term get_token(atom component) {
    const trace_state* const t = trace_of(current_process());
    if (const auto bit = flag_of(component)) {
        const bool on = t != nullptr && (t->token.flags & *bit) != 0;
        return tuple(component, on ? atoms::known<"true"> : atoms::known<"false">);
    }
    if (!is_label(component) && !is_serial(component)) bad_argument();
    if (t == nullptr) return list();
    if (is_label(component)) return tuple(component, t->token.label);
    return tuple(component, tuple(t->token.previous, t->token.serial));
}

term set_token(const term& token) {
    process& self = current_process();
    if (token.is(kind::nil)) {
        term was = get_token();
        self.set_token(false);
        return was;
    }
    const auto read = trace_token::read(token);
    if (!read) bad_argument();
    term label = as_label(read->label);
    trace_state& t = begin_trace(self);
    t.token.flags = read->flags;
    t.token.label = std::move(label);
    t.token.serial = t.clock = read->serial;
    t.token.previous = t.received = read->previous;
    return atoms::known<"ok">;
}

term set_token(atom component, const term& value) {
    process& self = current_process();
    if (const auto bit = flag_of(component)) return set_flag(self, *bit, value);
    if (is_serial(component)) return set_serial(self, value);
    if (!is_label(component)) bad_argument();
    term label = as_label(value);
    return std::exchange(begin_trace(self).token.label, std::move(label));
}

void print(const term& info) {
    process& self = current_process();
    if (trace_state* const t = trace_of(self)) tell_if_printing(self, *t, info);
}

void print(const term& label, const term& info) {
    process& self = current_process();
    trace_state* const t = trace_of(self);
    if (t != nullptr && t->token.label == label) tell_if_printing(self, *t, info);
}

void reset_trace() {
    current_process().system->trace_epoch.fetch_add(1, std::memory_order_acq_rel);
}

std::optional<pid> set_system_tracer(std::optional<pid> tracer) {
    process& self = current_process();
    system_core& core = *self.system;
    std::uint64_t packed = 0;
    if (tracer) {
        const pid local = localised(core, *tracer);
        if (!is_here(core, local) || find_alive(core, local) == nullptr) bad_argument();
        packed = std::uint64_t{local.serial} << 32 | local.id;
    }
    const std::optional<pid> was = get_system_tracer();
    core.system_tracer.store(packed, std::memory_order_release);
    return was;
}

std::optional<pid> get_system_tracer() {
    const pid tracer = tracer_of(*current_process().system);
    return tracer ? std::optional(tracer) : std::nullopt;
}

void received(const trace_token& token, const term& message) {
    receive_with_token(current_process(), token, message);
}

void tell_received(system& where, const trace_token& token, const term& to, const term& message) {
    tell_tracer(where.core(), nullptr, trace_event::receive, token, to, message);
}

void tell_sent(system& where, const trace_token& token, const term& to, const term& message) {
    tell_tracer(where.core(), nullptr, trace_event::send, token, to, message);
}

std::optional<trace_token> sent(const term& to, const term& message) {
    process& self = current_process();
    trace_state* const t = trace_of(self);
    if (t == nullptr) return std::nullopt;
    tell_tracer(*self.system, &self, trace_event::send, count(self, *t), to, message);
    return t->token;
}

}  // namespace rakka::seq_trace
