// The messages a process has taken from its inbox and not yet received, in order of arrival.
#pragma once

#include "signal.hpp"

#include <cstddef>
#include <cstdint>

namespace rakka::detail {

/// A singly linked list with a cursor for selective receive, and a marker for receives that wait for a fresh
/// reference. Owner only. Positions are the links that point at a message, so that any message can be taken
/// out.
class message_queue {
public:
    message_queue() noexcept = default;
    message_queue(const message_queue&) = delete;
    message_queue& operator=(const message_queue&) = delete;

    void append(signal& s) noexcept {
        s.next = nullptr;
        *last_ = &s;
        last_ = &s.next;
        ++count_;
    }
    [[nodiscard]] std::size_t size() const noexcept { return count_; }
    [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }

    /// The oldest message; null when there is none.
    [[nodiscard]] signal* pop() noexcept { return first_ == nullptr ? nullptr : take(&first_); }

    /// A receive begins: from the first message, or, for the reference last marked, from where the queue
    /// ended then.
    void rewind() noexcept { cursor_ = &first_; }
    void rewind(std::uint64_t mark) noexcept { cursor_ = mark != 0 && mark == mark_ ? marked_ : &first_; }
    /// The message under the cursor; null behind the last one.
    [[nodiscard]] signal* current() const noexcept { return *cursor_; }
    void advance() noexcept { cursor_ = &(*cursor_)->next; }
    /// Takes out the message under the cursor.
    [[nodiscard]] signal* take_current() noexcept { return take(cursor_); }

    /// Remembers the end of the queue under a number that is not 0. Only the last one is kept.
    void mark(std::uint64_t number) noexcept {
        mark_ = number;
        marked_ = last_;
    }

    /// From the first message on, for looking through all of them without the cursor.
    [[nodiscard]] signal* first() const noexcept { return first_; }
    /// Takes out a message found by walking from first().
    void remove(signal& s) noexcept {
        signal** at = &first_;
        while (*at != &s)
            at = &(*at)->next;
        static_cast<void>(take(at));
    }

private:
    signal* take(signal** at) noexcept {
        signal* const s = *at;
        *at = s->next;
        if (last_ == &s->next) last_ = at;
        if (marked_ == &s->next) marked_ = at;
        if (cursor_ == &s->next) cursor_ = at;
        --count_;
        return s;
    }

    signal* first_ = nullptr;
    signal** last_ = &first_;
    signal** cursor_ = &first_;
    signal** marked_ = &first_;
    std::uint64_t mark_ = 0;
    std::size_t count_ = 0;
};

}  // namespace rakka::detail
