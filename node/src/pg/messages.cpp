#include "pg/messages.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/builder.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <cstddef>

namespace rakka::pg_fsm {
namespace {

bool is_proper_list(term_view t) {
    return t.is(kind::nil) || (t.is(kind::list) && t.list().proper());
}

/// A pid, or a list of nothing else.
bool read_pids(term_view t, std::vector<pid>& out) {
    if (const auto one = t.as<pid>()) {
        out.push_back(*one);
        return true;
    }
    if (!is_proper_list(t)) return false;
    for (const term_view element : t.list()) {
        const auto p = element.as<pid>();
        if (!p) return false;
        out.push_back(*p);
    }
    return true;
}

void keep_those_of(atom node, std::vector<pid>& pids) {
    std::erase_if(pids, [node](const pid& p) { return p.node != node; });
}

using outcome = std::optional<peer_message>;

outcome read_sync(const pid& peer, term_view groups) {
    if (!is_proper_list(groups)) return {};
    sync out{peer, {}};
    for (const term_view element : groups.list()) {
        if (!element.is_tuple(2)) return {};
        std::vector<pid> pids;
        if (!read_pids(element.tuple()[1], pids)) return {};
        keep_those_of(peer.node, pids);
        out.groups.emplace_back(term::copy(element.tuple()[0]), std::move(pids));
    }
    return out;
}

outcome read_leave(const pid& peer, term_view pids, term_view groups) {
    left out{peer, {}, {}};
    if (!read_pids(pids, out.pids) || !is_proper_list(groups)) return {};
    keep_those_of(peer.node, out.pids);
    for (const term_view group : groups.list())
        out.groups.push_back(term::copy(group));
    return out;
}

term pid_or_pids(const std::vector<pid>& pids) {
    return pids.size() == 1 ? term(pids.front()) : term(pids);
}

}  // namespace

std::optional<peer_message> read_message(term_view message) {
    if (message.is_tagged(atoms::known<"$gen_cast">, 2)) {
        const term_view body = message.tuple()[1];
        if (!body.is_tagged("sync"_a, 3)) return {};
        const auto peer = body.tuple()[1].as<pid>();
        return peer ? read_sync(*peer, body.tuple()[2]) : outcome();
    }
    if (!message.is(kind::tuple) || message.tuple().size() < 2) return {};
    const auto m = message.tuple();
    const auto peer = m[1].as<pid>();
    if (!peer) return {};
    if (message.is_tagged("discover"_a, 2) || message.is_tagged("discover"_a, 3)) return discover{*peer};
    if (message.is_tagged("join"_a, 4)) {
        joined out{*peer, term(), {}};
        if (!read_pids(m[3], out.pids)) return {};
        keep_those_of(peer->node, out.pids);
        out.group = term::copy(m[2]);
        return out;
    }
    if (message.is_tagged("leave"_a, 4)) return read_leave(*peer, m[2], m[3]);
    return {};
}

term discover_message(const pid& self) {
    return tuple("discover"_a, self);
}

term sync_message(const pid& self, const std::vector<group_members>& groups) {
    return tuple(atoms::known<"$gen_cast">, tuple("sync"_a, self, groups));
}

term join_message(const pid& self, const term& group, const std::vector<pid>& pids) {
    return tuple("join"_a, self, group, pid_or_pids(pids));
}

term leave_message(const pid& self, const std::vector<pid>& pids, const std::vector<term>& groups) {
    return tuple("leave"_a, self, pid_or_pids(pids), groups);
}

std::optional<scope_call> read_call(term_view request) {
    if (request.is_atom("monitor"_a)) return monitor_call{};
    if (request.is_tagged("monitor"_a, 2)) return monitor_call{term::copy(request.tuple()[1])};
    if (request.is_tagged("demonitor"_a, 2)) {
        const auto ref = request.tuple()[1].as<reference>();
        return ref ? std::optional<scope_call>(demonitor_call{*ref}) : std::nullopt;
    }
    const bool join = request.is_tagged("join_local"_a, 3);
    if (!join && !request.is_tagged("leave_local"_a, 3)) return {};
    std::vector<pid> pids;
    if (!read_pids(request.tuple()[2], pids)) return {};
    term group = term::copy(request.tuple()[1]);
    if (join) return join_call{std::move(group), std::move(pids)};
    return leave_call{std::move(group), std::move(pids)};
}

term change_message(const reference& ref, atom what, const term& group, const std::vector<pid>& pids) {
    return tuple(ref, what, group, pids);
}

term scope_answer(const reference& ref, const std::vector<group_members>& groups) {
    etf::builder b;
    etf::builder::word* cells = nullptr;
    const auto map = b.put_map(groups.size(), cells);
    for (std::size_t i = 0; i < groups.size(); ++i) {
        cells[i] = b.put_term(groups[i].first);
        cells[groups.size() + i] = b.put_term(term(groups[i].second));
    }
    const term all = b.finish(*b.finish_map(map, etf::builder::duplicates::last_wins));
    return tuple(ref, all);
}

}  // namespace rakka::pg_fsm
