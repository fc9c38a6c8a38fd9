// Errors of the etf component: one enumerator each, with a sentence a reader can act on.
#pragma once

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>

#include <type_traits>

namespace rakka::etf {

/// What went wrong with bytes or terms. Convertible to boost::system::error_code.
enum class errc {
    truncated = 1,  ///< the bytes end before the term does
    bad_version,    ///< the first byte is not 131
    bad_tag,        ///< a tag that is not part of the external term format, or not allowed here
    bad_length,  ///< a length field that contradicts its own term (bits of a bit string, size of a fun, …)
    bad_float,   ///< NaN, an infinity or an unreadable float
    bad_utf8,    ///< text that is not UTF-8
    atom_too_long,        ///< an atom of more than 255 characters
    duplicate_key,        ///< a map, or the field list of a record, that has the same key twice
    bad_cache_reference,  ///< a reference to an atom that the distribution header does not name
    bad_compressed,       ///< zlib data that does not inflate to what its size field says
    too_deep,             ///< nesting deeper than decode_limits::max_depth
    too_large,            ///< more memory than decode_limits::max_words allows
    inflate_limit,        ///< inflates to more than decode_limits::max_inflated_bytes
    atom_table_full,      ///< the atom table has no room left
    wrong_type,           ///< a term of another kind than the one asked for
    out_of_range,         ///< a number that does not fit the type asked for
    not_encodable,        ///< a resource term, or another value that cannot leave this program
    syntax,               ///< text that is not a term
    missing_key,          ///< a map lacks the key of a struct's member that is not optional
    unknown_key,          ///< a map has a key that no member of the struct is called by
    unknown_name,         ///< an atom that no enumerator is called by
};

const boost::system::error_category& etf_category() noexcept;

inline boost::system::error_code make_error_code(errc e) noexcept {
    return {static_cast<int>(e), etf_category()};
}

}  // namespace rakka::etf

template <>
struct boost::system::is_error_code_enum<rakka::etf::errc> : std::true_type {};
