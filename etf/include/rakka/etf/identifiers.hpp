// Pids, ports and references as plain values. [etf §NEW_PID_EXT, §V4_PORT_EXT, §NEWER_REFERENCE_EXT]
#pragma once

#include <rakka/etf/atom.hpp>
#include <rakka/etf/keyed_hash.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace rakka {

/// A process identifier. Trivially copyable; comparing for equality needs no table.
///
/// `node` is empty for a process of one of this program's own systems; `creation` then holds the system's
/// origin number (see local_origin.hpp), `id` its slot and `serial` the slot's generation. Such a pid takes
/// on the node's name when it is encoded or printed, so it stays the same value when a node starts or stops
/// around it.
struct pid {
    atom node;
    std::uint32_t id = 0;
    std::uint32_t serial = 0;
    std::uint32_t creation = 0;

    /// True for a process of this program. Default-constructed pids are not local and name nothing.
    [[nodiscard]] constexpr bool is_local() const noexcept { return !node && serial != 0; }
    /// True unless default-constructed.
    [[nodiscard]] constexpr explicit operator bool() const noexcept { return node || serial != 0; }
    friend constexpr bool operator==(const pid&, const pid&) noexcept = default;
};

/// A port identifier of some node: opaque, kept and sent back as it came.
struct port {
    atom node;
    std::uint32_t creation = 0;
    std::uint64_t id = 0;
    friend constexpr bool operator==(const port&, const port&) noexcept = default;
};

/// A reference: up to five words, compared whole. `node` empty and `creation` = origin for one made in this
/// program, as in pid. References made by monitor() and alias() here have five words: the last two name the
/// process that owns them.
struct reference {
    static constexpr std::size_t max_words = 5;
    atom node;
    std::uint32_t creation = 0;
    std::uint32_t size = 0;
    std::array<std::uint32_t, max_words> words{};

    [[nodiscard]] constexpr bool is_local() const noexcept { return !node && size != 0; }
    [[nodiscard]] constexpr explicit operator bool() const noexcept { return node || size != 0; }
    friend constexpr bool operator==(const reference& a, const reference& b) noexcept {
        // Without a branch: what differs may be any of them, and the words beyond `size` are zero.
        std::uint32_t differs = (a.node.id() ^ b.node.id()) | (a.creation ^ b.creation) | (a.size ^ b.size);
        for (std::size_t i = 0; i < max_words; ++i)
            differs |= a.words[i] ^ b.words[i];
        return differs == 0;
    }
};

}  // namespace rakka

template <>
struct std::hash<rakka::pid> {
    std::size_t operator()(const rakka::pid& p) const noexcept {
        using namespace rakka::etf::detail;
        return keyed_hash(hash_secret::get(), std::uint64_t{p.id} << 32 | p.serial,
                          std::uint64_t{p.node.id()} << 32 | p.creation);
    }
};

template <>
struct std::hash<rakka::reference> {
    std::size_t operator()(const rakka::reference& r) const noexcept {
        using namespace rakka::etf::detail;
        // Words beyond `size` are zero.
        const hash_secret key = hash_secret::get();
        const std::uint64_t h = keyed_step(key, std::uint64_t{r.words[0]} << 32 | r.words[1],
                                           std::uint64_t{r.node.id()} << 32 | r.creation);
        return keyed_hash(key, std::uint64_t{r.words[2]} << 32 | r.words[3], h ^ r.words[4]);
    }
};
