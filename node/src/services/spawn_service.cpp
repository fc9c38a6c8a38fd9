#include "services/spawn_service.hpp"

#include "connection/connection.hpp"
#include "connection/node_core.hpp"
#include "services/rpc_calls.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <boost/system/system_error.hpp>

#include <utility>
#include <vector>

namespace rakka::detail {

using wire::control_kind;
using wire::control_message;

namespace {

/// The options that mean something here; false for one that no node knows. [dist §SPAWN_REQUEST]
bool read_options(term_view options, std::uint64_t& flags, spawn_options& spawn) {
    for (const term_view o : options.list()) {
        if (o.is_atom(atoms::known<"link">)) {
            flags |= wire::spawn_reply_flag::link;
        } else if (o.is_atom(atoms::known<"monitor">)) {
            flags |= wire::spawn_reply_flag::monitor;
        } else if (o.is_tagged(atoms::known<"priority">, 2)) {
            const term_view p = o.tuple()[1];
            if (p.is_atom("low"_a))
                spawn.priority = process_priority::low;
            else if (p.is_atom("normal"_a))
                spawn.priority = process_priority::normal;
            else if (p.is_atom("high"_a))
                spawn.priority = process_priority::high;
            else if (p.is_atom("max"_a))
                spawn.priority = process_priority::max;
            else
                return false;
        } else if (!o.is_tagged("min_heap_size"_a, 2) && !o.is_tagged("min_bin_vheap_size"_a, 2) &&
                   !o.is_tagged("max_heap_size"_a, 2) && !o.is_tagged("fullsweep_after"_a, 2) &&
                   !o.is_tagged("message_queue_data"_a, 2) && !o.is_tagged("scheduler"_a, 2) &&
                   !o.is_tagged("async_dist"_a, 2)) {
            return false;  // the others tune a heap that processes here do not have
        }
    }
    return true;
}

void reply(connection& to, const control_message& request, std::uint64_t flags, const pid& child,
           atom error) {
    outbound_signal s;
    s.control.kind = control_kind::spawn_reply;
    s.control.ref = request.ref;
    s.control.to = request.from;
    s.control.id = flags;
    s.control.from = child;
    if (!child) s.control.name = error;
    static_cast<void>(to.submit(s, child, when_busy::go_on));
}

}  // namespace

std::optional<wire::wire_error> serve_spawn_request(node_core& core, connection& from,
                                                    wire::inbound_message& m) {
    const control_message request = m.control();
    auto arguments = m.payload();
    if (!arguments) return arguments.error();
    const auto mfa = request.mfa.tuple();
    const auto module = mfa[0].as<atom>();
    const auto function = mfa[1].as<atom>();
    const auto arity = mfa[2].as<std::size_t>();
    if (!(arguments->is(kind::list) || arguments->is(kind::nil)) || !arguments->list().proper() || !arity ||
        arguments->list().size() != *arity) {
        return wire::bad_control("SPAWN_REQUEST whose argument list does not have the length it announces");
    }
    std::uint64_t flags = 0;
    spawn_options options;
    options.group_leader = request.group_leader;
    if (!read_options(request.options, flags, options)) {
        reply(from, request, 0, {}, atoms::known<"badopt">);
        return {};
    }
    // An atom that is not even in the table cannot be exported; `undefined` leads to `undef` all the same.
    call c{module ? *module : "undefined"_a, function ? *function : "undefined"_a, elements(*arguments)};
    const reference go = core.sys.make_reference();
    const term go_message(go);
    pid child;
    try {
        child = core.sys.spawn(
            [keep = core.shared_from_this(), c = std::move(c), go_message] {
                static_cast<void>(receive_if([&](term_view t) { return t == go_message.view(); }));
                run_spawned(keep->exports, c);
            },
            options);
    } catch (const boost::system::system_error&) {
        reply(from, request, 0, {}, atoms::known<"system_limit">);
        return {};
    }
    from.add_relations(child, request.from, request.ref, flags);
    if ((flags & wire::spawn_reply_flag::link) != 0) core.sys.deliver_link(request.from, child);
    if ((flags & wire::spawn_reply_flag::monitor) != 0)
        core.sys.deliver_monitor(request.from, child, request.ref);
    reply(from, request, flags, child, {});
    core.sys.deliver_message(child, go_message);
    return {};
}

void export_built_in_functions(export_table& exports) {
    const atom erlang = atoms::known<"erlang">;
    const auto add = [&](atom function, std::size_t arity, exported_function f) {
        exports.add(erlang, function, arity, std::move(f));
    };
    add(atoms::known<"node">, 0, [](const auto&) { return term(this_system().node_name()); });
    add("self"_a, 0, [](const auto&) { return term(self()); });
    add("processes"_a, 0, [](const auto&) {
        std::vector<term> all;
        for (const pid& p : processes())
            all.emplace_back(p);
        return to_list(all);
    });
    add("registered"_a, 0, [](const auto&) {
        std::vector<term> all;
        for (const atom a : registered())
            all.emplace_back(a);
        return to_list(all);
    });
    add("whereis"_a, 1, [](const std::vector<term>& arguments) {
        const auto name = arguments[0].as<atom>();
        const auto found = name ? whereis(*name) : std::nullopt;
        return found ? term(*found) : term(atoms::known<"undefined">);
    });
    add("is_process_alive"_a, 1, [](const std::vector<term>& arguments) {
        const auto p = arguments[0].as<pid>();
        if (!p) error(atoms::known<"badarg">);
        return term(is_alive(*p) ? atoms::known<"true"> : atoms::known<"false">);
    });
}

}  // namespace rakka::detail
