// Text to terms: what print.hpp writes and what configuration files hold, as file:consult/1 reads them.
#pragma once

#include <rakka/etf/errc.hpp>
#include <rakka/etf/term.hpp>

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rakka {

/// Bounds on what one text may cost. Exceeding one is errc::too_deep, too_large or atom_table_full.
struct parse_limits {
    std::size_t max_depth = 100'000;      ///< nested containers
    std::size_t max_digits = 2'600'000;   ///< digits of one integer: so many take about a second
    std::size_t max_new_atoms = 100'000;  ///< atoms that the table does not have yet
};

struct parse_options {
    parse_limits limits = {};
    /// The system of this program whose pids, ports and references `<0.7.3>`, `#Port<0.5>` and
    /// `#Ref<0.1.2.3>` are: its local_origin number (rakka::system::origin(), or the `creation` of any of its
    /// pids). Zero: none, so that such text is an error.
    std::uint32_t origin = 0;
};

/// What is wrong and where; line and column count characters from 1.
struct parse_error {
    etf::errc code{};
    std::size_t line = 0;
    std::size_t column = 0;
    std::string what;  ///< `expected ',' or '}'`

    [[nodiscard]] std::string message() const;  ///< `3:14: expected ',' or '}'`
    // NOLINTNEXTLINE(google-explicit-constructor): so that it propagates from functions that return result<T>
    operator error_code() const noexcept { return etf::make_error_code(code); }
};
[[noreturn]] void throw_exception_from_error(const parse_error& e, const boost::source_location& where);

template <class T>
using parse_result = boost::system::result<T, parse_error>;

/// The one term in `text` (UTF-8); a full stop after it may be left out. Any thread.
///
/// Reads integers (also `16#ff`, `1_000`, `$a`), floats, atoms, strings, binaries, tuples, lists, maps (of
/// equal keys the last counts), native records and `fun m:f/1`, with `%` comments, line breaks or none: all
/// that print() writes, except
///   - identifiers of other nodes (`<7.38.0>`): the first number is the node's place in the atom table of the
///     program that printed, and the creation is not written at all;
///   - local funs (`#Fun<m.1.2>`), whose text has no code and no environment;
///   - what depth or max_chars have cut, and resources.
/// These give errc::syntax with a sentence that says so. Identifiers of this node are read when
/// parse_options::origin says whose they are, as list_to_pid/1, list_to_port/1 and list_to_ref/1 do: a pid
/// and a reference become those of that system, whether or not it ever had them; a port one of the name and
/// creation that its node has now. Numbers that no pid of a Rakka system has (`<0.7.0>`: a serial is never 0)
/// are an error.
[[nodiscard]] parse_result<term> parse_term(std::string_view text, const parse_options& options = {});

/// All terms in `text`, each ended by a full stop. Erlang: file:consult/1.
[[nodiscard]] parse_result<std::vector<term>> parse_terms(std::string_view text,
                                                          const parse_options& options = {});

}  // namespace rakka
