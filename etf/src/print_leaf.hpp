// The text of terms without parts: atoms, numbers, strings, identifiers. Used by print.cpp and
// pretty_print.cpp.
#pragma once

#include <rakka/etf/print.hpp>

#include <string>
#include <string_view>

namespace rakka::etf::detail {

/// How far an atom is quoted.
enum class atom_quotes : std::uint8_t {
    latin1,   // ~w: characters above 255 are escaped
    unicode,  // ~tw
    in_fun,   // as inside `fun m:f/1`: reserved words stand bare
};
void append_atom(std::string& out, std::string_view utf8, atom_quotes quotes);
/// Shortest text that reads back as the same double, in the notation float_to_list(F, [short]) chooses.
void append_real(std::string& out, double value);
/// Everything but tuples, lists, maps, records, and binaries: those the caller walks.
void append_leaf(std::string& out, term_view t, print_charset charset);

/// `c` as it stands between quotes of kind `quote`.
void append_escaped(std::string& out, char32_t c, char quote, print_charset charset);
[[nodiscard]] bool is_printable(char32_t c, print_charset charset) noexcept;
/// A proper, not empty list of printable characters.
[[nodiscard]] bool is_printable_list(term_view list, print_charset charset) noexcept;

/// What a binary prints as.
enum class binary_text : std::uint8_t { numbers, latin1, utf8 };
[[nodiscard]] binary_text text_of_binary(term_view binary, const print_options& options) noexcept;
/// `<<"…">>`, `<<1,2,3>>` or `<<1,2:3>>`. `depth` as for its parts in print.cpp.
void append_binary(std::string& out, term_view binary, const print_options& options, std::size_t depth);
/// `"…"` of a list found printable.
void append_string(std::string& out, term_view list, print_charset charset);

}  // namespace rakka::etf::detail
