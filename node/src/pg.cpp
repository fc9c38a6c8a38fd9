#include "connection/node_core.hpp"
#include "services/caller_node.hpp"
#include "services/pg_processes.hpp"
#include "services/pg_service.hpp"

#include <rakka/actors/errc.hpp>
#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/gen_protocol.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/node/pg.hpp>

#include <chrono>
#include <optional>

namespace rakka::pg {
namespace {

using rakka::detail::core_of_caller;
using rakka::detail::pg_scope;
using rakka::detail::told_to_others;

/// Null: there is none.
std::shared_ptr<pg_scope> scope_of_caller(atom scope) {
    const auto* const core = rakka::detail::running_core();
    return core == nullptr ? nullptr : core->pg->find(scope);
}

template <class Work>
auto look(atom scope, Work work) {
    using found = decltype(work(std::declval<const pg_fsm::scope&>()));
    const auto s = scope_of_caller(scope);
    return s ? s->look(work) : found();
}

/// What the process of the scope answers; an error ends the caller.
term call(atom scope, const term& request) {
    static_cast<void>(core_of_caller());
    term answer = gen::call(scope, atoms::known<"$gen_call">, request, std::nullopt).value();
    if (answer.is_tagged(atoms::known<"error">, 2)) error(answer.share(answer.tuple()[1]));
    return answer;
}

void ensure_local(const std::vector<pid>& pids) {
    const auto own = core_of_caller().sys.origin();
    for (const pid& p : pids)
        if (!p.is_local() || p.creation != own) error(tuple("nolocal"_a, p));
}

/// Why the answer to a request to spawn is no process.
result<pid> why_not_started(atom scope, term_view reason) {
    if (reason.is_atom(atoms::known<"system_limit">)) return actors_errc::system_limit;
    if (!reason.is_atom(atoms::known<"badarg">)) return actors_errc::stopping;
    return scope == atoms::known<"undefined"> ? actors_errc::bad_name : actors_errc::name_taken;
}

result<pid> start_scope(atom scope, bool link) {
    auto core = core_of_caller().shared_from_this();
    const reference ready = make_reference();
    const reference made =
        spawn_request(rakka::detail::make_pg_scope(std::move(core), scope, self(), ready),
                      {.link = link, .name = scope}, {.monitor = true, .reply = spawn_reply::error_only});
    const term answer = *receive_if(ready, [&](term_view m) {
        return is_down(made, m) || (m.is_tuple(2) && m.tuple()[0].as<reference>() == ready) ||
               (m.is_tagged("spawn_reply"_a, 4) && m.tuple()[1].as<reference>() == made);
    });
    const auto parts = answer.tuple();
    if (!answer.is_tuple(2)) return why_not_started(scope, parts[parts.size() - 1]);
    rakka::demonitor(made, {.flush = true});
    return *parts[1].as<pid>();
}

}  // namespace

// ---- scopes

atom default_scope() {
    return "pg"_a;
}

result<pid> start(atom scope) {
    return start_scope(scope, false);
}
result<pid> start_link(atom scope) {
    return start_scope(scope, true);
}

// ---- members

void join(const term& group, const pid& who) {
    join(default_scope(), group, who);
}
void join(const term& group, const std::vector<pid>& who) {
    join(default_scope(), group, who);
}
void join(atom scope, const term& group, const pid& who) {
    join(scope, group, std::vector{who});
}
void join(atom scope, const term& group, const std::vector<pid>& who) {
    ensure_local(who);
    static_cast<void>(call(scope, tuple("join_local"_a, told_to_others(group), who)));
}

bool leave(const term& group, const pid& who) {
    return leave(default_scope(), group, who);
}
bool leave(const term& group, const std::vector<pid>& who) {
    return leave(default_scope(), group, who);
}
bool leave(atom scope, const term& group, const pid& who) {
    return leave(scope, group, std::vector{who});
}
bool leave(atom scope, const term& group, const std::vector<pid>& who) {
    ensure_local(who);
    return call(scope, tuple("leave_local"_a, told_to_others(group), who)).is_atom(atoms::known<"ok">);
}

// ---- looking at groups

std::vector<pid> get_members(term_view group) {
    return get_members(default_scope(), group);
}
std::vector<pid> get_members(atom scope, term_view group) {
    return look(scope, [&](const pg_fsm::scope& s) { return s.members(group); });
}
std::vector<pid> get_local_members(term_view group) {
    return get_local_members(default_scope(), group);
}
std::vector<pid> get_local_members(atom scope, term_view group) {
    return look(scope, [&](const pg_fsm::scope& s) { return s.members_here(group); });
}
std::vector<term> which_groups(atom scope) {
    return look(scope, [](const pg_fsm::scope& s) { return s.groups(); });
}
std::vector<term> which_local_groups(atom scope) {
    return look(scope, [](const pg_fsm::scope& s) { return s.groups_here(); });
}

// ---- being told of changes

group_monitor monitor(const term& group) {
    return monitor(default_scope(), group);
}
group_monitor monitor(atom scope, const term& group) {
    const term answer = call(scope, tuple("monitor"_a, told_to_others(group)));
    const auto parts = answer.tuple();
    return {parts[0].as<reference>().value(), parts[1].as<std::vector<pid>>().value()};
}

scope_monitor monitor_scope(atom scope) {
    const term answer = call(scope, term("monitor"_a));
    const auto parts = answer.tuple();
    scope_monitor out{parts[0].as<reference>().value(), {}};
    for (const auto& [group, pids] : parts[1].map())
        out.groups.emplace_back(term::copy(group), pids.as<std::vector<pid>>().value());
    return out;
}

bool demonitor(const reference& ref) {
    return demonitor(default_scope(), ref);
}
bool demonitor(atom scope, const reference& ref) {
    if (!call(scope, tuple("demonitor"_a, ref)).is_atom(atoms::known<"ok">)) return false;
    const auto is_change = [&](term_view m) {
        return m.is_tuple(4) && m.tuple()[0].as<reference>() == ref &&
               (m.tuple()[1].is_atom("join"_a) || m.tuple()[1].is_atom("leave"_a));
    };
    while (receive_if(is_change, std::chrono::nanoseconds(0))) {
    }
    return true;
}

}  // namespace rakka::pg
