// What the two sides of a local call share: the tag that names the call, and the short way back for its
// reply.
#pragma once

#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

#include <optional>

namespace rakka::detail {

/// `[alias | Ref]`, the tag of a client that takes its reply through an alias: the reference. Any thread.
[[nodiscard]] std::optional<reference> alias_in(term_view tag);

/// Answers the call `ref` when it is one of this system's and the calling process its server; takes `value`
/// then. False: somebody else has to be answered, the ordinary way. Any thread.
[[nodiscard]] bool answer_call(const reference& ref, term& value);

}  // namespace rakka::detail
