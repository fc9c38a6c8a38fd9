// The items of `erlang:process_info/1,2` as terms.
#pragma once

#include <rakka/actors/process_info.hpp>
#include <rakka/etf/term.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace rakka::detail {

/// A C++ name as `{Module, Function, Arity}`: the scope, the name in it, and the number of its parameters as
/// far as the name tells. `app::worker::run(int)` is `{'app::worker', run, 1}`. `undefined` for an empty one.
/// Any thread.
[[nodiscard]] term mfa_of(std::string_view cpp_name);

/// `process_info(P, Item)` of a BEAM: `{Item, Value}`. The item is an atom or, as since OTP 26.2,
/// `{dictionary, Key}`. Without a name `registered_name` is `{registered_name, []}`: only the call for that
/// item alone gives a bare `[]`. Any thread.
[[nodiscard]] term process_item(const process_information& about, const term& item);

/// True for what process_item() knows, and for `messages`, which takes a question of its own.
[[nodiscard]] bool is_process_item(term_view item);

/// `process_info(P)`: the items that one gets without asking for any. Any thread.
[[nodiscard]] term usual_process_items(const process_information& about);

}  // namespace rakka::detail
