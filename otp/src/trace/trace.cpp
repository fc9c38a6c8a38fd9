// Starting and ending a trace.
#include "trace/tracer.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/exports.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/etf/local_origin.hpp>
#include <rakka/otp/trace.hpp>

#include <algorithm>
#include <type_traits>

namespace rakka::trace {

using detail::trace_desk;
using detail::trace_selection;
using detail::trace_session;

namespace {

/// `p` as this system writes it; nothing when it is of another.
std::optional<pid> local_form(system& s, const pid& p) {
    const pid local = p.node ? pid{{}, p.id, p.serial, s.origin()} : p;
    const bool ours = p.node ? etf::identity_of(local) == etf::identity_of(p) : p.creation == s.origin();
    return ours ? std::optional(local) : std::nullopt;
}

void add(trace_selection& into, const targets::one& what) {
    system& s = this_system();
    const auto choose = [&](const std::optional<pid>& p) {
        const auto local = p ? local_form(s, *p) : std::nullopt;
        const bool again =
            local && std::find(into.chosen.begin(), into.chosen.end(), *local) != into.chosen.end();
        if (local && !again) into.chosen.push_back(*local);
    };
    std::visit(
        [&](const auto& one) {
            using type = std::decay_t<decltype(one)>;
            if constexpr (std::is_same_v<type, pid>) {
                choose(one);
            } else if constexpr (std::is_same_v<type, atom> || std::is_same_v<type, registry_name>) {
                choose(whereis(one));
            } else if constexpr (std::is_same_v<type, group>) {
                into.existing = into.existing || one != group::born;
                into.born = into.born || one != group::existing;
            } else {
                into.modules.push_back(one.module);
            }
        },
        what);
}

/// `to` comes to have the pid of this system in the local form.
trace_selection select(const targets& whose, sink& to) {
    trace_selection out;
    for (const targets::one& one : whose.list())
        add(out, one);
    auto* const process = std::get_if<to_process>(&to);
    auto* const device = std::get_if<to_device>(&to);
    pid* const listener = process != nullptr  ? &process->process
                          : device != nullptr ? &device->device
                                              : nullptr;
    if (const auto local = listener != nullptr ? local_form(this_system(), *listener) : std::nullopt) {
        *listener = *local;
        out.left_out.push_back(*local);
    }
    return out;
}

void check(const limit& until, const options& how) {
    const bool bad_sink = std::holds_alternative<to_function>(how.to) && !std::get<to_function>(how.to);
    if (until.most == 0 || (until.window && until.window->count() <= 0) || bad_sink)
        rakka::error(atoms::known<"badarg">);
}

/// Gives how many were chosen; not the tracer and whom it tells.
std::size_t watch_all(const std::shared_ptr<trace_session>& session) {
    system& s = this_system();
    const trace_selection& whom = session->whom();
    const bool everybody = whom.existing || !whom.modules.empty();
    std::size_t chosen = 0;
    for (const pid& p : everybody ? s.processes() : whom.chosen) {
        if (std::find(whom.left_out.begin(), whom.left_out.end(), p) != whom.left_out.end()) continue;
        const bool direct =
            whom.existing || std::find(whom.chosen.begin(), whom.chosen.end(), p) != whom.chosen.end();
        if (direct && s.is_alive(p)) ++chosen;
        watch_process(s, p, session);
        bump_reductions(1);
    }
    return chosen;
}

std::shared_ptr<trace_session> begin(const targets& whose, const limit& until, options how, functions calls) {
    check(until, how);
    trace_selection whom = select(whose, how.to);
    auto session = std::make_shared<trace_session>(this_system(), until, std::move(how), std::move(calls));
    const pid tracer = detail::start_tracer(session);
    session->choose(std::move(whom), tracer);
    trace_desk::of(this_system())->begin(session, tracer);
    return session;
}

}  // namespace

std::size_t messages(const targets& whose, const limit& until, options how) {
    return watch_all(begin(whose, until, std::move(how), {}));
}

std::size_t calls(const functions& which, const limit& until, options how) {
    if (which.empty()) rakka::error(atoms::known<"badarg">);
    const targets whose = how.processes;
    const auto session = begin(whose, until, std::move(how), which);
    static_cast<void>(watch_all(session));
    std::size_t matching = 0;
    for (const exported_name& name : this_system().exports().names())
        if (session->wants(name.module, name.function, name.arity)) ++matching;
    return matching;
}

void clear() {
    trace_desk::of(this_system())->clear();
}

std::optional<pid> tracer() {
    return trace_desk::of(this_system())->tracer();
}

}  // namespace rakka::trace
