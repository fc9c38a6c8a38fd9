// A bound on the messages that wait for a process. Signals that are not messages (exits, links, monitors …)
// always get through.
#pragma once

#include <rakka/actors/destination.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace rakka {

/// What happens when a process that has all the messages it may have waiting is sent one more.
enum class mailbox_policy : std::uint8_t {
    log,   ///< a warning in the log, once until half of them have been received; the message is delivered
    kill,  ///< the process is killed (reason `killed`), an error in the log; the message is lost
    drop,  ///< the message is lost, a warning in the log as with `log`; a call loses its request and times
           ///< out
};

/// Counted are messages sent to the process by pid, by name, through an alias or in calls, until they are
/// received; neither counted nor lost are replies (to calls, and through aliases for one message only),
/// `'DOWN'` and `'EXIT'` messages, those of the process's own timers, and those that tell of another's limit.
/// What is sent through aliases is told apart as the process takes in its signals, at the latest when it
/// looks for a message next; until then as many may be there besides as the limit says, or 1,000, and with
/// more the limit is exceeded. max_mailbox() counts whatever waits when it is called. Erlang: nearest to
/// `process_flag(max_heap_size, …)` and the system monitor `long_message_queue`.
struct mailbox_limit {
    /// At most so many, up to 2^32 - 1; 0 lets none in.
    std::size_t messages = 0;
    mailbox_policy policy = mailbox_policy::log;
    /// Who is sent `{monitor, Pid, long_message_queue, true}` when the limit is first exceeded, and the same
    /// with `false` once half of the messages have been received. The two take turns, `true` first. Nothing
    /// more is said when the limit is changed or the process ends.
    std::optional<destination> tell{};
};

}  // namespace rakka
