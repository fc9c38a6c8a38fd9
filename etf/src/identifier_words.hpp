// How decoded identifiers lie in memory, for the two ways of building them.
#pragma once

#include "byte_reader.hpp"
#include "wire_values.hpp"

#include <rakka/etf/decode.hpp>
#include <rakka/etf/word.hpp>

#include <cstddef>
#include <cstdint>

namespace rakka::etf::detail {

/// The fields of NEW_PID_EXT and PID_EXT.
struct pid_fields {
    word node;
    std::uint32_t id, serial, creation;
};

/// One of this program's own: an immediate, which takes no memory.
inline bool is_own(const decode_options& options, const pid_fields& p) noexcept {
    return is_own_pid(options, p.id, p.serial, p.creation) && p.node == make_atom(options.own.name.id());
}

/// `b`: pid_layout::words.
inline void write_pid(word* b, const pid_fields& p) noexcept {
    b[0] = make_header(box::pid, 0);
    b[pid_layout::node] = p.node;
    b[pid_layout::id_serial] = p.id | word{p.serial} << 32;
    b[pid_layout::creation] = p.creation;
}

/// `b`: reference_layout::words(n). Reads the `n` words of the reference, which are there, from `in`.
inline void write_reference(word* b, const decode_options& options, word node, std::uint32_t creation,
                            std::size_t n, byte_reader& in) noexcept {
    const bool own = options.origin != 0 && n != 0 && creation == options.own.creation &&
                     node == make_atom(options.own.name.id());
    b[0] = make_header(box::reference, n);
    b[reference_layout::node] = own ? make_atom(0) : node;
    b[reference_layout::creation] = own ? options.origin : creation;
    for (std::size_t i = 0; i < n; i += 2) {
        const std::uint32_t low = in.u32();
        b[reference_layout::ids + i / 2] = low | (i + 1 < n ? word{in.u32()} << 32 : 0);
    }
}

}  // namespace rakka::etf::detail
