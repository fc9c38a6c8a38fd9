#include "services/global_calls.hpp"

#include "connection/node_core.hpp"
#include "random_bits.hpp"
#include "services/caller_node.hpp"
#include "services/global_service.hpp"

#include <rakka/actors/gen_protocol.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <algorithm>
#include <chrono>
#include <unordered_map>

namespace rakka::detail {
namespace {

/// The reference in a `[alias | Ref]` tag.
std::optional<reference> tag_reference(term_view tag) {
    if (!tag.is(kind::list) || !tag.list().head().is_atom(atoms::known<"alias">)) return std::nullopt;
    const auto ref = tag.list().tail().as<reference>();
    return ref ? std::optional(*ref) : std::nullopt;
}

/// Whose answer, or 'DOWN', this message is.
std::optional<reference> answered(term_view m) {
    if (m.is_tuple(2)) return tag_reference(m.tuple()[0]);
    if (!m.is_tagged(atoms::known<"DOWN">, 5)) return std::nullopt;
    const auto ref = m.tuple()[1].as<reference>();
    return ref ? std::optional(*ref) : std::nullopt;
}

}  // namespace

std::vector<std::pair<atom, term>> multi_call(const std::vector<atom>& nodes, const term& request) {
    const atom server = atoms::known<"global_name_server">;
    const reference begin = make_reference();
    std::unordered_map<reference, atom> waiting;
    for (const atom node : nodes) {
        const registered_name to{server, node};
        const reference ref = monitor(to, {.alias = monitor_alias::reply_demonitor});
        waiting.emplace(ref, node);
        send(to, term(tuple(atoms::known<"$gen_call">, tuple(self(), cons(atoms::known<"alias">, ref)),
                            request)));
    }
    std::vector<std::pair<atom, term>> answers;
    while (!waiting.empty()) {
        std::optional<reference> which;
        const auto wanted = [&](term_view m) {
            which = answered(m);
            return which && waiting.contains(*which);
        };
        const auto m = receive_if(begin, wanted);
        if (m->is_tuple(2)) {
            answers.emplace_back(waiting.at(*which), m->share(m->tuple()[1]));
            // One that answers past the alias has not ended the monitor.
            demonitor(*which, {.flush = true});
        }
        waiting.erase(*which);
    }
    return answers;
}

bool set_lock_on(const node_core& core, const global_fsm::lock_id& id, const std::vector<atom>& nodes,
                 bool look_here_first) {
    if (nodes.empty()) return true;
    if (look_here_first && !core.global->can_set(id)) return false;
    const term request = tuple("set_lock"_a, tuple(id.resource, id.requester));
    global_fsm::lock_answers answers;
    for (const auto& [node, value] : multi_call(nodes, request))
        answers.emplace_back(node, value.is_atom(atoms::known<"true">));
    if (global_fsm::all_agree(answers)) return true;
    del_lock_on(id, global_fsm::agreed(answers));
    return false;
}

void del_lock_on(const global_fsm::lock_id& id, const std::vector<atom>& nodes) {
    if (nodes.empty()) return;
    static_cast<void>(multi_call(nodes, tuple("del_lock"_a, tuple(id.resource, id.requester))));
}

term call_global_server(const term& request) {
    static_cast<void>(core_of_caller());
    return gen::call(atoms::known<"global_name_server">, atoms::known<"$gen_call">, request, std::nullopt)
        .value();
}

namespace {

term change_names(const term& change) {
    return call_global_server(tuple("registrar"_a, change));
}

}  // namespace

bool register_global_name(const term& name, const pid& who, const term& method) {
    return change_names(tuple("register"_a, told_to_others(name), who, method)).is_atom(atoms::known<"yes">);
}

bool register_external_name(const term& name, const pid& who, const term& method) {
    return change_names(tuple("register_ext"_a, told_to_others(name), who, method))
        .is_atom(atoms::known<"yes">);
}

void re_register_global_name(const term& name, const pid& who, const term& method) {
    static_cast<void>(change_names(tuple("re_register"_a, told_to_others(name), who, method)));
}

void unregister_global_name(const term& name) {
    static_cast<void>(change_names(tuple("unregister"_a, told_to_others(name))));
}

void pause(std::chrono::milliseconds time) {
    const reference nothing_older = make_reference();
    static_cast<void>(receive_if(
        nothing_older, [](term_view) { return false; }, time));
}

void random_pause(std::chrono::milliseconds longest) {
    const auto span = static_cast<std::uint64_t>(std::max<std::int64_t>(longest.count(), 1));
    pause(std::chrono::milliseconds(static_cast<std::int64_t>(random_bits<std::uint64_t>() % span) + 1));
}

}  // namespace rakka::detail
