#include "services/spawn_service.hpp"

#include "connection/connection.hpp"
#include "connection/node_core.hpp"
#include "services/rpc_calls.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/etf/order.hpp>

#include <boost/system/system_error.hpp>

#include <utility>
#include <vector>

namespace rakka::detail {

using wire::control_kind;
using wire::control_message;

namespace {

/// A non-negative integer of any size.
bool is_size(term_view t) {
    return t.is(kind::integer) && compare(t, term(0).view()) >= 0;
}

bool read_priority(term_view p, process_priority& out) {
    if (p.is_atom("low"_a))
        out = process_priority::low;
    else if (p.is_atom("normal"_a))
        out = process_priority::normal;
    else if (p.is_atom("high"_a))
        out = process_priority::high;
    else if (p.is_atom("max"_a))
        out = process_priority::max;
    else
        return false;
    return true;
}

/// Options that tune what processes here do not have: they must make sense, and do nothing.
bool is_tuning(term_view o) {
    if (!o.is_tuple(2)) return false;
    const term_view name = o.tuple()[0];
    const term_view value = o.tuple()[1];
    const auto is_one_of = [&](auto... names) { return (name.is_atom(names) || ...); };
    if (is_one_of("min_heap_size"_a, "min_bin_vheap_size"_a, "fullsweep_after"_a, "scheduler"_a))
        return is_size(value);
    if (is_one_of("max_heap_size"_a)) return is_size(value) || value.is(kind::map);
    if (is_one_of("message_queue_data"_a)) return value.is_atom("on_heap"_a) || value.is_atom("off_heap"_a);
    if (is_one_of("async_dist"_a)) return value.as<bool>().has_value();
    return false;
}

/// The options that mean something here; false for one that no node knows. [dist §SPAWN_REQUEST]
bool read_options(term_view options, std::uint64_t& flags, spawn_options& spawn) {
    for (const term_view o : options.list()) {
        if (o.is_atom(atoms::known<"link">)) {
            flags |= wire::spawn_reply_flag::link;
        } else if (o.is_atom(atoms::known<"monitor">)) {
            flags |= wire::spawn_reply_flag::monitor;
        } else if (o.is_tagged(atoms::known<"priority">, 2)) {
            if (!read_priority(o.tuple()[1], spawn.priority)) return false;
        } else if (!is_tuning(o)) {
            return false;
        }
    }
    return true;
}

/// A child that begins when it gets `go`: its parent must not hear of it by anything before the answer.
struct waiting_child {
    pid process;
    term go;
};

/// Nothing: there is no room for one more process.
std::optional<waiting_child> start_child(node_core& core, call c, const spawn_options& options) {
    const term go(core.sys.make_reference());
    try {
        const pid child = core.sys.spawn(
            [keep = core.shared_from_this(), c = std::move(c), go]() mutable {
                static_cast<void>(receive_if([&](term_view t) { return t == go.view(); }));
                run_spawned(keep->exports, std::move(c));
            },
            options);
        return waiting_child{child, go};
    } catch (const boost::system::system_error&) {
        return std::nullopt;
    }
}

void set_up(node_core& core, const waiting_child& child, const pid& parent, const reference& ref,
            std::uint64_t flags) {
    if ((flags & wire::spawn_reply_flag::link) != 0) core.sys.deliver_link(parent, child.process);
    if ((flags & wire::spawn_reply_flag::monitor) != 0) core.sys.deliver_monitor(parent, child.process, ref);
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
    const auto arity = mfa[2].as<std::size_t>();
    if (!is_proper_list(*arguments) || !arity || arguments->list().size() != *arity) {
        return wire::bad_control("SPAWN_REQUEST whose argument list does not have the length it announces");
    }
    std::uint64_t flags = 0;
    spawn_options options;
    options.group_leader = request.group_leader;
    if (!read_options(request.options, flags, options)) {
        refuse_spawn_request(from, request, atoms::known<"badopt">);
        return {};
    }
    const auto child = start_child(
        core, {request.mfa.share(mfa[0]), request.mfa.share(mfa[1]), elements(*arguments)}, options);
    if (!child) {
        refuse_spawn_request(from, request, atoms::known<"system_limit">);
        return {};
    }
    from.add_relations(child->process, request.from, request.ref, flags);
    set_up(core, *child, request.from, request.ref, flags);
    reply(from, request, flags, child->process, {});
    core.sys.deliver_message(child->process, child->go);
    return {};
}

void refuse_spawn_request(connection& to, const control_message& request, atom why) {
    reply(to, request, 0, {}, why);
}

void spawn_for_own_process(node_core& core, const local_spawn& request) {
    const auto refuse = [&](atom why) { core.sys.deliver_spawn_reply(request.ref, request.parent, 0, why); };
    auto c = read_call(term(request.module), term(request.function), request.arguments);
    std::uint64_t flags = 0;
    spawn_options options;
    options.group_leader = request.group_leader;
    if (!c || !is_proper_list(request.options)) return refuse(atoms::known<"badarg">);
    if (!read_options(request.options, flags, options)) return refuse(atoms::known<"badopt">);
    const auto child = start_child(core, *std::move(c), options);
    if (!child) return refuse(atoms::known<"system_limit">);
    set_up(core, *child, request.parent, request.ref, flags);
    core.sys.deliver_spawn_reply(request.ref, request.parent, static_cast<std::uint32_t>(flags),
                                 term(child->process));
    core.sys.deliver_message(child->process, child->go);
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
