// How a callback of a handler has failed, in Erlang's terms.
#pragma once

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/throw_trace.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <exception>
#include <optional>

namespace rakka::detail {

/// What a `catch` around f() gives when f fails: `{'EXIT', Reason}`, or the term that it throws.
template <class F>
std::optional<term> failure_in(F&& f) {
    RAKKA_TAKES_DOWN_THROWS;
    try {
        f();
        return std::nullopt;
    } catch (const term& thrown) {
        if (ended_by_signal()) throw;
        return thrown;
    } catch (...) {
        if (ended_by_signal()) throw;
        return term(tuple(atoms::known<"EXIT">, exit_reason_of(std::current_exception())));
    }
}

}  // namespace rakka::detail
