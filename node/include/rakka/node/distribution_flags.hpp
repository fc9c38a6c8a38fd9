// The capability bits two nodes exchange in the handshake: each bit, its meaning, and the sets Rakka decides
// by.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace rakka {

/// One capability, by its name in the specification without the DFLAG_ prefix. [dist §Distribution Flags]
enum class distribution_flag : std::uint64_t {
    published = std::uint64_t{1} << 0,            ///< visible: takes part in `global` and `nodes()`
    atom_cache = std::uint64_t{1} << 1,           ///< obsolete atom cache; never set
    extended_references = std::uint64_t{1} << 2,  ///< references of several words
    dist_monitor = std::uint64_t{1} << 3,         ///< monitors; useless without `dist_monitor_name`
    fun_tags = std::uint64_t{1} << 4,             ///< funs, old form
    dist_monitor_name = std::uint64_t{1}
                        << 5,  ///< monitors of names; without it a BEAM sends no monitor at all
    hidden_atom_cache = std::uint64_t{1} << 6,     ///< obsolete; never set
    new_fun_tags = std::uint64_t{1} << 7,          ///< NEW_FUN_EXT
    extended_pids_ports = std::uint64_t{1} << 8,   ///< full ranges of pid and port numbers
    export_ptr_tag = std::uint64_t{1} << 9,        ///< EXPORT_EXT
    bit_binaries = std::uint64_t{1} << 10,         ///< BIT_BINARY_EXT
    new_floats = std::uint64_t{1} << 11,           ///< NEW_FLOAT_EXT
    unicode_io = std::uint64_t{1} << 12,           ///< io requests name an encoding
    dist_hdr_atom_cache = std::uint64_t{1} << 13,  ///< distribution header with atom cache
    small_atom_tags = std::uint64_t{1} << 14,      ///< SMALL_ATOM_EXT
    utf8_atoms = std::uint64_t{1} << 16,           ///< ATOM_UTF8_EXT and SMALL_ATOM_UTF8_EXT
    map_tag = std::uint64_t{1} << 17,              ///< MAP_EXT
    big_creation = std::uint64_t{1} << 18,         ///< creations of 32 bits
    send_sender = std::uint64_t{1} << 19,          ///< SEND_SENDER in place of SEND
    big_seqtrace_labels = std::uint64_t{1} << 20,  ///< any term as seq_trace label
    exit_payload = std::uint64_t{1} << 22,         ///< exit reasons travel as payload
    fragments = std::uint64_t{1} << 23,            ///< large messages in fragments
    handshake_23 = std::uint64_t{1} << 24,         ///< the 'N' messages of handshake version 6
    unlink_id = std::uint64_t{1} << 25,            ///< unlink and its acknowledgement carry an id
    mandatory_25_digest = std::uint64_t{1} << 26,  ///< short for every flag that is mandatory since OTP 25
    spawn = std::uint64_t{1} << 32,                ///< spawn requests; `erpc` and `rpc` need them
    name_me = std::uint64_t{1} << 33,              ///< "give me a name" (dynamic node names)
    v4_nc = std::uint64_t{1} << 34,                ///< NEWER_REFERENCE of 5 words, V4_PORT, wide pids
    alias = std::uint64_t{1} << 35,                ///< sends to process aliases
    altact_sig = std::uint64_t{1} << 37,           ///< ALTACT_SIG_SEND (OTP 28 and later)
    native_records = std::uint64_t{1} << 38,       ///< records as terms of their own (OTP 29)
};

/// What the table below knows of a flag.
struct distribution_flag_info {
    distribution_flag flag;
    std::string_view spec_name;  ///< without DFLAG_, as OTP's dist.h has it
};

/// Every flag Rakka has a name for, lowest bit first. Bits that are missing here (15, 21, 36) are used inside
/// the BEAM and must not be set on the wire; 27 to 31 are reserved.
inline constexpr std::array<distribution_flag_info, 31> distribution_flag_table = {{
    {distribution_flag::published, "PUBLISHED"},
    {distribution_flag::atom_cache, "ATOM_CACHE"},
    {distribution_flag::extended_references, "EXTENDED_REFERENCES"},
    {distribution_flag::dist_monitor, "DIST_MONITOR"},
    {distribution_flag::fun_tags, "FUN_TAGS"},
    {distribution_flag::dist_monitor_name, "DIST_MONITOR_NAME"},
    {distribution_flag::hidden_atom_cache, "HIDDEN_ATOM_CACHE"},
    {distribution_flag::new_fun_tags, "NEW_FUN_TAGS"},
    {distribution_flag::extended_pids_ports, "EXTENDED_PIDS_PORTS"},
    {distribution_flag::export_ptr_tag, "EXPORT_PTR_TAG"},
    {distribution_flag::bit_binaries, "BIT_BINARIES"},
    {distribution_flag::new_floats, "NEW_FLOATS"},
    {distribution_flag::unicode_io, "UNICODE_IO"},
    {distribution_flag::dist_hdr_atom_cache, "DIST_HDR_ATOM_CACHE"},
    {distribution_flag::small_atom_tags, "SMALL_ATOM_TAGS"},
    {distribution_flag::utf8_atoms, "UTF8_ATOMS"},
    {distribution_flag::map_tag, "MAP_TAG"},
    {distribution_flag::big_creation, "BIG_CREATION"},
    {distribution_flag::send_sender, "SEND_SENDER"},
    {distribution_flag::big_seqtrace_labels, "BIG_SEQTRACE_LABELS"},
    {distribution_flag::exit_payload, "EXIT_PAYLOAD"},
    {distribution_flag::fragments, "FRAGMENTS"},
    {distribution_flag::handshake_23, "HANDSHAKE_23"},
    {distribution_flag::unlink_id, "UNLINK_ID"},
    {distribution_flag::mandatory_25_digest, "MANDATORY_25_DIGEST"},
    {distribution_flag::spawn, "SPAWN"},
    {distribution_flag::name_me, "NAME_ME"},
    {distribution_flag::v4_nc, "V4_NC"},
    {distribution_flag::alias, "ALIAS"},
    {distribution_flag::altact_sig, "ALTACT_SIG"},
    {distribution_flag::native_records, "NATIVE_RECORDS"},
}};

/// A set of flags, as the 64 bits on the wire. Bits without a name are kept as they came. A plain value; any
/// thread.
class distribution_flags {
public:
    constexpr distribution_flags() = default;
    constexpr explicit distribution_flags(std::uint64_t bits) noexcept : bits_(bits) {}
    constexpr distribution_flags(std::initializer_list<distribution_flag> flags) noexcept {
        for (const distribution_flag f : flags)
            bits_ |= static_cast<std::uint64_t>(f);
    }

    constexpr std::uint64_t bits() const noexcept { return bits_; }
    constexpr bool empty() const noexcept { return bits_ == 0; }
    constexpr bool has(distribution_flag f) const noexcept {
        return (bits_ & static_cast<std::uint64_t>(f)) != 0;
    }
    constexpr bool has_all(distribution_flags other) const noexcept { return missing(other).empty(); }
    /// The flags of `needed` that are not in this set.
    constexpr distribution_flags missing(distribution_flags needed) const noexcept {
        return distribution_flags(needed.bits_ & ~bits_);
    }
    constexpr distribution_flags with(distribution_flags other) const noexcept {
        return distribution_flags(bits_ | other.bits_);
    }
    constexpr distribution_flags without(distribution_flags other) const noexcept {
        return distribution_flags(bits_ & ~other.bits_);
    }
    /// With MANDATORY_25_DIGEST written out as the flags it stands for; both sides do so before they compare.
    constexpr distribution_flags expanded() const noexcept;

    friend constexpr distribution_flags operator&(distribution_flags a, distribution_flags b) noexcept {
        return distribution_flags(a.bits_ & b.bits_);
    }
    friend constexpr bool operator==(distribution_flags, distribution_flags) = default;

private:
    std::uint64_t bits_ = 0;
};

/// Named sets.
namespace flag_sets {

/// What every node since OTP 25 demands of its peers.
inline constexpr distribution_flags mandatory_25{distribution_flag::extended_references,
                                                 distribution_flag::fun_tags,
                                                 distribution_flag::new_fun_tags,
                                                 distribution_flag::extended_pids_ports,
                                                 distribution_flag::export_ptr_tag,
                                                 distribution_flag::bit_binaries,
                                                 distribution_flag::new_floats,
                                                 distribution_flag::utf8_atoms,
                                                 distribution_flag::map_tag,
                                                 distribution_flag::big_creation,
                                                 distribution_flag::handshake_23};

/// What OTP 26 and later demand in addition. Every OTP 25 has them too.
inline constexpr distribution_flags mandatory_26{distribution_flag::unlink_id, distribution_flag::v4_nc};

/// What Rakka demands of a peer unless told otherwise.
inline constexpr distribution_flags mandatory = mandatory_25.with(mandatory_26);

/// What Rakka offers as a hidden node: the mandatory flags plus everything a current BEAM offers.
inline constexpr distribution_flags wanted = mandatory.with(
    {distribution_flag::dist_monitor, distribution_flag::dist_monitor_name, distribution_flag::unicode_io,
     distribution_flag::dist_hdr_atom_cache, distribution_flag::small_atom_tags,
     distribution_flag::send_sender, distribution_flag::big_seqtrace_labels, distribution_flag::exit_payload,
     distribution_flag::fragments, distribution_flag::mandatory_25_digest, distribution_flag::spawn,
     distribution_flag::alias, distribution_flag::altact_sig, distribution_flag::native_records});

/// The same as a visible node.
inline constexpr distribution_flags wanted_visible = wanted.with({distribution_flag::published});

/// Every flag Rakka can act on when a peer sets it; anything else a peer offers is left unused.
inline constexpr distribution_flags understood = wanted_visible.with({distribution_flag::name_me});

}  // namespace flag_sets

constexpr distribution_flags distribution_flags::expanded() const noexcept {
    return has(distribution_flag::mandatory_25_digest) ? with(flag_sets::mandatory_25) : *this;
}

/// What both sides of a connection may use: in `own` and in `peer`, digests expanded on both sides, and
/// without the bits that only matter during the handshake. Any thread.
constexpr distribution_flags effective_flags(distribution_flags own, distribution_flags peer) noexcept {
    constexpr distribution_flags handshake_only{distribution_flag::mandatory_25_digest,
                                                distribution_flag::name_me};
    return (own.expanded() & peer.expanded() & flag_sets::understood).without(handshake_only);
}

/// The specification's name of one flag, without DFLAG_. Empty for a value outside the table. Any thread.
std::string_view to_string(distribution_flag f) noexcept;

/// The names of a set, lowest bit first, joined by '|'; unnamed bits as `bit 27`; "none" for the empty set.
/// Any thread.
std::string to_string(distribution_flags flags);

}  // namespace rakka
