// `io_lib:format/2`: what arrives in print requests and log events of Erlang code.
#pragma once

#include <rakka/etf/term.hpp>

#include <optional>
#include <string>

namespace rakka::detail {

/// `Format`, a list of characters, binary or atom, filled with `arguments`, as UTF-8. Nothing where Erlang's
/// fails with badarg: too few or too many arguments, arguments of the wrong type, control sequences that do
/// not exist. Control sequences: ~ n c s w p W P b B x X # + e f g i with width, precision, padding, `*` and
/// the modifiers t, l, k and K, of which the last three change nothing. Fields and repetitions are cut at
/// 1,000,000 characters; a text of more than 16 MiB is badarg as well. Any thread.
[[nodiscard]] std::optional<std::string> io_lib_format(term_view format, term_view arguments);

}  // namespace rakka::detail
