#include "task/registry_server.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/actors/links.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/otp/registry.hpp>

namespace rakka {

start_result<registry> registry::start_link(registry_options options) {
    constexpr unsigned most_partitions = 1024;
    if (!options.name || options.partitions == 0 || options.partitions > most_partitions)
        return start_error::because(atoms::known<"badarg">);
    const atom name = options.name;
    auto table = std::make_shared<detail::registry_table>(this_system(), std::move(options));
    auto started = gen_server::start_link<detail::registry_server>({.name = name}, table);
    if (!started) return started.error();
    return registry(std::move(table));
}

std::optional<registry> registry::find(atom name) {
    const auto get = this_system().exports().find(name, atom(detail::table_function), 0);
    if (!get) return std::nullopt;
    const term box = (*get)({});
    const auto* const found = native_cast<detail::table_box>(box.view());
    if (found == nullptr || !found->table->open) return std::nullopt;
    return registry(found->table);
}

detail::registry_table& registry::table() const {
    if (!table_) error(atoms::known<"badarg">);
    if (!table_->open) error(tuple("unknown_registry"_a, table_->options().name));
    return *table_;
}

atom registry::name() const {
    if (!table_) error(atoms::known<"badarg">);
    return table_->options().name;
}

pid registry::process() const {
    return table().server;
}

start_result<pid> registry::register_key(const term& key, term value) const {
    detail::registry_table& t = table();
    const pid watcher = t.watcher_of(self());
    // First: from here on the watcher hears of the caller's end, whenever that is.
    link(watcher);
    if (const auto holder = t.add(key, self(), value)) {
        let_go();
        return start_error::because(tuple("already_registered"_a, *holder));
    }
    detail::tell_registered(t, key, self(), value);
    return watcher;
}

/// A caller without entries has no use for the link.
void registry::let_go() const {
    detail::registry_table& t = table();
    if (!t.has_keys(self())) unlink(t.watcher_of(self()));
}

void registry::unregister_key(const term& key) const {
    unregister_if(key, nullptr);
}

void registry::unregister_if(const term& key, const std::function<bool(term_view)>& wanted) const {
    detail::registry_table& t = table();
    const auto removed = t.remove(key, self(), wanted);
    if (removed.count != 0 && !removed.any_left) unlink(t.watcher_of(self()));
    for (std::size_t i = 0; i < removed.count; ++i)
        detail::tell_unregistered(t, key, self());
}

std::vector<registry::entry> registry::lookup(const term& key) const {
    return table().lookup(key);
}

std::optional<pid> registry::whereis(const term& key) const {
    return table().first(key);
}

std::vector<term> registry::keys(const pid& process) const {
    return table().keys(process);
}

std::vector<term> registry::values(const term& key, const pid& process) const {
    return table().values(key, process);
}

std::size_t registry::count() const {
    return table().count();
}

std::vector<registry::full_entry> registry::entries() const {
    return table().all();
}

std::optional<std::pair<term, term>> registry::update_value(const term& key,
                                                            const std::function<term(const term&)>& f) const {
    detail::registry_table& t = table();
    if (!t.unique()) error(atoms::known<"badarg">);
    const auto old = t.values(key, self());
    if (old.empty()) return std::nullopt;
    const term fresh = f(old.front());
    if (!t.replace(key, self(), fresh)) return std::nullopt;
    return std::pair{fresh, old.front()};
}

std::optional<term> registry::meta(const term& key) const {
    return table().meta(key);
}

void registry::put_meta(const term& key, term value) const {
    table().put_meta(key, std::move(value));
}

void registry::delete_meta(const term& key) const {
    table().delete_meta(key);
}

}  // namespace rakka
