// A small map from identifiers to values: a plain vector at first, hashed once it is long.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace rakka::detail {

/// Most processes have few links and monitors, some (supervisors, registries) very many; both must be cheap.
/// Entries are dense: walk them by index. Erasing moves the last entry into the gap. Not thread-safe.
template <class Key, class Value>
class flat_table {
public:
    struct entry {
        Key key;
        Value value;
    };

    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    [[nodiscard]] entry& at(std::size_t i) noexcept { return entries_[i]; }
    [[nodiscard]] const std::vector<entry>& entries() const noexcept { return entries_; }

    [[nodiscard]] Value* find(const Key& key) noexcept {
        const std::size_t i = index_of(key);
        return i == npos ? nullptr : &entries_[i].value;
    }

    /// Inserts or overwrites. The reference is valid until the table changes.
    Value& put(const Key& key, Value value) {
        if (Value* const old = find(key)) return *old = std::move(value);
        entries_.push_back({key, std::move(value)});
        if (entries_.size() * 2 > index_.size() && entries_.size() > unhashed) {
            rehash();
        } else if (!index_.empty()) {
            enter(entries_.size() - 1);
        }
        return entries_.back().value;
    }

    bool erase(const Key& key) noexcept {
        const std::size_t i = index_of(key);
        if (i == npos) return false;
        erase_at(i);
        return true;
    }

    void erase_at(std::size_t i) noexcept {
        const std::size_t last = entries_.size() - 1;
        if (!index_.empty()) {
            remove_from_index(i);
            if (i != last) *place_of(last) = static_cast<std::uint32_t>(i + 1);
        }
        if (i != last) entries_[i] = std::move(entries_[last]);
        entries_.pop_back();
        if (entries_.empty()) index_.clear();
    }

    /// Gives back the memory of members it no longer has.
    void shrink() noexcept {
        entries_.shrink_to_fit();  // which ignores that there is no memory for a smaller copy
        if (entries_.size() <= unhashed) {
            index_.clear();
        } else if (index_size() < index_.size()) {
            rehash();  // in place
        }
        index_.shrink_to_fit();
    }
    /// Bytes held.
    [[nodiscard]] std::size_t memory() const noexcept {
        return entries_.capacity() * sizeof(entry) + index_.capacity() * sizeof(std::uint32_t);
    }

    void clear() noexcept {
        entries_.clear();
        index_.clear();
    }

private:
    static constexpr std::size_t npos = static_cast<std::size_t>(-1);
    static constexpr std::size_t unhashed = 8;

    [[nodiscard]] std::size_t home(const Key& key) const noexcept {
        // The hashes of identifiers are keyed: peers cannot choose keys that meet in one place.
        return std::hash<Key>{}(key) & (index_.size() - 1);
    }

    [[nodiscard]] std::size_t index_of(const Key& key) const noexcept {
        if (index_.empty()) {
            for (std::size_t i = 0; i < entries_.size(); ++i)
                if (entries_[i].key == key) return i;
            return npos;
        }
        for (std::size_t p = home(key); index_[p] != 0; p = (p + 1) & (index_.size() - 1))
            if (entries_[index_[p] - 1].key == key) return index_[p] - 1;
        return npos;
    }

    std::uint32_t* place_of(std::size_t i) noexcept {
        std::size_t p = home(entries_[i].key);
        while (index_[p] != i + 1)
            p = (p + 1) & (index_.size() - 1);
        return &index_[p];
    }

    void enter(std::size_t i) noexcept {
        std::size_t p = home(entries_[i].key);
        while (index_[p] != 0)
            p = (p + 1) & (index_.size() - 1);
        index_[p] = static_cast<std::uint32_t>(i + 1);
    }

    [[nodiscard]] std::size_t index_size() const noexcept {
        std::size_t n = 32;
        while (n < entries_.size() * 4)
            n *= 2;
        return n;
    }

    void rehash() {
        index_.assign(index_size(), 0);
        for (std::size_t i = 0; i < entries_.size(); ++i)
            enter(i);
    }

    // Linear probing without tombstones: later members of the run move up.
    void remove_from_index(std::size_t i) noexcept {
        const std::size_t mask = index_.size() - 1;
        std::size_t gap = static_cast<std::size_t>(place_of(i) - index_.data());
        for (std::size_t p = (gap + 1) & mask; index_[p] != 0; p = (p + 1) & mask) {
            const std::size_t wanted = home(entries_[index_[p] - 1].key);
            if (((p - wanted) & mask) >= ((p - gap) & mask)) {
                index_[gap] = index_[p];
                gap = p;
            }
        }
        index_[gap] = 0;
    }

    std::vector<entry> entries_;
    std::vector<std::uint32_t> index_;  // power of two; entry number + 1; 0 = empty
};

}  // namespace rakka::detail
