// The monitors on a process: a server has one at a time, that of the call it is busy with.
#pragma once

#include <rakka/base/flat_table.hpp>
#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/pattern.hpp>

#include <cstddef>
#include <optional>
#include <utility>

namespace rakka::detail {

/// A monitor on this process.
struct watcher_entry {
    pid watcher;
    atom name;          // set when the watcher gave a name
    bool call = false;  // of a call from this system: the reply ends it on both sides
};

/// Keeps one entry in itself and the others in a table, so that a call comes and goes without either an
/// allocation or a search. Not thread-safe.
class watcher_table {
public:
    [[nodiscard]] bool empty() const noexcept { return !first_ && others_.empty(); }

    [[nodiscard]] watcher_entry* find(const reference& ref) noexcept {
        if (first_ && first_->key == ref) return &first_->value;
        return others_.empty() ? nullptr : others_.find(ref);
    }
    void put(const reference& ref, watcher_entry w) {
        if (watcher_entry* const old = find(ref)) {
            *old = w;
        } else if (!first_) {
            first_.emplace(entry{ref, w});
        } else {
            others_.put(ref, w);
        }
    }
    bool erase(const reference& ref) noexcept {
        if (!first_ || !(first_->key == ref)) return others_.erase(ref);
        first_.reset();
        return true;
    }
    /// As put(), of a call that comes in.
    void put_call(const reference& ref, const pid& client, atom name) {
        if (first_) return put(ref, {client, name, true});
        entry& e = first_.emplace();
        e.key = ref;
        e.value.watcher = client;
        e.value.name = name;
        e.value.call = true;
    }
    /// taken(reference, client) for the call that has this reference, which is no entry afterwards. False
    /// when there is no such call.
    template <class Taken>
    bool take_call(term_view ref, Taken taken) {
        if (first_ && first_->value.call && etf::detail::is_reference(ref, first_->key)) {
            taken(std::as_const(first_->key), std::as_const(first_->value.watcher));
            first_.reset();
            return true;
        }
        if (others_.empty()) return false;
        const auto key = ref.as<reference>();
        const watcher_entry* const w = key ? others_.find(*key) : nullptr;
        if (w == nullptr || !w->call) return false;
        taken(*key, w->watcher);
        return others_.erase(*key);
    }
    /// visit(reference, entry) for each.
    template <class Visitor>
    void for_each(Visitor visit) const {
        if (first_) visit(first_->key, first_->value);
        for (const entry& e : others_.entries())
            visit(e.key, e.value);
    }
    template <class Predicate>
    void erase_if(Predicate gone) noexcept {
        if (first_ && gone(first_->value)) first_.reset();
        for (std::size_t i = others_.size(); i-- > 0;)
            if (gone(others_.at(i).value)) others_.erase_at(i);
    }
    void shrink() noexcept { others_.shrink(); }
    /// Bytes held beside itself.
    [[nodiscard]] std::size_t memory() const noexcept { return others_.memory(); }

private:
    using table = flat_table<reference, watcher_entry>;
    using entry = table::entry;
    std::optional<entry> first_;
    table others_;
};

}  // namespace rakka::detail
