// Text to terms: what print.hpp writes and what configuration files hold, as file:consult/1 reads them.
#pragma once

#include <rakka/etf/errc.hpp>
#include <rakka/etf/term.hpp>

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rakka {

/// Bounds on what one text may cost. Exceeding one is errc::too_deep, too_large or atom_table_full.
struct parse_limits {
    std::size_t max_depth = 100'000;      ///< nested containers
    std::size_t max_digits = 20'000;      ///< digits of one integer: reading it takes time with their square
    std::size_t max_new_atoms = 100'000;  ///< atoms that the table does not have yet
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

/// The one term in `text` (UTF-8); a full stop after it may be left out. Reads integers (also `16#ff`,
/// `1_000`, `$a`), floats, atoms, strings, binaries, tuples, lists, maps (of equal keys the last counts),
/// native records and `fun m:f/1`, with `%` comments. Pids, ports, references and local funs have no text
/// that could be read back. Any thread.
[[nodiscard]] parse_result<term> parse_term(std::string_view text, const parse_limits& limits = {});

/// All terms in `text`, each ended by a full stop. Erlang: file:consult/1.
[[nodiscard]] parse_result<std::vector<term>> parse_terms(std::string_view text,
                                                          const parse_limits& limits = {});

}  // namespace rakka
