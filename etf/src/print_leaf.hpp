// The text of terms without parts: atoms, numbers, strings, identifiers.
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

/// A binary that prints as numbers: `<<1,2,3>>`. The others print as text.
[[nodiscard]] bool prints_as_numbers(term_view binary, const print_options& options,
                                     std::size_t depth) noexcept;
/// `#module:name`.
void append_record_name(std::string& out, term_view record, print_charset charset);
/// Whatever never breaks over lines: a leaf, a list found printable as `"…"`, a binary as `<<"…">>`,
/// `<<1,2,3>>` or `<<1,2:3>>`, a record at depth 1 as `#m:r{...}`. `depth`: as in print_options.
void append_unit(std::string& out, term_view t, const print_options& options, std::size_t depth);

}  // namespace rakka::etf::detail
