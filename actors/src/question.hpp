// Asking another process of this system something it answers while it takes in its signals.
#pragma once

#include "process_record.hpp"
#include "signal.hpp"

#include <cstdint>
#include <optional>

namespace rakka::detail {

/// What an info_request asks for, its `id`.
namespace info_question {
inline constexpr std::uint64_t alive = 0;
inline constexpr std::uint64_t information = 1;  // the answer's `id` is a new process_information
inline constexpr std::uint64_t messages = 2;     // the answer's value is messages_of()
}  // namespace info_question

/// A message as others may see it: a copy, and in place of a C++ object that travels as one an atom.
[[nodiscard]] term copy_of(term_view message);

/// Copies of what waits in the mailbox of `p` and has been taken in, as a list. Owner.
[[nodiscard]] term messages_of(const process& p);

/// How process_info() and the like begin: `p` in local form, nothing when it is of an earlier life of this
/// node (and not alive, then). Takes in the signals. Owner process; throws process_exit, {badarg, …} for a
/// pid of another node.
[[nodiscard]] std::optional<pid> whom_to_ask(process& self, const pid& p);

/// Fills in the question's number, sends it and waits for the answer. Returns false when `to` is not alive.
/// Owner process; throws process_exit.
bool ask(process& self, const pid& to, control_signal& question);

}  // namespace rakka::detail
