#include "application/application_table.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <algorithm>

namespace rakka::detail {

applications::entry application_table::entry_of(const application_specification& s) {
    return {s.name, s.description, s.version};
}

std::optional<term> application_table::load(application_specification specification,
                                            applications::factory make) {
    const std::lock_guard lock(mutex_);
    const std::uint32_t id = specification.name.id();
    if (loaded_.contains(id)) return term(tuple("already_loaded"_a, specification.name));
    for (const auto& [other_id, other] : loaded_) {
        for (const atom name : specification.registered) {
            const auto& theirs = other.what.specification.registered;
            if (std::find(theirs.begin(), theirs.end(), name) != theirs.end())
                return term(tuple("invalid_name"_a, tuple(name, other.what.specification.name)));
        }
    }
    variables env;
    for (const auto& [key, value] : specification.env)
        env[key.id()] = {key, value};
    for (const auto* const more : {&configured_, &persistent_}) {
        const auto at = more->find(id);
        if (at == more->end()) continue;
        for (const auto& [key_id, variable] : at->second)
            env[key_id] = variable;
    }
    loaded_.emplace(id, record{{std::move(specification), std::move(make)}, std::move(env)});
    return std::nullopt;
}

std::optional<term> application_table::unload(atom name) {
    const std::lock_guard lock(mutex_);
    if (!loaded_.contains(name.id())) return term(tuple("not_loaded"_a, name));
    if (is_up(name) || starting_.contains(name.id())) return term(tuple("running"_a, name));
    loaded_.erase(name.id());
    return std::nullopt;
}

std::optional<application_table::loaded> application_table::find(atom name) const {
    const std::lock_guard lock(mutex_);
    const auto at = loaded_.find(name.id());
    return at == loaded_.end() ? std::nullopt : std::optional(at->second.what);
}

std::vector<applications::entry> application_table::all_loaded() const {
    const std::lock_guard lock(mutex_);
    std::vector<applications::entry> all;
    for (const auto& [id, r] : loaded_)
        all.push_back(entry_of(r.what.specification));
    return all;
}

// -- which run

applications::outcome<application_table::loaded> application_table::begin_start(atom name) {
    const std::lock_guard lock(mutex_);
    if (const auto why = obstacle_to_start(name)) return start_error::because(*why);
    starting_[name.id()] = pid();
    return loaded_.at(name.id()).what;
}

void application_table::set_starting(atom name, const pid& master) {
    const std::lock_guard lock(mutex_);
    starting_[name.id()] = master;
}

void application_table::set_running(atom name, const pid& master) {
    const std::lock_guard lock(mutex_);
    starting_.erase(name.id());
    running_.emplace_back(name, master);
}

void application_table::set_stopped(atom name) {
    const std::lock_guard lock(mutex_);
    starting_.erase(name.id());
    std::erase_if(running_, [&](const auto& r) { return r.first == name; });
}

void application_table::set_all_stopped() {
    const std::lock_guard lock(mutex_);
    starting_.clear();
    running_.clear();
}

std::vector<pid> application_table::masters() const {
    const std::lock_guard lock(mutex_);
    std::vector<pid> all;
    for (const auto& [name, master] : running_)
        all.push_back(master);
    for (const auto& [id, master] : starting_)
        if (master) all.push_back(master);
    return all;
}

std::vector<applications::entry> application_table::running() const {
    const std::lock_guard lock(mutex_);
    std::vector<applications::entry> all;
    for (auto r = running_.rbegin(); r != running_.rend(); ++r) {
        const auto at = loaded_.find(r->first.id());
        if (at != loaded_.end()) all.push_back(entry_of(at->second.what.specification));
    }
    return all;
}

bool application_table::is_running(atom name) const {
    return master_of(name).has_value();
}

std::optional<pid> application_table::master_of(atom name) const {
    const std::lock_guard lock(mutex_);
    for (const auto& [running, master] : running_)
        if (running == name) return master;
    return std::nullopt;
}

std::optional<atom> application_table::application_of_master(const pid& master) const {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, its] : running_)
        if (its == master) return name;
    return std::nullopt;
}

bool application_table::is_up(atom name) const {
    return std::any_of(running_.begin(), running_.end(), [&](const auto& r) { return r.first == name; });
}

std::optional<term> application_table::obstacle_to_start(atom name) const {
    const auto at = loaded_.find(name.id());
    if (at == loaded_.end()) return term(tuple("not_loaded"_a, name));
    if (is_up(name)) return term(tuple(atoms::known<"already_started">, name));
    const application_specification& s = at->second.what.specification;
    for (const atom needed : s.applications)
        if (!is_up(needed)) return term(tuple("not_started"_a, needed));
    for (const atom optional : s.optional_applications)
        if (loaded_.contains(optional.id()) && !is_up(optional))
            return term(tuple("not_started"_a, optional));
    return std::nullopt;
}

// -- environment

std::optional<term> application_table::get_env(atom name, atom key) const {
    const std::lock_guard lock(mutex_);
    const auto at = loaded_.find(name.id());
    const auto early = persistent_.find(name.id());
    const variables* const env = at != loaded_.end()          ? &at->second.env
                                 : early != persistent_.end() ? &early->second
                                                              : nullptr;
    if (env == nullptr) return std::nullopt;
    const auto found = env->find(key.id());
    return found == env->end() ? std::nullopt : std::optional(found->second.second);
}

application_table::environment application_table::all_env(atom name) const {
    const std::lock_guard lock(mutex_);
    environment out;
    const auto at = loaded_.find(name.id());
    if (at == loaded_.end()) return out;
    for (const auto& [id, variable] : at->second.env)
        out.push_back(variable);
    return out;
}

void application_table::set_env(atom name, atom key, term value, bool persistent) {
    const std::lock_guard lock(mutex_);
    const auto at = loaded_.find(name.id());
    if (persistent || at == loaded_.end()) persistent_[name.id()][key.id()] = {key, value};
    if (at != loaded_.end()) at->second.env[key.id()] = {key, std::move(value)};
}

void application_table::unset_env(atom name, atom key) {
    const std::lock_guard lock(mutex_);
    if (const auto at = loaded_.find(name.id()); at != loaded_.end()) at->second.env.erase(key.id());
    if (const auto at = persistent_.find(name.id()); at != persistent_.end()) at->second.erase(key.id());
}

std::vector<application_table::change> application_table::configure(const configuration& all) {
    const std::lock_guard lock(mutex_);
    std::vector<change> changes;
    for (const auto& [name, env] : all) {
        variables& configured = configured_[name.id()];
        const auto at = loaded_.find(name.id());
        change c{name, {}, {}};
        for (const auto& [key, value] : env) {
            configured[key.id()] = {key, value};
            if (at == loaded_.end()) continue;
            const auto [place, fresh] = at->second.env.try_emplace(key.id(), key, value);
            if (fresh) {
                c.added.emplace_back(key, value);
            } else if (!(place->second.second == value)) {
                place->second.second = value;
                c.changed.emplace_back(key, value);
            }
        }
        if (is_up(name) && !(c.added.empty() && c.changed.empty())) changes.push_back(std::move(c));
    }
    return changes;
}

}  // namespace rakka::detail
