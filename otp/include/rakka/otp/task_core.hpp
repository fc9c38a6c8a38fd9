// What tasks of all result types have in common: the process behind one, and how its owner learns of its end.
#pragma once

#include <rakka/actors/spawn_options.hpp>
#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>
#include <rakka/otp/carried.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <typeinfo>
#include <unordered_map>
#include <utility>

namespace rakka::detail {

/// What a task does. Shared, so that a supervisor can start it again.
class task_code {
public:
    virtual ~task_code() = default;
    /// The result, carried. In the task's process.
    virtual term run() = 0;
    /// `{Module, Function, Arity}`, for people.
    [[nodiscard]] virtual term mfa() const = 0;
};
using shared_code = std::shared_ptr<task_code>;

/// `{Class, run, 0}`
[[nodiscard]] term mfa_of(const std::type_info& type);

template <class F>
class code_of final : public task_code {
public:
    template <class G>
    explicit code_of(std::in_place_t, G&& f) : f_(std::forward<G>(f)) {}
    term run() override { return carry_result(f_); }
    [[nodiscard]] term mfa() const override { return mfa_of(typeid(F)); }

private:
    F f_;
};
template <class F>
[[nodiscard]] shared_code to_code(F&& f) {
    return std::make_shared<code_of<std::decay_t<F>>>(std::in_place, std::forward<F>(f));
}
/// An exported function of this system; `arguments` is a proper list.
[[nodiscard]] shared_code to_code(atom module, atom function, term arguments);

/// The result of a task, or the reason it has ended with instead.
struct task_news {
    bool exited = false;
    term value;
};

/// The owner's end of a task. Every function is for the owner's process alone (others exit with badarg), and,
/// where it says so, only until the news has been taken.
class task_core {
public:
    using wait_time = std::optional<std::chrono::milliseconds>;

    task_core() = default;
    /// `tag`: what the reply starts with; `monitor`: of the owner, on the process.
    task_core(const pid& process, const reference& tag, const reference& monitor, term mfa);
    task_core(task_core&& other) noexcept;
    task_core& operator=(task_core&& other) noexcept;
    /// A reply that has not been taken never reaches the mailbox, or leaves it.
    ~task_core() { forget(); }

    [[nodiscard]] const pid& process() const noexcept { return process_; }
    [[nodiscard]] const reference& tag() const noexcept { return tag_; }
    [[nodiscard]] const reference& monitor_reference() const noexcept { return monitor_; }
    [[nodiscard]] bool waiting() const noexcept { return waiting_; }
    /// `%Task{}`
    [[nodiscard]] term to_term() const;
    /// Whether the message is the news of this one.
    [[nodiscard]] bool is_news(term_view message) const noexcept;

    /// The news, which is taken; nothing after `timeout`. A lost connection is the exit of the caller.
    /// Elixir: Task.yield/2.
    [[nodiscard]] std::optional<task_news> yield(wait_time timeout);
    /// Takes `message` if it is the news.
    [[nodiscard]] std::optional<task_news> check(const term& message);
    /// The news, or gives up and exits. Elixir: Task.await/2.
    [[nodiscard]] term await(wait_time timeout);
    /// `brutal`: killed at once. Elixir: Task.shutdown/2.
    [[nodiscard]] std::optional<task_news> shutdown(wait_time timeout, bool brutal);
    /// Elixir: Task.ignore/1.
    [[nodiscard]] std::optional<task_news> ignore();
    /// No link, no life: without a word to the owner. Never throws.
    void kill() noexcept;
    /// Neither reply nor 'DOWN' will be seen. Never throws.
    void forget() noexcept;

private:
    void require_owner() const;
    [[nodiscard]] task_news take(const term& message);
    /// As take(), but exits with `{nodedown, Node}` when the connection is lost: `{…, {'Elixir.Task',
    /// Function, …}}`.
    template <class Arguments>
    [[nodiscard]] task_news take_or_fail(const term& message, atom function, const Arguments& arguments);
    void unlink_and_exit(const term& reason) const;

    pid process_;
    pid owner_;
    reference tag_;
    reference monitor_;
    term mfa_;
    bool waiting_ = false;  // no news has been taken, or given up
};

/// Starts `code` as a process linked to the caller, which waits for its reply. Owner process. Elixir:
/// Task.async/1.
[[nodiscard]] task_core start_task(shared_code code, const spawn_options& options);
/// Nobody waits for its result. Elixir: Task.start/1, start_link/1.
pid start_lone_task(shared_code code, spawn_options options, bool link);
/// Nothing runs: the result is there. Elixir: Task.completed/1.
[[nodiscard]] task_core completed_task(term result);

/// The caller and whom it works for. Elixir: the value of `:"$callers"` for a task that the caller starts.
[[nodiscard]] term callers_of_task();

/// Several tasks, waited for together: which of them the next news is of. Their places are numbers of the
/// user's.
class task_set {
public:
    void insert(const task_core& task, std::size_t place);
    void erase(const task_core& task);
    [[nodiscard]] bool empty() const noexcept { return places_.empty(); }
    /// The next message that is news of any, out of the mailbox, with the place of that task; nothing after
    /// `timeout`.
    [[nodiscard]] std::optional<std::pair<std::size_t, term>> wait(task_core::wait_time timeout) const;

private:
    [[nodiscard]] const std::size_t* place_of(term_view message) const;
    std::unordered_map<reference, std::size_t> places_;  // by tag, and by monitor
};

/// Exits as await_many of several. Elixir: Task.await_many/2.
[[noreturn]] void fail_await_many(const term& reason, const term& tasks,
                                  std::optional<std::chrono::milliseconds> timeout);

}  // namespace rakka::detail
