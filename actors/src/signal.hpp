// The closed set of what can reach a process, and the nodes that carry it through a mailbox.
#pragma once

#include <rakka/actors/destination.hpp>
#include <rakka/base/check.hpp>
#include <rakka/etf/arena.hpp>
#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace rakka::detail {

enum class signal_kind : std::uint8_t {
    message,
    alias_message,  // ref: the alias, id: 1 = sent with priority
    call,           // a monitor and the message behind it in one: ref, from, name as in monitor; value
    call_reply,     // the answer to `call` and the end of its monitor in one: ref; value: without its tag
    notice,         // a message that leaves the receiver's trace token alone: from no process
    exit_link,      // from, value: reason; counts only while the link is active
    exit2,          // from, value: reason; ref: the alias it was sent to, id: 1 = with priority
    link,           // from
    unlink,         // from, id
    unlink_ack,     // from, id
    monitor,        // ref, from: watcher, name: set when monitored by name
    demonitor,      // ref, from: watcher
    down,           // ref, value: reason
    group_leader,   // from: the new leader
    spawn_reply,    // ref, id: flags, value: pid or error atom
    receive_timer,  // lives in the record of a waiting receive or handler (wait_timer.hpp)
    call_timer,     // lives in a call_timer
    message_timer,  // lives in a message_timer (timers.hpp)
    operation,      // lives in the frame that awaits an Asio operation (await.hpp)
    timer_request,  // from: who asks, ref: the timer, id: 1 = cancel; answered with `answer`
    info_request,   // from: who asks, id: pointer to the question
    answer,         // id: the question that is answered
    nodedown,       // name: the node, id: of the connection
    resume,         // the busy connection has room again
    watch,          // id: pointer to a share of a process_watch (watching.hpp)
    traced,         // any of the others, with a trace token (tracing.hpp)
};

/// Whether it is a message, or a call or reply, for which Erlang sends one.
[[nodiscard]] constexpr bool is_message(signal_kind k) noexcept {
    return k <= signal_kind::notice;
}

/// How a node's memory is given back.
enum class signal_storage : std::uint8_t {
    arena,    // the queue_link of the message's own arena
    small,    // pooled, signal_with_term
    large,    // pooled, control_signal
    foreign,  // part of something else, which looks after it
    traced,   // on the heap, traced_signal (tracing.hpp)
};

// What a node carries in `marks`.
inline constexpr std::uint8_t counted_mark = 1;   // in the mailbox_bound of the process it is meant for
inline constexpr std::uint8_t priority_mark = 2;  // one of the priority messages of a queue
inline constexpr std::uint8_t traced_mark = 4;    // with storage `traced`
inline constexpr std::uint8_t arriving_mark = 8;  // counted in that bound until it is taken in

/// The head of every node. A plain value while nobody else can see it; a mailbox's push publishes it.
struct signal {
    signal* next;
    std::uint32_t serial;  // the generation of the slot it is meant for
    signal_kind kind;
    signal_storage storage;
    std::uint8_t marks;
    etf::detail::word value;  // a term's word; no_word for none
};
static_assert(sizeof(signal) == sizeof(etf::detail::arena::queue_link));

struct signal_with_term : signal {
    etf::detail::arena* owner;  // what holds `value`; null for immediates
};

struct control_signal : signal_with_term {
    pid from;
    reference ref;
    std::uint64_t id;
    atom name;
    atom node;
};

// An arena has private and public members, for which offsetof is only conditionally supported; GCC and Clang
// do.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
inline constexpr std::size_t queue_link_offset = offsetof(etf::detail::arena, queue_link);
#pragma GCC diagnostic pop

/// The arena that a node with storage `arena` is part of.
[[nodiscard]] inline etf::detail::arena* arena_of(signal& s) noexcept {
    void* const link = &s;
    void* const whole = static_cast<std::byte*>(link) - queue_link_offset;
    return static_cast<etf::detail::arena*>(whole);
}

/// What holds the node's term; null for immediates.
[[nodiscard]] inline etf::detail::arena* owner_of(signal& s) noexcept {
    return s.storage == signal_storage::arena ? arena_of(s) : static_cast<signal_with_term&>(s).owner;
}

/// The term a node carries, without taking it.
[[nodiscard]] inline term_view peek(const signal& s) noexcept {
    return term_view::from_word(s.value);
}

[[nodiscard]] inline control_signal& control(signal& s) noexcept {
    RAKKA_DCHECK(s.storage == signal_storage::large || s.storage == signal_storage::traced);
    return static_cast<control_signal&>(s);
}

}  // namespace rakka::detail
