#include "task/registry_table.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace rakka::detail {
namespace {

using read_lock = std::shared_lock<std::shared_mutex>;
using write_lock = std::unique_lock<std::shared_mutex>;

auto rank(const pid& p) noexcept {
    return std::tuple(p.node.id(), p.creation, p.serial, p.id);
}

}  // namespace

bool registry_table::process_less(const pid& a, const pid& b) noexcept {
    return rank(a) < rank(b);
}

bool registry_table::less::operator()(const slot_key& a, const slot_key& b) const noexcept {
    if (a.hash != b.hash) return a.hash < b.hash;
    const auto order = compare_exact(a.key, b.key);
    return order != 0 ? order < 0 : process_less(a.process, b.process);
}

bool registry_table::owned_less::operator()(const owned_key& a, const owned_key& b) const noexcept {
    if (a.hash != b.hash) return a.hash < b.hash;
    return compare_exact(a.key, b.key) < 0;
}

std::vector<term> registry_table::in_order(const owned_keys& keys) {
    std::vector<const owned_keys::value_type*> all;
    all.reserve(keys.size());
    for (const auto& one : keys)
        all.push_back(&one);
    std::sort(all.begin(), all.end(), [](const auto* a, const auto* b) { return a->second < b->second; });
    std::vector<term> out;
    out.reserve(all.size());
    for (const auto* const one : all)
        out.push_back(one->first.key);
    return out;
}

registry_table::process_part::process_part() : keys(&registry_table::process_less) {}

registry_table::registry_table(rakka::system& system, registry_options options)
    : system_(system),
      options_(std::move(options)),
      parts_(std::make_unique<part[]>(options_.partitions)),
      by_process_(std::make_unique<process_part[]>(options_.partitions)) {
    for (auto& [key, value] : options_.meta)
        meta_.insert_or_assign(key, value);
}

registry_table::process_part& registry_table::part_of(const pid& who) const {
    return by_process_[std::hash<pid>()(who) % options_.partitions];
}

const pid& registry_table::watcher_of(const pid& who) const {
    return watchers[std::hash<pid>()(who) % watchers.size()];
}

// -- writing
// -------------------------------------------------------------------------------------------------------------

std::optional<pid> registry_table::add(const term& key, const pid& who, term value) {
    const std::size_t hash = hash_value(key);
    node dead;  // destroyed without the lock: a value may be an object with code of its own
    {
        part& in = part_of(hash);
        const write_lock lock(in.mutex);
        if (unique()) {
            const auto at = in.entries.lower_bound({hash, key, pid()});
            if (at != in.entries.end() && at->first.hash == hash && at->first.key == key) {
                if (system_.is_alive(at->first.process)) return at->first.process;
                dead = in.entries.extract(at);
            }
        }
        in.entries.emplace(slot_key{hash, key, who}, std::move(value));
    }
    process_part& of = part_of(who);
    const write_lock lock(of.mutex);
    of.keys[who].emplace(owned_key{hash, key}, of.added++);
    return std::nullopt;
}

bool registry_table::forget_key(const pid& who, const owned_key& key, std::size_t times) {
    std::vector<owned_keys::node_type> gone;  // destroyed without the lock
    gone.reserve(times);
    process_part& of = part_of(who);
    const write_lock lock(of.mutex);
    const auto at = of.keys.find(who);
    if (at == of.keys.end()) return false;
    owned_keys& keys = at->second;
    for (const auto end = keys.upper_bound(key); times > 0 && end != keys.begin(); --times) {
        const auto last = std::prev(end);
        if (owned_less()(last->first, key)) break;
        gone.push_back(keys.extract(last));
    }
    if (!keys.empty()) return true;
    of.keys.erase(at);
    return false;
}

registry_table::removed registry_table::remove(const term& key, const pid& process,
                                               const std::function<bool(term_view)>& wanted) {
    const std::size_t hash = hash_value(key);
    const slot_key at{hash, key, process};
    part& in = part_of(hash);
    // What is wanted is asked without the lock. Only `process` itself adds to and takes from these entries.
    std::vector<bool> go;
    for (const term& value : values(key, process))
        go.push_back(!wanted || wanted(value));
    std::vector<node> gone;
    {
        const write_lock lock(in.mutex);
        auto [from, to] = in.entries.equal_range(at);
        for (std::size_t i = 0; from != to && i < go.size(); ++i) {
            const auto here = from++;
            if (go[i]) gone.push_back(in.entries.extract(here));
        }
    }
    if (gone.empty()) return {.count = 0, .any_left = true};
    return {.count = gone.size(), .any_left = forget_key(process, {hash, key}, gone.size())};
}

std::vector<term> registry_table::remove_all(const pid& process) {
    owned_keys owned;
    {
        process_part& of = part_of(process);
        const write_lock lock(of.mutex);
        const auto at = of.keys.find(process);
        if (at == of.keys.end()) return {};
        owned.swap(at->second);
        of.keys.erase(at);
    }
    for (const auto& [key, number] : owned) {
        part& in = part_of(key.hash);
        node gone;
        const write_lock lock(in.mutex);
        const auto at = in.entries.find({key.hash, key.key, process});
        if (at != in.entries.end()) gone = in.entries.extract(at);
    }
    return in_order(owned);
}

bool registry_table::replace(const term& key, const pid& process, term value) {
    const std::size_t hash = hash_value(key);
    part& in = part_of(hash);
    const write_lock lock(in.mutex);
    const auto at = in.entries.find({hash, key, process});
    if (at == in.entries.end()) return false;
    std::swap(at->second, value);
    return true;
}

void registry_table::clear() {
    for (unsigned i = 0; i < options_.partitions; ++i) {
        slots gone;
        decltype(process_part::keys) keys(&process_less);
        {
            const write_lock lock(parts_[i].mutex);
            gone.swap(parts_[i].entries);
        }
        const write_lock lock(by_process_[i].mutex);
        keys.swap(by_process_[i].keys);
    }
}

// -- reading
// -------------------------------------------------------------------------------------------------------------

std::vector<registry::entry> registry_table::lookup(const term& key) const {
    const std::size_t hash = hash_value(key);
    const part& in = part_of(hash);
    std::vector<entry> out;
    const read_lock lock(in.mutex);
    for (auto at = in.entries.lower_bound({hash, key, pid()});
         at != in.entries.end() && at->first.hash == hash && at->first.key == key; ++at) {
        if (!unique() || system_.is_alive(at->first.process)) out.push_back({at->first.process, at->second});
    }
    return out;
}

std::optional<pid> registry_table::first(const term& key) const {
    const std::size_t hash = hash_value(key);
    const part& in = part_of(hash);
    const read_lock lock(in.mutex);
    const auto at = in.entries.lower_bound({hash, key, pid()});
    if (at == in.entries.end() || at->first.hash != hash || !(at->first.key == key)) return std::nullopt;
    if (unique() && !system_.is_alive(at->first.process)) return std::nullopt;
    return at->first.process;
}

std::vector<term> registry_table::values(const term& key, const pid& process) const {
    const std::size_t hash = hash_value(key);
    const part& in = part_of(hash);
    std::vector<term> out;
    const read_lock lock(in.mutex);
    const auto [from, to] = in.entries.equal_range({hash, key, process});
    std::transform(from, to, std::back_inserter(out), [](const auto& e) { return e.second; });
    return out;
}

std::vector<term> registry_table::keys(const pid& process) const {
    const process_part& of = part_of(process);
    const read_lock lock(of.mutex);
    const auto at = of.keys.find(process);
    return at == of.keys.end() ? std::vector<term>() : in_order(at->second);
}

bool registry_table::has_keys(const pid& process) const {
    const process_part& of = part_of(process);
    const read_lock lock(of.mutex);
    return of.keys.contains(process);
}

std::vector<registry::full_entry> registry_table::all() const {
    std::vector<full_entry> out;
    for (unsigned i = 0; i < options_.partitions; ++i) {
        const read_lock lock(parts_[i].mutex);
        for (const auto& [at, value] : parts_[i].entries)
            out.push_back({at.key, at.process, value});
    }
    return out;
}

std::size_t registry_table::count() const {
    std::size_t n = 0;
    for (unsigned i = 0; i < options_.partitions; ++i) {
        const read_lock lock(parts_[i].mutex);
        n += parts_[i].entries.size();
    }
    return n;
}

// -- meta
// ----------------------------------------------------------------------------------------------------------------

std::optional<term> registry_table::meta(const term& key) const {
    const read_lock lock(meta_mutex_);
    const auto at = meta_.find(key);
    return at == meta_.end() ? std::nullopt : std::optional(at->second);
}

void registry_table::put_meta(const term& key, term value) {
    const write_lock lock(meta_mutex_);
    std::swap(meta_[key], value);
}

void registry_table::delete_meta(const term& key) {
    decltype(meta_)::node_type gone;
    const write_lock lock(meta_mutex_);
    gone = meta_.extract(key);
}

}  // namespace rakka::detail
