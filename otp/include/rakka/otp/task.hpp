// Tasks: a function that runs as a process of its own, and its result, typed, when it is wanted.
//
//     auto price = task::async([] { return fetch_price("oslo"); });   // task::handle<double>
//     auto stock = task::async([] { return count_stock("oslo"); });
//     show(price.await(), stock.await());
//
// A task is linked to its caller: a crash of one ends the other, unless the caller traps exits;
// task_supervisor.hpp has tasks that are not. Its result comes as a message to the caller, which await()
// takes. Elixir: Task.
#pragma once

#include <rakka/otp/task_core.hpp>

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace rakka::task {

using std::chrono::milliseconds;
/// Nothing: for ever.
using wait_time = std::optional<milliseconds>;

/// Why a task has ended without a result. Elixir: `{:exit, Reason}`.
class exited {
public:
    exited() = default;  // result::error() of a success
    [[nodiscard]] static exited because(term reason) { return exited(std::move(reason)); }
    term reason;

private:
    explicit exited(term r) : reason(std::move(r)) {}  // private: a result takes a term as its value
};
/// boost::system::result calls this when value() is asked of a task that has exited: the caller exits with
/// the reason.
[[noreturn]] void throw_exception_from_error(const exited& e, const boost::source_location& where);

/// Elixir: `{:ok, Value} | {:exit, Reason}`.
template <class T>
using outcome = boost::system::result<T, exited>;

/// The default time of all waiting. Elixir: 5000.
inline constexpr milliseconds default_timeout{5000};

namespace detail {

template <class T>
[[nodiscard]] outcome<T> to_outcome(rakka::detail::task_news news) {
    if (news.exited) return exited::because(std::move(news.value));
    if constexpr (std::is_void_v<T>) {
        return {};
    } else {
        auto value = rakka::detail::take_carried<T>(news.value);
        if (!value) return exited::because(atoms::known<"badarg">);  // read before
        return *std::move(value);
    }
}
template <class T>
[[nodiscard]] std::optional<outcome<T>> to_outcome(std::optional<rakka::detail::task_news> news) {
    if (!news) return std::nullopt;
    return to_outcome<T>(*std::move(news));
}

}  // namespace detail

/// The caller's end of a task with a result of type T; `term` for a function named by its module. Movable.
/// Every function is for the process that has started the task, its owner; others exit with badarg.
///
/// Destroyed while the task runs: the task runs on and stays linked, its result is lost, and no message of it
/// is left.
template <class T>
class [[nodiscard]] handle {
public:
    handle() = default;  ///< of no task
    explicit handle(rakka::detail::task_core core) noexcept : core_(std::move(core)) {}

    /// Empty for completed().
    [[nodiscard]] const pid& process() const noexcept { return core_.process(); }
    /// As Elixir shows it: `#{'__struct__' => 'Elixir.Task', …}`.
    [[nodiscard]] term to_term() const { return core_.to_term(); }

    /// The result. Blocks. When there is none, because the task has ended or the time is over, the caller
    /// exits:
    /// `{Reason, {'Elixir.Task', await, [Task, Timeout]}}`, with `timeout` or `{nodedown, Node}` where they
    /// are the reason; a task that has not ended runs on. Once for a task: again is badarg. Elixir:
    /// Task.await/2.
    T await(wait_time timeout = default_timeout) {
        const term value = core_.await(timeout);
        if constexpr (!std::is_void_v<T>) return *rakka::detail::take_carried<T>(value);
    }
    /// How it has ended; nothing when it runs still after `timeout`, and may be asked again. The end of a
    /// task that it is linked to ends the caller all the same, unless that traps exits. Blocks. Elixir:
    /// Task.yield/2.
    [[nodiscard]] std::optional<outcome<T>> yield(wait_time timeout = default_timeout) {
        return detail::to_outcome<T>(core_.yield(timeout));
    }
    /// Unlinks the task and asks it to end with `shutdown`, by `kill` after `timeout`; waits until it has.
    /// Gives the result if it came before; nothing when it ended as it was asked to; the reason when it ended
    /// with another, `noproc` when it had been waited for already. Blocks. Elixir: Task.shutdown/2.
    std::optional<outcome<T>> shutdown(wait_time timeout = default_timeout) {
        return detail::to_outcome<T>(core_.shutdown(timeout, false));
    }
    /// The same by `kill` at once. Elixir: `Task.shutdown(task, :brutal_kill)`.
    std::optional<outcome<T>> kill() { return detail::to_outcome<T>(core_.shutdown(std::nullopt, true)); }
    /// Unlinks the task, which runs on; nobody can wait for it any more. How it ended, if it has. Elixir:
    /// Task.ignore/1.
    std::optional<outcome<T>> ignore() { return detail::to_outcome<T>(core_.ignore()); }
    /// For a server, which must not wait: how the task has ended if `message` says so. Elixir: the clauses
    /// for
    /// `{ref, result}` and `{:DOWN, ref, …}` of a handle_info.
    [[nodiscard]] std::optional<outcome<T>> check(const term& message) {
        return detail::to_outcome<T>(core_.check(message));
    }

    [[nodiscard]] rakka::detail::task_core& core() noexcept { return core_; }

private:
    rakka::detail::task_core core_;
};

template <class F>
using result_of = rakka::detail::carried_result<std::decay_t<F>>;

/// Runs `f` as a process linked to the caller. What it throws is its exit reason, and the log is told. Owner
/// process. Elixir: Task.async/1.
template <std::invocable F>
handle<result_of<F>> async(F&& f, const spawn_options& options = {}) {
    return handle<result_of<F>>(
        rakka::detail::start_task(rakka::detail::to_code(std::forward<F>(f)), options));
}
/// The same for a function that this system exports; not there: the task ends with `undef`. Elixir:
/// Task.async/3.
inline handle<term> async(atom module, atom function, term arguments, const spawn_options& options = {}) {
    return handle<term>(
        rakka::detail::start_task(rakka::detail::to_code(module, function, std::move(arguments)), options));
}
/// Runs `f` for its effects: nobody is told of its end. Elixir: Task.start/1.
template <std::invocable F>
pid start(F&& f, const spawn_options& options = {}) {
    return rakka::detail::start_lone_task(rakka::detail::to_code(std::forward<F>(f)), options, false);
}
/// The same, linked: a child of a supervisor, best a temporary one. Elixir: Task.start_link/1.
template <std::invocable F>
pid start_link(F&& f, const spawn_options& options = {}) {
    return rakka::detail::start_lone_task(rakka::detail::to_code(std::forward<F>(f)), options, true);
}
/// A task that has ended with this result, without a process. Elixir: Task.completed/1.
template <class T>
handle<std::decay_t<T>> completed(T&& value) {
    return handle<std::decay_t<T>>(
        rakka::detail::completed_task(rakka::detail::carry<std::decay_t<T>>(std::forward<T>(value))));
}

namespace detail {
[[nodiscard]] milliseconds time_now();
[[nodiscard]] wait_time time_left(wait_time timeout, milliseconds begin);
}  // namespace detail

/// The results of all, in the order of `tasks`. The caller exits with the reason of the first one, in that
/// order, that gives none, or with `timeout` when `timeout` is over for all of them together:
/// `{Reason, {'Elixir.Task', await_many, [Tasks, Timeout]}}`. Blocks. Elixir: Task.await_many/2.
template <class T>
requires(!std::is_void_v<T>) std::vector<T> await_many(std::vector<handle<T>>& tasks,
                                                       wait_time timeout = default_timeout) {
    const milliseconds begin = detail::time_now();
    std::vector<T> results;
    results.reserve(tasks.size());
    for (handle<T>& one : tasks) {
        auto ended = one.yield(detail::time_left(timeout, begin));
        if (!ended || ended->has_error()) {
            std::vector<term> all;
            for (const handle<T>& t : tasks)
                all.push_back(t.to_term());
            rakka::detail::fail_await_many(ended ? ended->error().reason : term(atoms::known<"timeout">), all,
                                           timeout);
        }
        results.push_back(*std::move(*ended));
    }
    return results;
}

/// What becomes of tasks that are not done when the time is over. Elixir: `:on_timeout` of yield_many.
enum class unfinished : std::uint8_t {
    run_on,     ///< they may be asked again. Elixir: `:nothing`
    ignore,     ///< as handle::ignore()
    kill_task,  ///< as handle::kill()
};

struct yield_options {
    wait_time timeout = default_timeout;  ///< for all of them together
    std::size_t limit = 0;                ///< not 0: it is enough that so many have ended
    unfinished on_timeout = unfinished::run_on;
};

/// How each has ended, in the order of `tasks`; nothing for those that run still. Blocks. Elixir:
/// Task.yield_many/2.
template <class T>
std::vector<std::optional<outcome<T>>> yield_many(std::vector<handle<T>>& tasks,
                                                  const yield_options& options = {}) {
    const milliseconds begin = detail::time_now();
    std::vector<std::optional<outcome<T>>> results(tasks.size());
    rakka::detail::task_set running;
    std::size_t enough = 0;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        if (!tasks[i].core().waiting()) continue;
        running.insert(tasks[i].core(), i);
        ++enough;
    }
    if (options.limit != 0) enough = std::min(options.limit, enough);
    for (std::size_t ended = 0; ended < enough; ++ended) {
        const auto news = running.wait(detail::time_left(options.timeout, begin));
        if (!news) break;
        running.erase(tasks[news->first].core());
        results[news->first] = tasks[news->first].check(news->second);
    }
    for (std::size_t i = 0; i < tasks.size() && options.on_timeout != unfinished::run_on; ++i) {
        if (results[i] || !tasks[i].core().waiting()) continue;
        results[i] = options.on_timeout == unfinished::ignore ? tasks[i].ignore() : tasks[i].kill();
    }
    return results;
}

}  // namespace rakka::task
