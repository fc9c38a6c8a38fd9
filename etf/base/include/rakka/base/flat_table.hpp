// A small map from identifiers to values: a plain array at first, hashed once it is long.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace rakka::detail {

/// Most processes have few links and monitors, some (supervisors, registries) very many; both must be cheap:
/// a table without entries is no more than a pointer, a small one is one block. Entries are dense: walk them
/// by index. Erasing moves the last entry into the gap. Not thread-safe.
template <class Key, class Value>
class flat_table {
public:
    struct entry {
        Key key;
        Value value;
    };

    [[nodiscard]] std::size_t size() const noexcept { return head_ ? head_->size : 0; }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    /// Precondition: i < size().
    [[nodiscard]] entry& at(std::size_t i) noexcept { return head_->entries()[i]; }
    [[nodiscard]] std::span<const entry> entries() const noexcept {
        return head_ ? std::span<const entry>(head_->entries(), head_->size) : std::span<const entry>();
    }

    [[nodiscard]] Value* find(const Key& key) noexcept {
        const std::size_t i = index_of(key);
        return i == npos ? nullptr : &at(i).value;
    }
    [[nodiscard]] const Value* find(const Key& key) const noexcept {
        const std::size_t i = index_of(key);
        return i == npos ? nullptr : &head_->entries()[i].value;
    }

    /// Inserts or overwrites. The reference is valid until the table changes.
    Value& put(const Key& key, Value value) {
        if (Value* const old = find(key)) return *old = std::move(value);
        return add({key, std::move(value)});
    }

    bool erase(const Key& key) noexcept {
        const std::size_t i = index_of(key);
        if (i == npos) return false;
        erase_at(i);
        return true;
    }
    /// Precondition: i < size().
    void erase_at(std::size_t i) noexcept {
        const std::size_t last = head_->size - 1;
        entry* const all = head_->entries();
        if (head_->index) {
            remove_from_index(i);
            if (i != last) *place_of(last) = static_cast<std::uint32_t>(i + 1);
        }
        if (i != last) all[i] = std::move(all[last]);
        std::destroy_at(&all[last]);
        head_->size = static_cast<std::uint32_t>(last);
        if (last == 0) head_->index.reset();
    }

    /// Gives back the memory of members it no longer has.
    void shrink() noexcept {
        if (empty()) return clear();
        try {
            if (head_->size < head_->capacity) move_to(head_->size);
            if (head_->size <= unhashed) {
                head_->index.reset();
            } else if (head_->index && index_size() < head_->index->size()) {
                rehash();
            }
        } catch (const std::bad_alloc&) {
            // There is no memory for a smaller copy: it stays as it is.
        }
    }
    /// Bytes held.
    [[nodiscard]] std::size_t memory() const noexcept {
        if (!head_) return 0;
        return sizeof(head) + head_->capacity * sizeof(entry) +
               (head_->index ? sizeof(positions) + head_->index->capacity() * sizeof(std::uint32_t) : 0);
    }

    void clear() noexcept { head_.reset(); }

private:
    static constexpr std::size_t npos = static_cast<std::size_t>(-1);
    static constexpr std::size_t unhashed = 8;
    using positions = std::vector<std::uint32_t>;  // power of two; entry number + 1; 0 = empty

    static_assert(std::is_nothrow_move_constructible_v<entry> && std::is_nothrow_move_assignable_v<entry>);
    static_assert(alignof(entry) <= alignof(std::uint64_t));

    // The entries follow in the same block.
    struct head {
        std::uint32_t size = 0;
        std::uint32_t capacity;
        std::unique_ptr<positions> index{};  // null: short enough to be looked through

        explicit head(std::uint32_t c) noexcept : capacity(c) {}
        ~head() { std::destroy_n(entries(), size); }
        head(const head&) = delete;
        head& operator=(const head&) = delete;
        [[nodiscard]] entry* entries() noexcept { return reinterpret_cast<entry*>(this + 1); }
        [[nodiscard]] const entry* entries() const noexcept {
            return reinterpret_cast<const entry*>(this + 1);
        }
    };
    struct free_head {
        void operator()(head* h) const noexcept {
            std::destroy_at(h);
            ::operator delete(h);
        }
    };
    using head_ptr = std::unique_ptr<head, free_head>;

    /// Into a block for so many.
    void move_to(std::size_t capacity) {
        void* const block = ::operator new(sizeof(head) + capacity * sizeof(entry));
        head_ptr fresh(::new (block) head(static_cast<std::uint32_t>(capacity)));
        if (head_) {
            std::uninitialized_move_n(head_->entries(), head_->size, fresh->entries());
            fresh->size = head_->size;
            fresh->index = std::move(head_->index);
        }
        head_ = std::move(fresh);
    }

    Value& add(entry e) {
        if (!head_ || head_->size == head_->capacity) move_to(head_ ? std::size_t{head_->capacity} * 2 : 1);
        entry* const place = ::new (&head_->entries()[head_->size]) entry(std::move(e));
        ++head_->size;
        if (head_->size > unhashed && (!head_->index || head_->size * 2U > head_->index->size())) {
            rehash_or_take_back();
        } else if (head_->index) {
            enter(head_->size - 1U);
        }
        return place->value;
    }

    void rehash_or_take_back() {
        try {
            rehash();
        } catch (...) {
            std::destroy_at(&head_->entries()[--head_->size]);
            throw;
        }
    }

    [[nodiscard]] std::size_t home(const Key& key) const noexcept {
        // The hashes of identifiers are keyed: peers cannot choose keys that meet in one place.
        return std::hash<Key>{}(key) & (head_->index->size() - 1);
    }

    [[nodiscard]] std::size_t index_of(const Key& key) const noexcept {
        if (!head_) return npos;
        const entry* const all = head_->entries();
        if (!head_->index) {
            for (std::size_t i = 0; i < head_->size; ++i)
                if (all[i].key == key) return i;
            return npos;
        }
        const positions& index = *head_->index;
        for (std::size_t p = home(key); index[p] != 0; p = (p + 1) & (index.size() - 1))
            if (all[index[p] - 1].key == key) return index[p] - 1;
        return npos;
    }

    std::uint32_t* place_of(std::size_t i) noexcept {
        positions& index = *head_->index;
        std::size_t p = home(at(i).key);
        while (index[p] != i + 1)
            p = (p + 1) & (index.size() - 1);
        return &index[p];
    }

    void enter(std::size_t i) noexcept {
        positions& index = *head_->index;
        std::size_t p = home(at(i).key);
        while (index[p] != 0)
            p = (p + 1) & (index.size() - 1);
        index[p] = static_cast<std::uint32_t>(i + 1);
    }

    [[nodiscard]] std::size_t index_size() const noexcept {
        std::size_t n = 32;
        while (n < head_->size * std::size_t{4})
            n *= 2;
        return n;
    }

    void rehash() {
        auto fresh = std::make_unique<positions>(index_size(), 0);
        head_->index = std::move(fresh);
        for (std::size_t i = 0; i < head_->size; ++i)
            enter(i);
    }

    // Linear probing without tombstones: later members of the run move up.
    void remove_from_index(std::size_t i) noexcept {
        positions& index = *head_->index;
        const std::size_t mask = index.size() - 1;
        std::size_t gap = static_cast<std::size_t>(place_of(i) - index.data());
        for (std::size_t p = (gap + 1) & mask; index[p] != 0; p = (p + 1) & mask) {
            const std::size_t wanted = home(at(index[p] - 1).key);
            if (((p - wanted) & mask) >= ((p - gap) & mask)) {
                index[gap] = index[p];
                gap = p;
            }
        }
        index[gap] = 0;
    }

    head_ptr head_;
};

}  // namespace rakka::detail
