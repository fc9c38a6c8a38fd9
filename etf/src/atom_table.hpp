// The atom table's inside: what encoding and decoding read for every atom, without a lock or a call.
#pragma once

#include <rakka/etf/atom.hpp>
#include <rakka/etf/keyed_hash.hpp>
#include <rakka/etf/tags.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace rakka::etf::detail {

/// A short text has its SMALL_ATOM_UTF8_EXT header in front of it, and with that this many bytes to itself:
/// the whole is copied without counting.
inline constexpr std::size_t atom_header_size = 2, atom_room = 32;

struct atom_entry {
    std::uint64_t hash;
    std::uint32_t size;
    const char* text;
};
inline bool is_short(const atom_entry& a) noexcept {
    return a.size <= atom_room - atom_header_size;
}

/// Readers take no lock: entries are in segments that never move, and the hash index is replaced, never
/// changed in a way a reader could misread (a slot goes from 0 to a value once). Old indexes are kept until
/// the program ends.
struct atom_index {
    std::size_t mask;
    std::atomic<std::uint64_t>* slots;  // upper half of the hash << 32 | id
    const atom_index* replaced;  // the smaller one before it, which a reader may still be in; never freed
};
inline constexpr unsigned atom_segment_bits = 12;
inline constexpr std::size_t atom_segment_size = std::size_t{1} << atom_segment_bits;
inline constexpr std::size_t atom_segments = atom::max_atoms / atom_segment_size + 1;

/// No atom that is only decoded gets into a table that holds so many. Tests set it lower.
extern std::atomic<std::size_t> most_atoms_from_outside;

/// Zero until the first atom is asked for.
extern std::atomic<atom_entry*> atom_segment[atom_segments];
extern std::atomic<const atom_index*> current_atom_index;
/// Makes the table with the known atoms in it, if that has not been done.
void make_atom_table();

/// Up to eight bytes as a number, without a loop.
inline std::uint64_t load_short(const char* p, std::size_t n) noexcept {
    std::uint64_t v = 0;
    if (n >= 4) {
        std::uint32_t low, high;
        std::memcpy(&low, p, 4);
        std::memcpy(&high, p + n - 4, 4);
        v = low | std::uint64_t{high} << 32;
    } else if (n > 0) {
        v = static_cast<unsigned char>(p[0]) |
            static_cast<unsigned>(static_cast<unsigned char>(p[n / 2])) << 8 |
            static_cast<unsigned>(static_cast<unsigned char>(p[n - 1])) << 16;
    }
    return v;
}
inline std::uint64_t load_eight(const char* p) noexcept {
    std::uint64_t v;
    std::memcpy(&v, p, 8);
    return v;
}

/// Eight bytes at a time. Keyed: a peer names the atoms that go into the table.
inline std::uint64_t hash_atom(std::string_view s) noexcept {
    const hash_secret key = hash_secret::get();
    std::uint64_t h = s.size();
    const char* p = s.data();
    std::size_t n = s.size();
    for (; n > 8; n -= 8, p += 8)
        h = keyed_step(key, load_eight(p), h);
    return keyed_hash(key, n == 8 ? load_eight(p) : load_short(p, n), h);
}

inline bool same_text(const char* a, const char* b, std::size_t n) noexcept {
    if (n < 8) return load_short(a, n) == load_short(b, n);
    if (n <= 16) return load_eight(a) == load_eight(b) && load_eight(a + n - 8) == load_eight(b + n - 8);
    return std::memcmp(a, b, n) == 0;
}

/// Also of id 0: no atom, which a default-constructed atom or pid in a message is, has an empty text.
inline const atom_entry& entry_of_atom(std::uint32_t id) noexcept {
    const auto segment = id >> atom_segment_bits;
    const atom_entry* entries = atom_segment[segment].load(std::memory_order_acquire);
    if (!entries) [[unlikely]] {  // a known atom's constant, used before any other
        make_atom_table();
        entries = atom_segment[segment].load(std::memory_order_acquire);
    }
    return entries[id & (atom_segment_size - 1)];
}

inline std::string_view text_of_atom(std::uint32_t id) noexcept {
    const atom_entry& e = entry_of_atom(id);
    return {e.text, e.size};
}

/// The id of the atom with this text, or 0.
inline std::uint32_t find_atom(std::string_view text, std::uint64_t hash) noexcept {
    const atom_index* index = current_atom_index.load(std::memory_order_acquire);
    if (!index) [[unlikely]] {
        make_atom_table();
        index = current_atom_index.load(std::memory_order_acquire);
    }
    for (std::size_t i = hash & index->mask;; i = (i + 1) & index->mask) {
        const std::uint64_t slot = index->slots[i].load(std::memory_order_acquire);
        if (slot == 0) return 0;
        if (slot >> 32 != hash >> 32) continue;
        const auto id = static_cast<std::uint32_t>(slot);
        const atom_entry& e = entry_of_atom(id);
        if (e.size == text.size() && same_text(e.text, text.data(), text.size())) return id;
    }
}

}  // namespace rakka::etf::detail
