// Functions that come inside terms: C++ functions of this program, and Erlang's external funs.
#pragma once

#include <rakka/etf/term.hpp>

#include <functional>
#include <optional>
#include <vector>

namespace rakka::detail {

/// What `f` stands for when it can be called here: a `fun Module:Function/Arity` of that arity which this
/// system exports. Nothing for others; funs that are closures of a BEAM have their code there. Owner process.
[[nodiscard]] std::optional<std::function<term(const std::vector<term>&)>> to_callable(const term& f,
                                                                                       std::size_t arity);

}  // namespace rakka::detail
