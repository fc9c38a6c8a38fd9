// Processes with a limit on their messages: at the door, and as they receive.
#pragma once

#include "process_record.hpp"
#include "signal.hpp"

#include <rakka/actors/mailbox_limit.hpp>

#include <cstdint>
#include <optional>

namespace rakka::detail {

/// Decides about a message for the process with this serial in a slot that has a bound, and marks it if it
/// counts. False: it must not be delivered, the caller keeps it. Tells whom it concerns. Any thread.
[[nodiscard]] bool let_in(process& slot, std::uint32_t serial, signal& s) noexcept;

/// The same for a message to an alias of that process, which is counted apart until it is taken in.
[[nodiscard]] bool let_arrive(process& slot, std::uint32_t serial, signal& s) noexcept;
/// It is taken in, by the owner. `reply`: it is one and gets through. False as above.
[[nodiscard]] bool taken_in(process& self, signal& s, bool reply) noexcept;

/// A message with counted_mark has been received. Owner.
void counted_message_received(process& self) noexcept;

/// The slot's process has another limit from now on (none: no limit), with the messages in its queue counted.
/// Owner, or the spawner before there is one. Throws std::bad_alloc.
void set_limit(process& self, const std::optional<mailbox_limit>& limit);

/// The limit of a process. Owner.
[[nodiscard]] std::optional<mailbox_limit> limit_of(const process& self);

}  // namespace rakka::detail
