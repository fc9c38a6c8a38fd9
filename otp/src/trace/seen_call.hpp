// A callback of a behaviour that a trace of calls sees.
#pragma once

#include "trace/trace_session.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/throw_trace.hpp>
#include <rakka/etf/builder.hpp>

#include <exception>
#include <vector>

namespace rakka::detail {

/// A tuple of as many elements.
[[nodiscard]] inline term tuple_of_terms(const std::vector<term>& elements) {
    etf::builder b;
    etf::detail::word* cells = nullptr;
    const etf::detail::word root = b.put_tuple(elements.size(), cells);
    for (const term& t : elements)
        *cells++ = b.put_term(t);
    return b.finish(root);
}

/// `callback()`, which is the call of `f` with these arguments, and what it gives; `shown(result)` is that as
/// OTP's callback would have it. Owner.
template <class Callback, class Shown>
auto run_in_sight(trace_session& trace, const trace::function_pattern& f, std::vector<term> arguments,
                  Callback&& callback, Shown&& shown) {
    trace.called(f, arguments);
    arguments.clear();  // the callback may want to be the only owner of a C++ object in them
    if (!trace.wants_returns()) return callback();
    RAKKA_TAKES_DOWN_THROWS;
    try {
        auto result = callback();
        trace.returned(f, shown(result));
        return result;
    } catch (...) {
        if (!ended_by_signal()) trace.failed(f, exit_reason_of(std::current_exception()));
        throw;
    }
}

}  // namespace rakka::detail
