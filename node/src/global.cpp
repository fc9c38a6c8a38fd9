#include "connection/node_core.hpp"
#include "services/caller_node.hpp"
#include "services/global_calls.hpp"
#include "services/global_service.hpp"
#include "services/io_call.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/builder.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/node/global.hpp>

#include <boost/system/system_error.hpp>

namespace rakka::global {
namespace {

using rakka::detail::core_of_caller;
using rakka::detail::node_core;
using rakka::detail::running_core;
using rakka::detail::told_to_others;
using rakka::detail::visible_nodes;

}  // namespace

// ---- resolve methods

resolve_method resolve_method::random_exit_name() {
    return {"global"_a, "random_exit_name"_a};
}
resolve_method resolve_method::random_notify_name() {
    return {"global"_a, "random_notify_name"_a};
}
resolve_method resolve_method::notify_all_name() {
    return {"global"_a, "notify_all_name"_a};
}

term resolve_method::to_term() const {
    using namespace etf::detail;
    etf::builder b(export_layout::words);
    word* const p = b.allocate(export_layout::words);
    p[0] = make_header(box::export_fun, 0);
    p[export_layout::module] = make_atom(module_.id());
    p[export_layout::function] = make_atom(function_.id());
    p[export_layout::arity] = 3;
    return b.finish(boxed(p));
}

// ---- names

bool register_name(const term& name, const pid& who, const resolve_method& method) {
    return rakka::detail::register_global_name(name, who, method.to_term());
}

void re_register_name(const term& name, const pid& who, const resolve_method& method) {
    rakka::detail::re_register_global_name(name, who, method.to_term());
}

void unregister_name(const term& name) {
    if (!whereis_name(name)) return;
    rakka::detail::unregister_global_name(name);
}

std::optional<pid> whereis_name(term_view name) {
    const node_core* const c = running_core();
    if (c == nullptr) return std::nullopt;
    const auto found = c->global->whereis(name);
    if (found && found->is_local() && !c->sys.is_alive(*found)) return std::nullopt;
    return found;
}

std::vector<term> registered_names() {
    const node_core* const c = running_core();
    return c == nullptr ? std::vector<term>() : c->global->names();
}

pid send(const term& name, term message) {
    const auto to = whereis_name(name);
    if (!to) exit(term(tuple(atoms::known<"badarg">, tuple(name, message))));
    rakka::send(*to, std::move(message));
    return *to;
}

boost::system::result<term, gen::no_reply> call(const term& name, const term& request,
                                                std::optional<std::chrono::milliseconds> timeout) {
    const auto to = whereis_name(name);
    if (!to) return gen::no_reply::because(atoms::known<"noproc">);
    return gen::call(*to, atoms::known<"$gen_call">, request, timeout);
}

void cast(const term& name, const term& request) {
    if (const auto to = whereis_name(name)) rakka::send(*to, tuple(atoms::known<"$gen_cast">, request));
}

// ---- locks

namespace {

global_fsm::lock_id checked(const lock_id& id) {
    return {told_to_others(id.resource), told_to_others(id.requester)};
}

}  // namespace

std::vector<atom> detail::nodes_to_lock(const lock_nodes& nodes) {
    if (nodes) return *nodes;
    const node_core& c = core_of_caller();
    std::vector<atom> all = visible_nodes(c);
    all.push_back(c.self());
    return all;
}

bool set_lock(const lock_id& id, const lock_nodes& nodes, lock_retries retries) {
    const auto lock = checked(id);
    for (unsigned times = 1;; ++times) {
        const node_core& c = core_of_caller();  // which may have stopped while this waited
        const auto where = detail::nodes_to_lock(nodes);
        const bool here_too = std::find(where.begin(), where.end(), c.self()) != where.end();
        if (rakka::detail::set_lock_on(c, lock, where, here_too && where.size() > 1)) {
            static_cast<void>(
                core_of_caller());  // of a node that has stopped nobody answers, which is no lock
            return true;
        }
        if (retries && (*retries)-- == 0) return false;
        rakka::detail::random_pause(global_fsm::longest_pause(times));
    }
}

void del_lock(const lock_id& id, const lock_nodes& nodes) {
    rakka::detail::del_lock_on(checked(id), detail::nodes_to_lock(nodes));
}

// ---- the cluster

void sync() {
    sync(visible_nodes(core_of_caller()));
}

void sync(const std::vector<atom>& nodes) {
    std::vector<term> names;
    for (const atom n : nodes)
        names.emplace_back(n);
    static_cast<void>(rakka::detail::call_global_server(tuple("sync"_a, global_fsm::list_of_terms(names))));
}

std::vector<atom> disconnect() {
    const node_core& c = core_of_caller();
    const term nodes = rakka::detail::call_global_server(term("disconnect"_a));
    // The orders to close them are before this in the queue.
    rakka::detail::call_on_io(c.sys, [] { return true; });
    std::vector<atom> names;
    for (const term_view n : nodes.list())
        names.push_back(*n.as<atom>());
    return names;
}

}  // namespace rakka::global
