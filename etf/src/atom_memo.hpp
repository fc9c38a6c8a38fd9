// Short atoms that a thread has decoded before: found without the atom table.
#pragma once

#include "atom_table.hpp"
#include "short_text.hpp"

#include <rakka/etf/word.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace rakka::etf::detail {

/// A small table in which later atoms take the place of earlier ones. Atoms live for ever, so what it says
/// stays true; a peer that sends ever new ones makes it useless, not wrong. Owner: one thread.
class atom_memo {
public:
    /// The word of the atom with this text of `n` bytes, or 0: ask the table.
    [[nodiscard]] word find(short_text text, std::size_t n) const noexcept {
        const std::uint64_t high = sized(text, n);
        const pair& p = pairs_[place(text.low, high)];
        if (p.later.low == text.low && p.later.high == high) [[likely]]
            return p.later.atom;
        return p.earlier.low == text.low && p.earlier.high == high ? p.earlier.atom : 0;
    }
    void remember(short_text text, std::size_t n, word atom) noexcept {
        const std::uint64_t high = sized(text, n);
        pair& p = pairs_[place(text.low, high)];
        p.earlier = p.later;
        p.later = {text.low, high, atom};
    }

    /// The calling thread's.
    [[nodiscard]] static atom_memo& here() noexcept { return of_this_thread; }

private:
    struct entry {
        std::uint64_t low, high;
        word atom;
    };
    /// The two last ones of all that belong in one place.
    struct pair {
        entry later, earlier;
    };
    static constexpr unsigned bits = 7;

    /// The upper half with the size in its last byte, which a short text leaves free; never 0, as an unused
    /// entry has it.
    static std::uint64_t sized(short_text text, std::size_t n) noexcept {
        return text.high | std::uint64_t{n + 1} << 56;
    }
    static std::size_t place(std::uint64_t low, std::uint64_t high) noexcept {
        return (low ^ std::rotl(high, 21)) * 0x9E3779B97F4A7C15u >> (64 - bits);
    }

    static thread_local constinit atom_memo of_this_thread;
    std::array<pair, std::size_t{1} << bits> pairs_{};
};

inline thread_local constinit atom_memo atom_memo::of_this_thread{};

}  // namespace rakka::etf::detail
