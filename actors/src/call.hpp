// What the two sides of a local call share: the tag that names the call, and the short way back for its
// reply.
#pragma once

#include <rakka/etf/term.hpp>

namespace rakka::detail {

/// `[alias | Ref]`, the tag of a client that takes its reply through an alias: the reference in it. Empty
/// when it is none. Any thread.
[[nodiscard]] term_view alias_in(term_view tag) noexcept;

/// Answers the call with the reference `ref` when it is one of this system's and the calling process its
/// server; takes `value` then. False: somebody else has to be answered, the ordinary way. Any thread.
[[nodiscard]] bool answer_call(term_view ref, term& value);

}  // namespace rakka::detail
