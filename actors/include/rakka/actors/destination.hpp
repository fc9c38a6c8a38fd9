// Where a message may go: a pid, a registered name here or on another node, or an alias.
#pragma once

#include <rakka/etf/atom.hpp>
#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

#include <variant>

namespace rakka {

/// `{Name, Node}`: a name registered on a node. The own node's name (or nonode@nohost) means here.
struct registered_name {
    atom name;
    atom node;
    friend constexpr bool operator==(const registered_name&, const registered_name&) noexcept = default;
};

/// Anything `!` accepts on its left. Implicit from each of the four.
using destination = std::variant<pid, atom, registered_name, reference>;

/// What monitor() accepts.
using monitor_target = std::variant<pid, atom, registered_name>;

/// The destination as the term Erlang would show: a pid, an atom, `{Name, Node}` or a reference. Any thread.
[[nodiscard]] term to_term(const destination& to);

/// Reads a destination back from such a term. errc::wrong_type when it is none. Any thread.
[[nodiscard]] result<destination> to_destination(term_view t);

}  // namespace rakka
