// A small map from identifiers to values: a plain vector at first, hashed once it is long.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace rakka::detail {

/// Most processes have few links and monitors, some (supervisors, registries) very many; both must be cheap,
/// and a table without entries is no more than a pointer. Entries are dense: walk them by index. Erasing
/// moves the last entry into the gap. Not thread-safe.
template <class Key, class Value>
class flat_table {
public:
    struct entry {
        Key key;
        Value value;
    };

    [[nodiscard]] std::size_t size() const noexcept { return body_ ? body_->entries.size() : 0; }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    /// Precondition: i < size().
    [[nodiscard]] entry& at(std::size_t i) noexcept { return body_->entries[i]; }
    [[nodiscard]] std::span<const entry> entries() const noexcept {
        return body_ ? std::span<const entry>(body_->entries) : std::span<const entry>();
    }

    [[nodiscard]] Value* find(const Key& key) noexcept {
        if (!body_) return nullptr;
        const std::size_t i = body_->index_of(key);
        return i == npos ? nullptr : &body_->entries[i].value;
    }

    /// Inserts or overwrites. The reference is valid until the table changes.
    Value& put(const Key& key, Value value) {
        if (!body_) body_ = std::make_unique<body>();
        if (Value* const old = find(key)) return *old = std::move(value);
        return body_->add({key, std::move(value)});
    }

    bool erase(const Key& key) noexcept {
        const std::size_t i = body_ ? body_->index_of(key) : npos;
        if (i == npos) return false;
        body_->erase_at(i);
        return true;
    }
    /// Precondition: i < size().
    void erase_at(std::size_t i) noexcept { body_->erase_at(i); }

    /// Gives back the memory of members it no longer has.
    void shrink() noexcept {
        if (empty()) {
            body_.reset();
        } else {
            body_->shrink();
        }
    }
    /// Bytes held.
    [[nodiscard]] std::size_t memory() const noexcept { return body_ ? sizeof(body) + body_->memory() : 0; }

    void clear() noexcept { body_.reset(); }

private:
    static constexpr std::size_t npos = static_cast<std::size_t>(-1);
    static constexpr std::size_t unhashed = 8;

    struct body {
        std::vector<entry> entries;
        std::vector<std::uint32_t> index;  // power of two; entry number + 1; 0 = empty

        Value& add(entry e) {
            entries.push_back(std::move(e));
            if (entries.size() * 2 > index.size() && entries.size() > unhashed) {
                rehash();
            } else if (!index.empty()) {
                enter(entries.size() - 1);
            }
            return entries.back().value;
        }

        void erase_at(std::size_t i) noexcept {
            const std::size_t last = entries.size() - 1;
            if (!index.empty()) {
                remove_from_index(i);
                if (i != last) *place_of(last) = static_cast<std::uint32_t>(i + 1);
            }
            if (i != last) entries[i] = std::move(entries[last]);
            entries.pop_back();
            if (entries.empty()) index.clear();
        }

        void shrink() noexcept {
            entries.shrink_to_fit();  // which ignores that there is no memory for a smaller copy
            if (entries.size() <= unhashed) {
                index.clear();
            } else if (index_size() < index.size()) {
                rehash();  // in place
            }
            index.shrink_to_fit();
        }
        [[nodiscard]] std::size_t memory() const noexcept {
            return entries.capacity() * sizeof(entry) + index.capacity() * sizeof(std::uint32_t);
        }

        [[nodiscard]] std::size_t home(const Key& key) const noexcept {
            // The hashes of identifiers are keyed: peers cannot choose keys that meet in one place.
            return std::hash<Key>{}(key) & (index.size() - 1);
        }

        [[nodiscard]] std::size_t index_of(const Key& key) const noexcept {
            if (index.empty()) {
                for (std::size_t i = 0; i < entries.size(); ++i)
                    if (entries[i].key == key) return i;
                return npos;
            }
            for (std::size_t p = home(key); index[p] != 0; p = (p + 1) & (index.size() - 1))
                if (entries[index[p] - 1].key == key) return index[p] - 1;
            return npos;
        }

        std::uint32_t* place_of(std::size_t i) noexcept {
            std::size_t p = home(entries[i].key);
            while (index[p] != i + 1)
                p = (p + 1) & (index.size() - 1);
            return &index[p];
        }

        void enter(std::size_t i) noexcept {
            std::size_t p = home(entries[i].key);
            while (index[p] != 0)
                p = (p + 1) & (index.size() - 1);
            index[p] = static_cast<std::uint32_t>(i + 1);
        }

        [[nodiscard]] std::size_t index_size() const noexcept {
            std::size_t n = 32;
            while (n < entries.size() * 4)
                n *= 2;
            return n;
        }

        void rehash() {
            index.assign(index_size(), 0);
            for (std::size_t i = 0; i < entries.size(); ++i)
                enter(i);
        }

        // Linear probing without tombstones: later members of the run move up.
        void remove_from_index(std::size_t i) noexcept {
            const std::size_t mask = index.size() - 1;
            std::size_t gap = static_cast<std::size_t>(place_of(i) - index.data());
            for (std::size_t p = (gap + 1) & mask; index[p] != 0; p = (p + 1) & mask) {
                const std::size_t wanted = home(entries[index[p] - 1].key);
                if (((p - wanted) & mask) >= ((p - gap) & mask)) {
                    index[gap] = index[p];
                    gap = p;
                }
            }
            index[gap] = 0;
        }
    };

    std::unique_ptr<body> body_;
};

}  // namespace rakka::detail
