#include "global/messages.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/builder.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <utility>

namespace rakka::global_fsm {
namespace {

bool is_proper_list(term_view t) {
    return t.is(kind::nil) || (t.is(kind::list) && t.list().proper());
}

bool read(term_view t, atom& out) {
    const auto a = t.as<atom>();
    if (!a) return false;
    out = *a;
    return true;
}

bool read(term_view t, pid& out) {
    const auto p = t.as<pid>();
    if (!p) return false;
    out = *p;
    return true;
}

bool read(term_view t, term& out) {
    out = term::copy(t);
    return true;
}

bool read(term_view t, registration& out) {
    if (!t.is_tuple(3)) return false;
    const auto parts = t.tuple();
    return read(parts[1], out.process) && read(parts[0], out.name) && read(parts[2], out.method);
}

bool read(term_view t, name_op& out) {
    if (!t.is_tuple(2)) return false;
    const auto parts = t.tuple();
    if (parts[0].is_atom("insert"_a)) return read(parts[1], out.entry);
    return parts[0].is_atom("delete"_a) && read(parts[1], out.entry.name);
}

bool read(term_view t, external_name& out) {
    if (!t.is_tuple(3)) return false;
    const auto parts = t.tuple();
    return read(parts[0], out.name) && read(parts[1], out.process) && read(parts[2], out.node);
}

/// A node, or `{Node, Version}`.
bool read(term_view t, node_version& out) {
    if (!t.is_tuple(2)) return read(t, out.node);
    const auto version = t.tuple()[1].as<int>();
    if (!version) return false;
    out.version = *version;
    return read(t.tuple()[0], out.node);
}

template <class T>
bool read_list(term_view t, std::vector<T>& out, std::size_t most) {
    if (!is_proper_list(t)) return false;
    for (const term_view element : t.list()) {
        if (out.size() == most) return false;
        if (!read(element, out.emplace_back())) return false;
    }
    return true;
}

/// The requester in `[{lock, {global, Requester}} | _]`. OTP has sent the whole identity of the lock, and
/// compares no more than this part of it.
term read_lock(term_view extra) {
    if (!is_proper_list(extra)) return {};
    for (const term_view e : extra.list()) {
        if (!e.is_tagged("lock"_a, 2)) continue;
        const term_view lock = e.tuple()[1];
        return lock.is_tuple(2) ? term::copy(lock.tuple()[1]) : term();
    }
    return {};
}

using outcome = std::optional<peer_message>;

outcome read_init_connect(tuple_view m) {
    init_connect out;
    const term_view version = m[1];
    const term_view locker = m[3];
    // A tuple that has grown is a version of the future, which understands this one.
    if (!version.is(kind::tuple) || version.tuple().size() < 2) return {};
    const auto number = version.tuple()[0].as<int>();
    if (!number || *number < 5 || !locker.is_tagged("locker"_a, 4)) return {};
    out.version = *number;
    if (!read(version.tuple()[1], out.tag) || !read(m[2], out.node) || !read(locker.tuple()[3], out.locker))
        return {};
    return out;
}

outcome read_cast(term_view body, const limits& max) {
    const std::size_t any = static_cast<std::size_t>(-1);
    if (!body.is(kind::tuple)) return {};
    const auto m = body.tuple();
    if (body.is_tagged("init_connect"_a, 4)) return read_init_connect(m);
    if (body.is_tagged("lock_set"_a, 5) || body.is_tagged("lock_set"_a, 4)) {
        lock_set out;
        const auto set = m[2].as<bool>();
        if (!set || !read(m[1], out.locker)) return {};
        out.set = *set;
        if (m.size() == 5) out.tag = term::copy(m[4]);
        return out;
    }
    if (body.is_tagged("exchange"_a, 5)) {
        exchange out;
        if (!read(m[1], out.node) || !read_list(m[2], out.names, any) || !read(m[4], out.tag)) return {};
        return out;
    }
    if (body.is_tagged("resolved"_a, 7)) {
        resolved out;
        if (!read(m[1], out.node) || !read_list(m[2], out.ops, any) ||
            !read_list(m[3], out.known, max.nodes) || !read_list(m[5], out.external, any) ||
            !read(m[6], out.tag))
            return {};
        return out;
    }
    if (body.is_tagged("new_nodes"_a, 6)) {
        new_nodes out;
        if (!read(m[1], out.node) || !read_list(m[2], out.ops, any) || !read_list(m[3], out.external, any) ||
            !read_list(m[4], out.nodes, max.nodes))
            return {};
        out.lock_requester = read_lock(m[5]);
        return out;
    }
    if (body.is_tagged("in_sync"_a, 3)) {
        in_sync out;
        if (!read(m[1], out.node)) return {};
        return out;
    }
    return {};
}

template <class T, class ToTerm>
term make_list(const T& elements, ToTerm to_term) {
    std::vector<term> terms;
    for (const auto& e : elements)
        terms.push_back(to_term(e));
    return list_of_terms(terms);
}

term ops_list(const std::vector<name_op>& ops) {
    return make_list(ops, [](const name_op& op) {
        return op.inserts() ? term(tuple("insert"_a, tuple(op.entry.name, op.entry.process, op.entry.method)))
                            : term(tuple("delete"_a, op.entry.name));
    });
}

}  // namespace

std::optional<peer_message> read_message(term_view message, const limits& max) {
    if (!message.is(kind::tuple)) return {};
    const auto m = message.tuple();
    if (message.is_tagged(atoms::known<"$gen_cast">, 2)) return read_cast(m[1], max);
    if (message.is_tagged("init_connect_ack"_a, 4)) {
        init_connect_ack out;
        if (!read(m[1], out.node) || !read(m[2], out.receivers_tag) || !read(m[3], out.senders_tag))
            return {};
        return out;
    }
    if (message.is_tagged("cancel_connect"_a, 3)) {
        cancel_connect out;
        if (!read(m[1], out.node) || !read(m[2], out.tag)) return {};
        return out;
    }
    if (message.is_tagged("lost_connection"_a, 5)) {
        lost_connection out;
        const auto number = m[3].as<std::int64_t>();
        if (!number || !m[2].is(kind::integer) || !read(m[1], out.loser) || !read(m[2], out.incarnation) ||
            !read(m[4], out.lost))
            return {};
        out.number = *number;
        return out;
    }
    if (message.is_tagged("remove_connection"_a, 2)) {
        remove_connection out;
        if (!read(m[1], out.node)) return {};
        return out;
    }
    return {};
}

std::optional<atom> sender_of_session_message(term_view message) {
    if (!message.is_tagged(atoms::known<"$gen_cast">, 2)) return {};
    const term_view body = message.tuple()[1];
    if (!body.is(kind::tuple) || body.tuple().size() < 3) return {};
    const auto m = body.tuple();
    if (m[0].is_atom("lock_set"_a)) {
        const auto locker = m[1].as<pid>();
        return locker ? std::optional(locker->node) : std::nullopt;
    }
    const bool is_init = m[0].is_atom("init_connect"_a);
    if (!is_init && !m[0].is_atom("exchange"_a) && !m[0].is_atom("resolved"_a) &&
        !m[0].is_atom("new_nodes"_a))
        return {};
    const auto node = m[is_init ? 2 : 1].as<atom>();
    return node ? std::optional(*node) : std::nullopt;
}

term list_of_terms(const std::vector<term>& elements) {
    etf::builder b;
    etf::builder::word* cells = nullptr;
    const auto list = b.put_list(elements.size(), cells);
    for (const term& t : elements)
        *cells++ = b.put_term(t);
    return b.finish(list);
}

term known_list(const version_map& known) {
    return make_list(known, [](const auto& k) { return term(tuple(k.first, k.second)); });
}

term external_list(const std::vector<external_name>& names) {
    return make_list(names, [](const external_name& e) { return term(tuple(e.name, e.process, e.node)); });
}

term init_connect_body(const term& tag, atom self, const version_map& known, const pid& locker) {
    etf::builder b;
    etf::builder::word* cells = nullptr;
    const auto map = b.put_map(known.size(), cells);
    std::size_t i = 0;
    for (const auto& [node, version] : known) {
        cells[known.size() + i] = b.put_integer(version);
        cells[i++] = etf::detail::make_atom(node.id());
    }
    const term known_map = b.finish(*b.finish_map(map, etf::builder::duplicates::last_wins));
    return tuple("init_connect"_a, tuple(own_version, tag), self,
                 tuple("locker"_a, "no_longer_a_pid"_a, known_map, locker));
}

term init_connect_ack_message(atom self, const term& receivers_tag, const term& senders_tag) {
    return tuple("init_connect_ack"_a, self, receivers_tag, senders_tag);
}

term lock_set_body(const pid& self, bool set, const std::vector<atom>& known,
                   const std::optional<term>& tag) {
    const term nodes = make_list(known, [](atom a) { return term(a); });
    if (!tag) return tuple("lock_set"_a, self, set, nodes);
    return tuple("lock_set"_a, self, set, nodes, *tag);
}

term exchange_body(atom self, const std::vector<registration>& names, const term& tag) {
    const term all =
        make_list(names, [](const registration& r) { return term(tuple(r.name, r.process, r.method)); });
    return tuple("exchange"_a, self, all, list(), tag);
}

term resolved_body(atom self, const std::vector<name_op>& ops, const version_map& known,
                   const std::vector<external_name>& external, const term& tag) {
    return tuple("resolved"_a, self, ops_list(ops), known_list(known), "unused"_a, external_list(external),
                 tag);
}

term new_nodes_body(atom self, const std::vector<name_op>& ops, const std::vector<external_name>& external,
                    const std::vector<node_version>& nodes, int version, const term& lock_requester) {
    const term versions =
        make_list(nodes, [](const node_version& n) { return term(tuple(n.node, n.version)); });
    return tuple("new_nodes"_a, self, ops_list(ops), external_list(external), versions,
                 list(tuple("vsn"_a, version), tuple("lock"_a, tuple("global"_a, lock_requester))));
}

term in_sync_body(atom self) {
    return tuple("in_sync"_a, self, atoms::known<"true">);
}

term cancel_connect_message(atom self, const term& tag) {
    return tuple("cancel_connect"_a, self, tag);
}

term lost_connection_message(const lost_connection& m) {
    return tuple("lost_connection"_a, m.loser, m.incarnation, m.number, m.lost);
}

term remove_connection_message(atom self) {
    return tuple("remove_connection"_a, self);
}

std::optional<lock_id> read_lock_id(term_view t) {
    if (!t.is_tuple(2)) return {};
    return lock_id{term::copy(t.tuple()[0]), term::copy(t.tuple()[1])};
}

}  // namespace rakka::global_fsm
