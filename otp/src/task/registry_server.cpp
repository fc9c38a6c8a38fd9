#include "task/registry_server.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/actors/links.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/etf/build.hpp>

#include <algorithm>

namespace rakka::detail {

void tell_registered(const registry_table& table, const term& key, const pid& process, const term& value) {
    const registry_options& o = table.options();
    for (const atom to : o.listeners)
        send(registered_name{to, this_system().node_name()},
             tuple("register"_a, o.name, key, process, value));
}

void tell_unregistered(const registry_table& table, const term& key, const pid& process) {
    const registry_options& o = table.options();
    for (const atom to : o.listeners)
        send(registered_name{to, this_system().node_name()}, tuple("unregister"_a, o.name, key, process));
}

gen_server::result registry_watcher::init() {
    trap_exit(true);
    return noreply();
}

gen_server::result registry_watcher::handle_info(const term& message) {
    if (!message.is_tagged(atoms::known<"EXIT">, 3)) return noreply();
    const auto gone = message.tuple()[1].as<pid>();
    // The end of a link comes after the end of the process; from one that lives somebody has sent it.
    if (!gone || table_->system().is_alive(*gone)) return noreply();
    for (const term& key : table_->remove_all(*gone))
        tell_unregistered(*table_, key, *gone);
    return noreply();
}

gen_server::result registry_server::init() {
    trap_exit(true);
    table_->server = self();
    for (unsigned i = 0; i < table_->options().partitions; ++i) {
        auto started = gen_server::start_link<registry_watcher>({}, table_);
        if (!started) return stop_with(started.error().reason);
        table_->watchers.push_back(*started);
    }
    export_names();
    return noreply();
}

gen_server::result registry_server::handle_info(const term& message) {
    if (!message.is_tagged(atoms::known<"EXIT">, 3)) return noreply();
    const auto gone = message.tuple()[1].as<pid>();
    const auto& watchers = table_->watchers;
    const bool watched = gone && std::find(watchers.begin(), watchers.end(), *gone) != watchers.end() &&
                         !table_->system().is_alive(*gone);
    // Nobody would take entries away. The exits of others mean nothing, that of the parent does not come
    // here.
    return watched ? stop_with(message.share(message.tuple()[2])) : noreply();
}

void registry_server::terminate(term_view) {
    close();
    export_table& exports = this_system().exports();
    const atom module = table_->options().name;
    exports.remove(module, "register_name"_a, 2);
    exports.remove(module, "unregister_name"_a, 1);
    exports.remove(module, "whereis_name"_a, 1);
    exports.remove(module, "send"_a, 2);
    exports.remove(module, atom(table_function), 0);
}

void registry_server::close() noexcept {
    table_->open = false;
    table_->clear();
}

/// Erlang's contract of a module for `{via, Module, Name}`.
void registry_server::export_names() {
    export_table& exports = this_system().exports();
    const atom module = table_->options().name;
    exports.add(module, atom(table_function), 0,
                [table = table_](const std::vector<term>&) { return make_native(table_box{table}); });
    const auto handle = [module] {
        auto found = registry::find(module);
        if (!found) error(tuple("unknown_registry"_a, module));
        return *found;
    };
    exports.add(module, "register_name"_a, 2, [handle](const std::vector<term>& a) -> term {
        const auto process = a[1].as<pid>();
        if (!process || *process != self()) error(atoms::known<"badarg">);  // as Elixir: oneself only
        return handle().register_key(a[0]) ? "yes"_a : "no"_a;
    });
    exports.add(module, "unregister_name"_a, 1, [handle](const std::vector<term>& a) -> term {
        handle().unregister_key(a[0]);
        return atoms::known<"ok">;
    });
    exports.add(module, "whereis_name"_a, 1, [handle](const std::vector<term>& a) -> term {
        const auto found = handle().whereis(a[0]);
        return found ? term(*found) : term(atoms::known<"undefined">);
    });
    exports.add(module, "send"_a, 2, [handle](const std::vector<term>& a) -> term {
        const auto found = handle().whereis(a[0]);
        if (!found) error(atoms::known<"badarg">);
        send(*found, a[1]);
        return *found;
    });
}

}  // namespace rakka::detail
