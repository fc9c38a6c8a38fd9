// Functions of module `erlang` with which tools look at a node.
#include "connection/connection.hpp"
#include "inspection/exporting.hpp"
#include "inspection/inspection.hpp"
#include "inspection/process_items.hpp"
#include "inspection/system_figures.hpp"
#include "services/caller_node.hpp"
#include "services/rpc_calls.hpp"

#include <rakka/actors/inspection.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace rakka::detail {
namespace {

pid own_pid(const term& t) {
    const auto p = t.as<pid>();
    if (!p) bad_argument();
    return *p;
}

term one_item(const pid& p, const process_information& about, const term& item) {
    if (!item.is_atom("messages"_a)) return process_item(about, item);
    const auto messages = process_messages(p);
    return tuple(item, messages ? *messages : term(list()));
}

/// The items one after the other as they were asked for.
term process_info_list(const pid& p, const term& items) {
    const std::vector<term> all = elements(items);
    for (const term& item : all)
        if (!is_process_item(item)) bad_argument();
    const auto about = process_info(p);
    if (!about) return atoms::known<"undefined">;
    std::vector<term> found;
    for (const term& item : all)
        found.push_back(one_item(p, *about, item));
    return to_list(found);
}

term process_info_2(const pid& p, const term& item) {
    if (is_proper_list(item)) return process_info_list(p, item);
    if (!is_process_item(item)) bad_argument();
    const auto about = process_info(p);
    if (!about) return atoms::known<"undefined">;
    if (item.is_atom("registered_name"_a) && !about->registered_name) return list();
    return one_item(p, *about, item);
}

term process_info_1(const pid& p) {
    const auto about = process_info(p);
    return about ? usual_process_items(*about) : term(atoms::known<"undefined">);
}

term some_memory(node_core& core, const term& which) {
    const auto one = [&](const term& kind_of_memory) {
        const auto bytes = memory_of(core, kind_of_memory);
        if (!bytes) bad_argument();
        return *bytes;
    };
    if (which.is(kind::atom)) return one(which);
    if (!is_proper_list(which)) bad_argument();
    std::vector<term> all;
    for (const term& name : elements(which))
        all.emplace_back(tuple(name, one(name)));
    return to_list(all);
}

/// `nodes(Which)`; nothing for a word that does not exist.
std::optional<std::vector<atom>> nodes_of(const node_core& core, term_view which) {
    const bool visible = which.is_atom("visible"_a);
    const bool hidden = which.is_atom("hidden"_a);
    const bool known = which.is_atom("known"_a);
    if (which.is_atom("this"_a)) return std::vector{core.self()};
    if (!visible && !hidden && !known && !which.is_atom("connected"_a)) return std::nullopt;
    std::vector<atom> found;
    if (known) found.push_back(core.self());
    for (const auto& c : core.connections.all()) {
        if (c->phase() != connection_phase::up) continue;
        if ((visible && c->hidden()) || (hidden && !c->hidden())) continue;
        found.push_back(c->node());
    }
    return found;
}

term nodes_1(const node_core& core, const term& which) {
    std::vector<atom> all;
    if (which.is(kind::atom)) {
        auto found = nodes_of(core, which);
        if (!found) bad_argument();
        all = *std::move(found);
    } else {
        if (!is_proper_list(which)) bad_argument();
        for (const term_view one : which.list()) {
            const auto found = nodes_of(core, one);
            if (!found) bad_argument();
            for (const atom a : *found)
                if (std::find(all.begin(), all.end(), a) == all.end()) all.push_back(a);
        }
    }
    return term(all);
}

bool is_exported(const node_core& core, arguments a) {
    const auto module = known_atom(a[0]);
    const auto function = known_atom(a[1]);
    const auto arity = a[2].as<std::size_t>();
    if (!a[0].is(kind::atom) || !a[1].is(kind::atom) || !arity) bad_argument();
    return module && function && core.sys.exports().find(*module, *function, *arity) != nullptr;
}

/// How much of a second one of this unit is: so many make one.
std::int64_t parts_of_second(const term& unit) {
    if (unit.is_atom("second"_a)) return 1;
    if (unit.is_atom("millisecond"_a)) return 1'000;
    if (unit.is_atom("microsecond"_a)) return 1'000'000;
    if (unit.is_atom("nanosecond"_a) || unit.is_atom("native"_a)) return 1'000'000'000;
    const auto parts = unit.as<std::int64_t>();
    if (!parts || *parts <= 0 || *parts > 1'000'000'000) bad_argument();
    return *parts;
}

template <class Clock>
term time_in(const term& unit) {
    constexpr std::int64_t billion = 1'000'000'000;
    const std::int64_t ns =
        std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
    const std::int64_t parts = parts_of_second(unit);
    return ns / billion * parts + ns % billion * parts / billion;
}

void export_processes(exporter& e) {
    e.add("process_info", 1, [](node_core&, arguments a) { return process_info_1(own_pid(a[0])); });
    e.add("process_info", 2, [](node_core&, arguments a) { return process_info_2(own_pid(a[0]), a[1]); });
    // Memory is given back as soon as nobody has it any more.
    e.add("garbage_collect", 0, [](node_core&, arguments) { return term(true); });
    e.add("garbage_collect", 1, [](node_core&, arguments a) { return term(is_alive(own_pid(a[0]))); });
    e.add("group_leader", 0, [](node_core&, arguments) { return term(group_leader()); });
    e.add("ports", 0, [](node_core&, arguments) { return term(list()); });
    e.add("port_info", 1, [](node_core&, arguments) { return term(atoms::known<"undefined">); });
    e.add("port_info", 2, [](node_core&, arguments) { return term(atoms::known<"undefined">); });
}

void export_figures(exporter& e) {
    const auto last = std::make_shared<since_last>();
    e.add("system_info", 1, [](node_core& c, arguments a) {
        const auto found = system_info_of(c, a[0]);
        if (!found) bad_argument();
        return *found;
    });
    e.add("statistics", 1, [last](node_core& c, arguments a) {
        const auto found = statistics_figure(c, *last, a[0]);
        if (!found) bad_argument();
        return *found;
    });
    e.add("memory", 0, [](node_core& c, arguments) { return memory_list(c); });
    e.add("memory", 1, [](node_core& c, arguments a) { return some_memory(c, a[0]); });
    // The time of the workers is always measured.
    e.add("system_flag", 2, [](node_core&, arguments a) {
        if (!a[0].is_atom("scheduler_wall_time"_a) || !a[1].as<bool>()) bad_argument();
        return term(true);
    });
}

void export_clocks(exporter& e) {
    e.add("timestamp", 0, [](node_core&, arguments) { return timestamp_now(); });
    e.add("system_time", 0,
          [](node_core&, arguments) { return time_in<std::chrono::system_clock>("native"_a); });
    e.add("system_time", 1, [](node_core&, arguments a) { return time_in<std::chrono::system_clock>(a[0]); });
    e.add("monotonic_time", 0,
          [](node_core&, arguments) { return time_in<std::chrono::steady_clock>("native"_a); });
    e.add("monotonic_time", 1,
          [](node_core&, arguments a) { return time_in<std::chrono::steady_clock>(a[0]); });
}

}  // namespace

void export_erlang_functions(const std::shared_ptr<node_core>& core) {
    exporter e(core, "erlang");
    export_processes(e);
    export_figures(e);
    export_clocks(e);
    e.add("nodes", 0, [](node_core& c, arguments) { return term(visible_nodes(c)); });
    e.add("nodes", 1, [](node_core& c, arguments a) { return nodes_1(c, a[0]); });
    e.add("is_alive", 0, [](node_core&, arguments) { return term(true); });
    e.add("function_exported", 3, [](node_core& c, arguments a) { return term(is_exported(c, a)); });
}

}  // namespace rakka::detail
