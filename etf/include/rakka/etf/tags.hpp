// The tag bytes of the external term format. [etf]
#pragma once

#include <cstdint>

namespace rakka::etf {

/// First byte of every term outside a distribution frame with a header. [etf §Introduction]
inline constexpr std::uint8_t version_magic = 131;

/// One byte in front of every encoded term. The comment says who writes it: Rakka (w), or nobody any more (r:
/// read only).
enum class external_tag : std::uint8_t {
    record = 67,                // w [etf §RECORD_EXT], OTP 29
    new_float = 70,             // w [etf §NEW_FLOAT_EXT]
    bit_binary = 77,            // w [etf §BIT_BINARY_EXT]
    compressed = 80,            // w [etf §Compressed term], directly behind the version byte only
    atom_cache_reference = 82,  // w [etf §ATOM_CACHE_REF], behind a distribution header only
    new_pid = 88,               // w [etf §NEW_PID_EXT]
    new_port = 89,              // r [etf §NEW_PORT_EXT], OTP 25 writes it
    newer_reference = 90,       // w [etf §NEWER_REFERENCE_EXT]
    small_integer = 97,         // w [etf §SMALL_INTEGER_EXT]
    integer = 98,               // w [etf §INTEGER_EXT]
    float_text = 99,            // r [etf §FLOAT_EXT]
    atom_latin1 = 100,          // r [etf §ATOM_EXT], OTP 25's term_to_binary/1 writes it
    reference = 101,            // r [etf §REFERENCE_EXT]
    port = 102,                 // r [etf §PORT_EXT]
    pid = 103,                  // r [etf §PID_EXT]
    small_tuple = 104,          // w [etf §SMALL_TUPLE_EXT]
    large_tuple = 105,          // w [etf §LARGE_TUPLE_EXT]
    nil = 106,                  // w [etf §NIL_EXT]
    string = 107,               // w [etf §STRING_EXT], a list of bytes
    list = 108,                 // w [etf §LIST_EXT]
    binary = 109,               // w [etf §BINARY_EXT]
    small_big = 110,            // w [etf §SMALL_BIG_EXT]
    large_big = 111,            // w [etf §LARGE_BIG_EXT]
    new_fun = 112,              // w [etf §NEW_FUN_EXT]
    export_fun = 113,           // w [etf §EXPORT_EXT]
    new_reference = 114,        // r [etf §NEW_REFERENCE_EXT]
    small_atom_latin1 = 115,    // r [etf §SMALL_ATOM_EXT]
    map = 116,                  // w [etf §MAP_EXT]
    atom_utf8 = 118,            // w [etf §ATOM_UTF8_EXT]
    small_atom_utf8 = 119,      // w [etf §SMALL_ATOM_UTF8_EXT]
    v4_port = 120,              // w [etf §V4_PORT_EXT]
};

}  // namespace rakka::etf
