// The atom caches of one connection: what the peer's slots hold, and what the peer knows of ours.
// [dist §Distribution Header]
#pragma once

#include <rakka/etf/term.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rakka::wire {

/// Slots in each direction: a segment of 0 … 7 and an index of 0 … 255.
inline constexpr std::size_t atom_cache_slots = 2048;

/// The receiving side. Atoms beyond the peer's budget of new atoms are kept as foreign atoms, text and all.
/// At most 2048 atoms of at most 1020 bytes. One thread at a time.
class inbound_atom_cache {
public:
    /// The atom in a slot; without value when nothing was put there. REQUIRES: slot < atom_cache_slots.
    [[nodiscard]] const term& operator[](std::size_t slot) const noexcept {
        static const term nothing;
        return slots_.empty() ? nothing : slots_[slot];
    }
    void put(std::size_t slot, term a) {
        if (slots_.empty()) slots_.resize(atom_cache_slots);
        slots_[slot] = std::move(a);
    }

private:
    std::vector<term> slots_;  // made with the first entry: 32 KiB
};

/// The sending side: which atom the peer has in each slot. An atom has two slots to choose from, so that two
/// atoms in use rarely drive each other out. One thread at a time.
class outbound_atom_cache {
public:
    struct place {
        std::uint16_t slot;
        bool known;  ///< the peer has it there already
    };
    /// Where `a` is or, from now on, will be.
    [[nodiscard]] place find_or_put(atom a) noexcept {
        const std::uint32_t first = a.id() % atom_cache_slots;
        if (slots_[first] == a) return {static_cast<std::uint16_t>(first), true};
        const std::uint32_t second = (a.id() * 0x9E3779B1u) >> 21;
        if (slots_[second] == a) return {static_cast<std::uint16_t>(second), true};
        const std::uint32_t chosen = slots_[first] ? second : first;
        slots_[chosen] = a;
        return {static_cast<std::uint16_t>(chosen), false};
    }

private:
    std::array<atom, atom_cache_slots> slots_{};
};

}  // namespace rakka::wire
