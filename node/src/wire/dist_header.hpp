// The header in front of each frame's terms: frame kind, fragment numbers and atom cache references, read and
// written. [dist §Distribution Header, §Distribution Header for fragmented messages]
#pragma once

#include "wire/atom_cache.hpp"
#include "wire/atom_table.hpp"
#include "wire/buffer_ref.hpp"
#include "wire/wire_error.hpp"

#include <rakka/etf/limits.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace rakka::wire {

/// Second byte of a frame with a header; the first is etf::version_magic.
enum class header_tag : std::uint8_t { whole = 68, first_fragment = 69, next_fragment = 70 };

/// First byte of a frame without a header.
inline constexpr std::uint8_t pass_through_tag = 112;

/// A header that was read. `size` bytes of the frame are behind us; the terms, or more of a payload, begin
/// there.
struct dist_header {
    header_tag tag = header_tag::whole;
    std::uint64_t sequence = 0;  ///< of fragments; never 0
    std::uint64_t fragment = 0;  ///< counts down to 1; the first fragment has the number of fragments
    std::size_t size = 0;
};

/// Whether this connection negotiated the atom cache, fragments or both. Neither: frames have no header at
/// all.
struct header_mode {
    bool atom_cache = false;
    bool fragments = false;
    [[nodiscard]] constexpr bool any() const noexcept { return atom_cache || fragments; }
};

/// Reads the header of `body`, brings `cache` up to date and fills `atoms` with what the header names
/// (nothing for next_fragment, whose terms belong to an earlier header). Errors: bad_frame, and the
/// connection must be closed: the cache may have taken some of the entries.
[[nodiscard]] wire_result<dist_header> read_header(byte_span body, header_mode mode,
                                                   inbound_atom_cache& cache, etf::atom_budget& new_atoms,
                                                   atom_table& atoms);

/// What write_header() takes at most for `atoms`.
[[nodiscard]] std::size_t max_header_size(std::span<const atom> atoms) noexcept;

/// Writes the header for a message whose terms refer to `atoms` by index, and notes in `cache` what the peer
/// knows from now on: frames must leave in the order their headers were written. `fragments` 0 or 1 makes a
/// whole message. Returns the end. REQUIRES: max_header_size(atoms) bytes at `to`; at most 255 atoms.
std::byte* write_header(std::byte* to, std::span<const atom> atoms, outbound_atom_cache& cache,
                        std::uint64_t sequence, std::uint64_t fragments) noexcept;

/// Writes the header of a further fragment: fragment_header_size bytes at `to`.
inline constexpr std::size_t fragment_header_size = 18;
std::byte* write_fragment_header(std::byte* to, std::uint64_t sequence, std::uint64_t fragment) noexcept;

}  // namespace rakka::wire
