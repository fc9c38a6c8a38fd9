#include "wire/dist_header.hpp"

#include <rakka/base/check.hpp>
#include <rakka/etf/decode.hpp>
#include <rakka/etf/tags.hpp>

#include <algorithm>
#include <cstring>
#include <string>

namespace rakka::wire {
namespace {

constexpr std::size_t new_entry = 8, segment_mask = 7, long_atoms = 1;

wire_error header_ends(const char* where) {
    return bad_frame(std::string("the frame ends inside its header, at ") + where);
}

std::size_t nibble(byte_span flags, std::size_t i) noexcept {
    return (std::to_integer<std::size_t>(flags[i / 2]) >> (i % 2 * 4)) & 15;
}

/// A cursor that tells when there is too little left.
class header_cursor {
public:
    explicit header_cursor(byte_span from) noexcept : all_(from) {}
    bool has(std::size_t n) const noexcept { return all_.size() - at_ >= n; }
    std::uint64_t take_number(std::size_t size) noexcept { return load_big_endian(take(size).data(), size); }
    byte_span take(std::size_t n) noexcept {
        const byte_span taken = all_.subspan(at_, n);
        at_ += n;
        return taken;
    }
    std::size_t position() const noexcept { return at_; }

private:
    byte_span all_;
    std::size_t at_ = 0;
};

/// One entry with its text: into the slot.
boost::system::result<void, wire_error> read_new_entry(header_cursor& in, std::size_t slot,
                                                       std::size_t length_size, inbound_atom_cache& cache,
                                                       etf::atom_budget& new_atoms) {
    if (!in.has(length_size)) return header_ends("the length of an atom");
    const auto length = static_cast<std::size_t>(in.take_number(length_size));
    if (!in.has(length)) return header_ends("the text of an atom");
    const byte_span text = in.take(length);
    result<term> resolved =
        etf::resolve_atom({reinterpret_cast<const char*>(text.data()), text.size()}, new_atoms);
    if (!resolved) {
        return bad_frame("an atom of " + std::to_string(length) +
                         " bytes in the header: " + resolved.error().message());
    }
    cache.put(slot, std::move(*resolved));
    return {};
}

boost::system::result<void, wire_error> read_entries(header_cursor& in, bool cache_negotiated,
                                                     inbound_atom_cache& cache, etf::atom_budget& new_atoms,
                                                     atom_table& atoms) {
    if (!in.has(1)) return header_ends("the number of atoms");
    const auto count = static_cast<std::size_t>(in.take_number(1));
    if (count == 0) return {};
    if (!cache_negotiated)
        return bad_frame("a header with " + std::to_string(count) +
                         " atoms, but the atom cache was not negotiated");
    // Entry i has nibble i, low half first; the nibble behind the last entry says how long atom lengths are.
    if (!in.has(count / 2 + 1)) return header_ends("the flags of the atoms");
    const byte_span flags = in.take(count / 2 + 1);
    const std::size_t length_size = nibble(flags, count) & long_atoms ? 2 : 1;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t entry = nibble(flags, i);
        if (!in.has(1)) return header_ends("the index of an atom");
        const std::size_t slot = (entry & segment_mask) * 256 + static_cast<std::size_t>(in.take_number(1));
        if (entry & new_entry) {
            if (auto done = read_new_entry(in, slot, length_size, cache, new_atoms); !done)
                return done.error();
        }
        const term& a = cache[slot];
        if (!a.has_value())
            return bad_frame("a reference to slot " + std::to_string(slot) +
                             " of the atom cache, which was never filled");
        atoms.push(a);
    }
    return {};
}

}  // namespace

wire_result<dist_header> read_header(byte_span body, header_mode mode, inbound_atom_cache& cache,
                                     etf::atom_budget& new_atoms, atom_table& atoms) {
    header_cursor in(body);
    atoms.clear();
    if (!in.has(2)) return header_ends("its first two bytes");
    if (const auto version = in.take_number(1); version != etf::version_magic) {
        if (version == pass_through_tag)
            return bad_frame("a frame without distribution header (112), but a header was negotiated");
        return bad_frame("a frame that begins with " + std::to_string(version) + " instead of 131");
    }
    dist_header header;
    const auto tag = in.take_number(1);
    if (tag < 68 || tag > 70) return bad_frame("a header of unknown kind " + std::to_string(tag));
    header.tag = static_cast<header_tag>(tag);
    if (header.tag != header_tag::whole) {
        if (!mode.fragments) return bad_frame("a fragment, but fragments were not negotiated");
        if (!in.has(16)) return header_ends("the numbers of a fragment");
        header.sequence = in.take_number(8);
        header.fragment = in.take_number(8);
        if (header.sequence == 0) return bad_frame("a fragment with sequence id 0");
        if (header.fragment == 0) return bad_frame("a fragment with number 0");
    }
    if (header.tag != header_tag::next_fragment) {
        if (auto done = read_entries(in, mode.atom_cache, cache, new_atoms, atoms); !done)
            return done.error();
    }
    header.size = in.position();
    return header;
}

std::size_t max_header_size(std::span<const atom> atoms) noexcept {
    std::size_t size = fragment_header_size + 1 + atoms.size() / 2 + 1;
    for (const atom a : atoms)
        size += 3 + a.text().size();
    return size;
}

std::byte* write_header(std::byte* to, std::span<const atom> atoms, outbound_atom_cache& cache,
                        std::uint64_t sequence, std::uint64_t fragments) noexcept {
    RAKKA_CHECK(atoms.size() <= 255);
    if (fragments > 1) {
        to = write_fragment_header(to, sequence, fragments);
        to[1 - static_cast<std::ptrdiff_t>(fragment_header_size)] = std::byte{69};
    } else {
        *to++ = std::byte{etf::version_magic};
        *to++ = std::byte{68};
    }
    const std::size_t count = atoms.size();
    *to++ = static_cast<std::byte>(count);
    if (count == 0) return to;

    std::byte* const flags = to;
    const std::size_t flags_size = count / 2 + 1;
    std::memset(flags, 0, flags_size);
    to += flags_size;
    const bool wide = std::any_of(atoms.begin(), atoms.end(), [](atom a) { return a.text().size() > 255; });
    const auto set_nibble = [flags](std::size_t i, std::size_t value) {
        flags[i / 2] |= static_cast<std::byte>(value << (i % 2 * 4));
    };
    for (std::size_t i = 0; i < count; ++i) {
        const auto [slot, known] = cache.find_or_put(atoms[i]);
        set_nibble(i, std::size_t{slot} / 256 | (known ? 0 : new_entry));
        *to++ = static_cast<std::byte>(slot % 256);
        if (known) continue;
        const std::string_view text = atoms[i].text();
        const std::size_t length_size = wide ? 2 : 1;
        store_big_endian(to, text.size(), length_size);
        to += length_size;
        if (!text.empty()) std::memcpy(to, text.data(), text.size());
        to += text.size();
    }
    if (wide) set_nibble(count, long_atoms);
    return to;
}

std::byte* write_fragment_header(std::byte* to, std::uint64_t sequence, std::uint64_t fragment) noexcept {
    to[0] = std::byte{etf::version_magic};
    to[1] = std::byte{70};
    store_big_endian(to + 2, sequence, 8);
    store_big_endian(to + 10, fragment, 8);
    return to + fragment_header_size;
}

}  // namespace rakka::wire
