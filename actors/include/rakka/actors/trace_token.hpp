// What a message of a sequential trace carries beside its term.
#pragma once

#include <rakka/base/result.hpp>
#include <rakka/etf/term.hpp>

#include <cstdint>

namespace rakka {

/// The token of one message, or of the process that has received it last. Erlang: `{Flags, Label, Serial,
/// From, Lastcnt}`. [protocol §5.1]
///
/// Serials count the messages of one trace. A sender's is greater than all it has sent or received in it;
/// `previous` is that of the message it had received last, so that who looks at the tokens knows what led to
/// what.
struct trace_token {
    /// Bits of `flags`: which events the system tracer is told of, and the time it is told with.
    static constexpr std::int64_t send = 1, receive = 2, print = 4, timestamp = 8,
                                  strict_monotonic_timestamp = 16, monotonic_timestamp = 32;

    std::int64_t flags = 0;
    term label;
    std::int64_t serial = 0;
    term from;  ///< a pid; or the name of the node, when no process there has sent the message
    std::int64_t previous = 0;

    /// The tuple. Any thread. Throws std::bad_alloc.
    [[nodiscard]] term to_term() const;
    /// Errors: etf::errc::wrong_type for anything else than a tuple of five as above; integers beyond the 60
    /// bits that a BEAM's tokens have room for are no integers here. The label shares the memory of `tuple`.
    /// Any thread.
    [[nodiscard]] static result<trace_token> read(const term& tuple);
    /// Whether read() would take it. Any thread.
    [[nodiscard]] static bool is_token(term_view t) noexcept;
};

}  // namespace rakka
