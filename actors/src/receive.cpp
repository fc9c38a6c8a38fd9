#include "process_record.hpp"
#include "signal_delivery.hpp"
#include "system_core.hpp"
#include "waiting_scope.hpp"

#include <rakka/actors/receive.hpp>

#include <cstdint>
#include <optional>
#include <utility>

namespace rakka {

namespace detail {

namespace {

std::uint64_t mark_of(const process& self, const reference* fresh) noexcept {
    return fresh == nullptr ? 0 : self.number_of_own(*fresh);
}

// A message as a term that does not own its share: the queue does.
class borrowed_term {
public:
    explicit borrowed_term(signal& s) noexcept : term_(s.value, owner_of(s)) {}
    ~borrowed_term() { static_cast<void>(term_.release()); }
    borrowed_term(const borrowed_term&) = delete;
    borrowed_term& operator=(const borrowed_term&) = delete;
    [[nodiscard]] const term& get() const noexcept { return term_; }

private:
    term term_;
};

// Priority messages that have come in before those that were looked at already.
[[gnu::cold]] bool scan_overtaking(message_queue& q, bool (*wanted)(void*, const term&), void* arg,
                                   std::int32_t& looks) {
    signal** const was = q.go_back();
    if (q.is_at(was)) return false;  // none has been looked at
    for (; !q.at_priority_end(); q.advance()) {
        ++looks;
        if (wanted(arg, borrowed_term(*q.current()).get())) return true;
    }
    q.go_on(was);
    return false;
}

// Sixteen looks cost a reduction.
bool scan(process& self, bool (*wanted)(void*, const term&), void* arg, std::int32_t& looks) {
    message_queue& q = self.messages;
    do {
        if (q.overtaken() && scan_overtaking(q, wanted, arg, looks)) return true;
        while (signal* const s = q.current()) {
            ++looks;
            if (wanted == nullptr || wanted(arg, borrowed_term(*s).get())) return true;
            q.advance();
        }
    } while (q.overtaken());  // while `wanted` was preempted
    return false;
}

[[gnu::cold, gnu::noinline]] std::optional<term> pop_unusually(process& self) {
    signal* const s = self.messages.pop();
    if (s == nullptr) return std::nullopt;
    term message = self.consume(*s);
    self.give_way(1);
    return message;
}

// The next message of an empty queue.
term next_message(process& self) {
    for (;;) {
        {
            const waiting_scope waiting(self);
            self.sleep();
            self.fetch();  // in there: who asks what it was doing hears that it was waiting
        }
        if (self.unusual()) [[unlikely]] {
            self.check_exit();
            if (auto message = pop_unusually(self)) return *std::move(message);
        } else if (signal* const s = self.messages.pop()) {
            term message = self.consume_usual(*s);
            self.give_way(*current_worker());
            return message;
        }
    }
}

// What receive() does in a process that is unusual().
[[gnu::cold, gnu::noinline]] term receive_unusually(process& self) {
    self.check_exit();
    if (auto message = pop_unusually(self)) return *std::move(message);
    return next_message(self);
}

}  // namespace

std::optional<term> receive_matching(bool (*wanted)(void*, const term&), void* arg,
                                     std::optional<std::chrono::nanoseconds> timeout,
                                     const reference* fresh) {
    process& self = current_process();
    self.fetch();
    self.check_exit();
    self.messages.rewind(mark_of(self, fresh));
    std::optional<wait_timer> timer;
    std::int32_t looks = 0;
    for (;;) {
        if (scan(self, wanted, arg, looks)) {
            term found = self.consume(*self.messages.take_current());
            self.give_way(1 + looks / 16);
            return found;
        }
        // Time is up only after what had arrived before has been looked at.
        const bool expired = timeout && (timer ? timer->expired() : timeout->count() <= 0);
        const waiting_scope waiting(self);
        const bool more = self.fetch();
        self.check_exit();  // also for what was taken in while `wanted` was preempted
        if (more) continue;
        if (expired) {
            self.give_way(1 + looks / 16);
            return std::nullopt;
        }
        if (timeout && !timer) timer.emplace(self).start(self.system->after(*timeout));
        self.sleep();
        self.fetch();
        self.check_exit();
    }
}

}  // namespace detail

term receive() {
    using namespace detail;
    const auto [here, self] = where_am_i();
    self.fetch();
    if (self.unusual()) [[unlikely]]
        return receive_unusually(self);
    if (signal* const s = self.messages.pop()) {
        term message = self.consume_usual(*s);
        self.give_way(here);
        return message;
    }
    return next_message(self);
}

}  // namespace rakka
