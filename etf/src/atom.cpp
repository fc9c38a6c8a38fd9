#include <rakka/etf/atom.hpp>

#include <rakka/base/check.hpp>
#include <rakka/etf/errc.hpp>
#include <rakka/etf/known_atoms.hpp>

#include "utf8.hpp"

#include <boost/system/system_error.hpp>

#include <atomic>
#include <bit>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace rakka {
namespace {

using etf::errc;

struct entry {
    std::uint64_t hash;
    std::uint32_t size;
    const char* text;
};

std::uint64_t hash_of(std::string_view s) noexcept {
    // Eight bytes at a time, multiply and fold: atoms are short and come from peers that are limited elsewhere.
    std::uint64_t h = 0x9E3779B97F4A7C15ull ^ s.size();
    const char* p = s.data();
    std::size_t n = s.size();
    for (; n >= 8; n -= 8, p += 8) {
        std::uint64_t chunk;
        std::memcpy(&chunk, p, 8);
        h = (h ^ chunk) * 0xff51afd7ed558ccdull;
        h ^= h >> 32;
    }
    std::uint64_t rest = 0;
    std::memcpy(&rest, p, n);
    h = (h ^ rest) * 0xc4ceb9fe1a85ec53ull;
    return h ^ (h >> 29);
}

/// Readers take no lock: entries are in segments that never move, and the hash index is replaced, never changed in a
/// way a reader could misread (a slot goes from 0 to an id once). Old indexes are kept until the program ends.
class table {
public:
    static table& instance() {
        static table* const self = new table;  // never destroyed: atoms outlive static objects
        return *self;
    }

    const entry& operator[](std::uint32_t id) const noexcept {
        return segments_[(id - 1) >> segment_bits].load(std::memory_order_acquire)[(id - 1) & (segment_size - 1)];
    }

    std::uint32_t find(std::string_view text, std::uint64_t hash) const noexcept {
        const index* ix = index_.load(std::memory_order_acquire);
        for (std::size_t i = hash & ix->mask;; i = (i + 1) & ix->mask) {
            const std::uint32_t id = ix->slots[i].load(std::memory_order_acquire);
            if (id == 0) return 0;
            const entry& e = (*this)[id];
            if (e.hash == hash && e.size == text.size() && std::memcmp(e.text, text.data(), text.size()) == 0)
                return id;
        }
    }

    result<atom> add(std::string_view text, std::uint64_t hash) {
        std::lock_guard lock(mutex_);
        if (const std::uint32_t id = find(text, hash)) return atom::from_id(id);
        if (count_.load(std::memory_order_relaxed) >= atom::max_atoms) return errc::atom_table_full;
        return atom::from_id(append(text, hash));
    }

    std::size_t count() const noexcept { return count_.load(std::memory_order_relaxed); }

private:
    static constexpr unsigned segment_bits = 12;
    static constexpr std::size_t segment_size = std::size_t{1} << segment_bits;

    struct index {
        explicit index(std::size_t n) : mask(n - 1), slots(new std::atomic<std::uint32_t>[n]()) {}
        std::size_t mask;
        std::unique_ptr<std::atomic<std::uint32_t>[]> slots;
    };

    table() {
        indexes_.push_back(std::make_unique<index>(4096));
        index_.store(indexes_.back().get(), std::memory_order_release);
        for (std::string_view text : atoms::detail::table) append(text, hash_of(text));
    }

    std::uint32_t append(std::string_view text, std::uint64_t hash) {
        const auto n = static_cast<std::uint32_t>(count_.load(std::memory_order_relaxed));
        if ((n & (segment_size - 1)) == 0)
            segments_[n >> segment_bits].store(new entry[segment_size], std::memory_order_release);
        char* copy = new char[text.size() + 1];
        std::memcpy(copy, text.data(), text.size());
        copy[text.size()] = '\0';
        segments_[n >> segment_bits].load(std::memory_order_relaxed)[n & (segment_size - 1)] = {
            hash, static_cast<std::uint32_t>(text.size()), copy};
        count_.store(n + 1, std::memory_order_relaxed);
        const index* current = index_.load(std::memory_order_relaxed);
        if ((n + 1) * 2 > current->mask) {
            grow();
        } else {
            put(*current, hash, n + 1);
        }
        return n + 1;
    }

    void grow() {
        auto bigger = std::make_unique<index>((index_.load(std::memory_order_relaxed)->mask + 1) * 4);
        for (std::uint32_t id = 1; id <= count(); ++id) put(*bigger, (*this)[id].hash, id);
        index_.store(bigger.get(), std::memory_order_release);
        indexes_.push_back(std::move(bigger));
    }

    static void put(const index& ix, std::uint64_t hash, std::uint32_t id) noexcept {
        std::size_t i = hash & ix.mask;
        while (ix.slots[i].load(std::memory_order_relaxed) != 0) i = (i + 1) & ix.mask;
        ix.slots[i].store(id, std::memory_order_release);
    }

    std::mutex mutex_;  // guards appending
    std::atomic<std::size_t> count_{0};
    std::atomic<index*> index_{nullptr};
    std::atomic<entry*> segments_[(atom::max_atoms + segment_size - 1) / segment_size]{};
    std::vector<std::unique_ptr<index>> indexes_;
};

}  // namespace

atom::atom(std::string_view utf8) : atom(make(utf8).value()) {}

result<atom> atom::make(std::string_view utf8) {
    table& t = table::instance();
    const std::uint64_t hash = hash_of(utf8);
    if (const std::uint32_t id = t.find(utf8, hash)) return from_id(id);
    const auto characters = etf::detail::count_utf8(utf8);
    if (!characters) return errc::bad_utf8;
    if (*characters > max_characters) return errc::atom_too_long;
    return t.add(utf8, hash);
}

std::optional<atom> atom::existing(std::string_view utf8) noexcept {
    const std::uint32_t id = table::instance().find(utf8, hash_of(utf8));
    return id ? std::optional(from_id(id)) : std::nullopt;
}

std::size_t atom::count() noexcept { return table::instance().count(); }

std::string_view atom::text() const noexcept {
    if (id_ == 0) return {};
    const entry& e = table::instance()[id_];
    return {e.text, e.size};
}

}  // namespace rakka
