// async_stream: a function for each of many inputs, in tasks of which some run at a time.
//
//     for (auto& size : task::async_stream(urls, [](const std::string& url) { return fetch(url).size(); },
//                                          {.max_concurrency = 20, .on_timeout =
//                                          task::stream_timeout::kill_task}))
//         if (size) total += *size;
//
// Inputs are taken, and tasks started, as results are asked for. Elixir: Task.async_stream.
#pragma once

#include <rakka/otp/task.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>

namespace rakka {
namespace task {

/// What a task that takes longer than its time does. Elixir: `:on_timeout` of async_stream.
enum class stream_timeout : std::uint8_t {
    exit,       ///< to the caller: it exits with `{timeout, {'Elixir.Task.Supervised', stream, [Timeout]}}`
    kill_task,  ///< to the task: it is killed, its result is `timeout`
};

struct stream_options {
    /// Tasks that run at a time; 0: as many as there are CPUs. Elixir: System.schedulers_online().
    std::size_t max_concurrency = 0;
    /// Results in the order of the inputs; those that come early wait. False: as they come.
    bool ordered = true;
    /// For each task; looked at while a result is waited for.
    wait_time timeout = default_timeout;
    stream_timeout on_timeout = stream_timeout::exit;
    /// The reason of a task without a result is `{Input, Reason}`, for inputs with a form as a term.
    bool zip_input_on_exit = false;
};

}  // namespace task

namespace detail {

/// The tasks of a stream, whatever their types.
class stream_engine {
public:
    struct job {
        shared_code code;
        term input;  // no value unless it is to be told of
    };
    using source = std::function<std::optional<job>()>;
    using starter = std::function<task_core(shared_code)>;

    stream_engine(source next_job, starter start, const task::stream_options& options);
    /// Kills what runs.
    ~stream_engine();
    stream_engine(const stream_engine&) = delete;
    stream_engine& operator=(const stream_engine&) = delete;

    /// The next result; nothing when all have been given. Blocks; may exit. Owner process.
    [[nodiscard]] std::optional<task_news> next();

private:
    struct slot {
        task_core core;
        std::optional<task_news> news{};
        term input{};
        std::chrono::nanoseconds deadline{};
    };
    void start_more();
    [[nodiscard]] std::optional<task_news> deliver();
    void wait_for_one();
    void time_over();
    void ended(std::size_t number, task_news news);
    [[nodiscard]] slot& at(std::size_t number) { return slots_[number - first_]; }
    void stop() noexcept;

    source next_job_;
    starter start_;
    task::stream_options options_;
    std::deque<slot> slots_;         // of the inputs from first_ on; delivered ones at the front are gone
    std::size_t first_ = 0;          // number of the first slot
    std::deque<std::size_t> ready_;  // unordered: what has ended, in that order
    std::size_t oldest_ = 0;         // no task before this one runs
    task_set running_;
    std::size_t running_count_ = 0;
    bool exhausted_ = false;
};

/// How the tasks of async_stream() come about.
[[nodiscard]] stream_engine::starter linked_tasks();

}  // namespace detail

namespace task {

/// The results of async_stream(), each once: a range to go through once, or next(). Movable; for the process
/// that made it. Destroyed, or left by an exception, it kills the tasks that run.
template <class T>
class [[nodiscard]] stream {
public:
    explicit stream(std::unique_ptr<rakka::detail::stream_engine> engine) noexcept
        : engine_(std::move(engine)) {}

    /// Nothing at the end. Blocks until a task has ended. The exit of a task is a result only where it does
    /// not end the caller: when that traps exits, when the task is not linked, and for
    /// stream_timeout::kill_task.
    [[nodiscard]] std::optional<outcome<T>> next() { return detail::to_outcome<T>(engine_->next()); }

    class iterator {
    public:
        using value_type = outcome<T>;
        using difference_type = std::ptrdiff_t;
        using iterator_concept = std::input_iterator_tag;

        explicit iterator(stream* of) : of_(of) { ++*this; }
        [[nodiscard]] outcome<T>& operator*() const { return *of_->current_; }
        iterator& operator++() {
            of_->current_ = of_->next();
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const iterator& i, std::default_sentinel_t) { return i.at_end(); }

    private:
        [[nodiscard]] bool at_end() const { return !of_->current_; }
        stream* of_;
    };
    /// Asks for the first result. Once.
    [[nodiscard]] iterator begin() { return iterator(this); }
    [[nodiscard]] static std::default_sentinel_t end() { return {}; }

private:
    std::unique_ptr<rakka::detail::stream_engine> engine_;
    std::optional<outcome<T>> current_;
};

namespace detail {

template <class F, class Item>
using stream_result = std::decay_t<std::invoke_result_t<const F&, Item>>;

/// The jobs of a range, which is held in the stream (moved, copied, or by reference as std::views::all has
/// it).
template <std::ranges::input_range Range, class F>
[[nodiscard]] rakka::detail::stream_engine::source jobs_of(Range&& inputs, F&& f, bool tell_inputs) {
    using view = std::views::all_t<Range>;
    using item = std::ranges::range_value_t<view>;
    struct state {
        view inputs;
        std::shared_ptr<const std::decay_t<F>> f;
        std::optional<std::ranges::iterator_t<view>> at{};
    };
    auto held = std::make_shared<state>(state{std::views::all(std::forward<Range>(inputs)),
                                              std::make_shared<const std::decay_t<F>>(std::forward<F>(f))});
    return [held, tell_inputs]() -> std::optional<rakka::detail::stream_engine::job> {
        if (held->at) {
            ++*held->at;
        } else {
            held->at.emplace(std::ranges::begin(held->inputs));
        }
        if (*held->at == std::ranges::end(held->inputs)) return std::nullopt;
        item one(**held->at);
        term told;
        if constexpr (std::constructible_from<term, const item&>) {
            if (tell_inputs) told = term(one);
        }
        return rakka::detail::stream_engine::job{
            rakka::detail::to_code(
                [f = held->f, one = std::move(one)]() mutable { return (*f)(std::move(one)); }),
            told};
    };
}

}  // namespace detail

/// f(input) in a task linked to the caller, for each of `inputs`; a temporary range is moved into the stream,
/// another one must outlive it. `f` is shared by all tasks, which run at the same time, and constant. Inputs
/// are copied, or moved from a range that gives values. Owner process. Elixir: Task.async_stream/3.
template <std::ranges::input_range Range, class F>
auto async_stream(Range&& inputs, F&& f, const stream_options& options = {}) {
    using item = std::ranges::range_value_t<Range>;
    using value = detail::stream_result<std::decay_t<F>, item>;
    return stream<value>(std::make_unique<rakka::detail::stream_engine>(
        detail::jobs_of(std::forward<Range>(inputs), std::forward<F>(f), options.zip_input_on_exit),
        rakka::detail::linked_tasks(), options));
}

}  // namespace task
}  // namespace rakka
