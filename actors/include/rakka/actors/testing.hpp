// For tests of programs that have processes: waiting for what happens elsewhere, from inside a process or
// from a thread that is none.
//
// Every function with a `system` as its first argument is for foreign threads: on a system with threads it
// blocks the caller, in a simulation it drives the system in virtual time until the outcome is known or time
// is up. Those without one are for processes, and block the process only.
#pragma once

#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/simulation.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/match.hpp>

#include <chrono>
#include <concepts>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace rakka::testing {

/// How long a test waits for what should happen at once; long, because it is waited in full only by a test
/// that fails.
inline constexpr std::chrono::nanoseconds patience = std::chrono::seconds(10);
/// How often a condition is looked at.
inline constexpr std::chrono::nanoseconds look_interval = std::chrono::milliseconds(5);

namespace detail {

using test_condition = bool (*)(void*);
bool wait_until(test_condition condition, void* arg, std::chrono::nanoseconds timeout,
                std::chrono::nanoseconds interval);
bool wait_until(system& s, test_condition condition, void* arg, std::chrono::nanoseconds timeout,
                std::chrono::nanoseconds interval);

template <class F>
bool test(void* condition) {
    return static_cast<bool>((*static_cast<std::remove_reference_t<F>*>(condition))());
}

}  // namespace detail

/// Looks at `condition` until it is true; false when it is not by the end of `timeout`. It is looked at once
/// more then. Owner process.
template <std::predicate F>
[[nodiscard]] bool wait_until(F&& condition, std::chrono::nanoseconds timeout = patience,
                              std::chrono::nanoseconds interval = look_interval) {
    rakka::detail::callee<F> f(condition);
    return detail::wait_until(&detail::test<decltype(f)>, std::addressof(f), timeout, interval);
}
/// The same outside of processes. In a simulation the condition is looked at whenever nothing more can run at
/// the present virtual time.
template <std::predicate F>
[[nodiscard]] bool wait_until(system& s, F&& condition, std::chrono::nanoseconds timeout = patience,
                              std::chrono::nanoseconds interval = look_interval) {
    rakka::detail::callee<F> f(condition);
    return detail::wait_until(s, &detail::test<decltype(f)>, std::addressof(f), timeout, interval);
}

/// Waits until `p` has ended and gives its exit reason (`noproc` when it had ended before, `noconnection`
/// when its node is lost); nothing when it is still alive after `timeout`. Owner process.
[[nodiscard]] std::optional<term> check_process_exits(const pid& p,
                                                      std::chrono::nanoseconds timeout = patience);
/// The same outside of processes.
[[nodiscard]] std::optional<term> check_process_exits(system& s, const pid& p,
                                                      std::chrono::nanoseconds timeout = patience);

/// A mailbox with a pid, for a test that is no process: what is sent to pid() waits here until it is
/// received, in order or by choice. Its process traps exits and ends with the probe. Functions: one foreign
/// thread at a time. The system must outlive it.
class probe {
public:
    /// Throws what system::spawn() throws.
    explicit probe(system& s, const spawn_options& options = {});
    ~probe();
    probe(const probe&) = delete;
    probe& operator=(const probe&) = delete;

    [[nodiscard]] const rakka::pid& pid() const noexcept;

    /// The next message; nothing when there is none by the end of `timeout`.
    [[nodiscard]] std::optional<term> receive(std::chrono::nanoseconds timeout = patience) {
        return receive_if([](term_view) { return true; }, timeout);
    }
    /// The first message that `wanted` accepts, now or by the end of `timeout`; the others stay.
    template <std::predicate<term_view> P>
    [[nodiscard]] std::optional<term> receive_if(P&& wanted, std::chrono::nanoseconds timeout = patience) {
        rakka::detail::callee<P> f(wanted);
        return take(
            [](void* p, term_view m) {
                return static_cast<bool>((*static_cast<std::remove_reference_t<decltype(f)>*>(p))(m));
            },
            rakka::detail::predicate_argument(f), timeout);
    }
    /// True when the first message that arrives is this one (`=:=`); a wrong one is taken out as well.
    [[nodiscard]] bool expect(const term& message, std::chrono::nanoseconds timeout = patience) {
        const auto got = receive(timeout);
        return got && *got == message;
    }
    /// True when no message is here, and none arrives within `span`.
    [[nodiscard]] bool expect_nothing(std::chrono::nanoseconds span = std::chrono::milliseconds(50));

private:
    struct state;
    std::optional<term> take(bool (*wanted)(void*, term_view), void* arg, std::chrono::nanoseconds timeout);
    std::shared_ptr<state> state_;
};

}  // namespace rakka::testing
