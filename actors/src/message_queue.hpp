// The messages a process has taken from its inbox and not yet received, in order of arrival.
#pragma once

#include "signal.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace rakka::detail {

/// Where a queue has its priority messages: before all others, in order of arrival. Made for the first
/// process of the slot that can get any.
struct priority_places {
    signal** end;                   // where the next one goes
    signal** since_mark = nullptr;  // where the first one is that came after the mark with this number
    std::uint64_t mark = 0;
    signal** unseen = nullptr;  // the first that has come in behind the cursor
};

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
    /// ended then, with what has come in before that since.
    void rewind(std::uint64_t mark) noexcept {
        const bool known = mark != 0 && mark == mark_;
        cursor_ = known ? marked_ : &first_;
        if (priority_) [[unlikely]]
            priority_->unseen = known && priority_->mark == mark ? priority_->since_mark : nullptr;
    }
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

    // -- priority messages

    /// From now on there may be some. Throws std::bad_alloc.
    void allow_priority() {
        if (!priority_) priority_ = std::make_unique<priority_places>(priority_places{&first_});
    }
    /// Puts one behind those that are there. Precondition: allow_priority().
    void insert_priority(signal& s) noexcept {
        priority_places& p = *priority_;
        signal** const at = p.end;
        s.marks |= priority_mark;
        s.next = *at;
        *at = &s;
        p.end = &s.next;
        if (last_ == at) last_ = &s.next;
        if (cursor_ == at) cursor_ = &s.next;  // stays on its message, which may be looked at just now
        ++count_;
        if (p.mark != mark_ || p.since_mark == nullptr) {
            p.mark = mark_;
            p.since_mark = at;
        }
        if (p.unseen == nullptr) p.unseen = at;
    }
    /// One of them has been taken out: what pointed behind it points to where it was.
    void priority_taken(const signal& s) noexcept {
        priority_places& p = *priority_;
        if (p.end != &s.next && p.since_mark != &s.next) return;
        signal** at = &first_;
        while (*at != s.next)
            at = &(*at)->next;
        if (p.end == &s.next) p.end = at;
        if (p.since_mark == &s.next) p.since_mark = at;
    }
    /// The queue is empty, and the next process begins.
    void forget_priority() noexcept {
        if (!priority_) return;
        *priority_ = {&first_};
        mark_ = 0;  // the next process counts its references from the start
    }
    /// Whether some have come in where the cursor has been already.
    [[nodiscard]] bool overtaken() const noexcept { return priority_ && priority_->unseen != nullptr; }
    /// Sets the cursor to the first of those; to be taken back to where it was behind the last one, where
    /// at_priority_end().
    [[nodiscard]] signal** go_back() noexcept {
        signal** const was = cursor_;
        cursor_ = std::exchange(priority_->unseen, nullptr);
        return was;
    }
    [[nodiscard]] bool at_priority_end() const noexcept { return cursor_ == priority_->end; }
    void go_on(signal** at) noexcept { cursor_ = at; }
    [[nodiscard]] bool is_at(signal** at) const noexcept { return cursor_ == at; }

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
    std::unique_ptr<priority_places> priority_;
};

}  // namespace rakka::detail
