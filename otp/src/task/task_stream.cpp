#include "behaviour/behaviour.hpp"
#include "behaviour/gen_failure.hpp"

#include <rakka/actors/links.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/saturated.hpp>
#include <rakka/otp/task_stream.hpp>

#include <algorithm>
#include <thread>

namespace rakka::detail {
namespace {

std::chrono::nanoseconds end_of(std::chrono::milliseconds timeout) {
    const auto now = this_system().now();
    return now + std::min(saturated(timeout), std::chrono::nanoseconds::max() - now);
}

}  // namespace

stream_engine::starter linked_tasks() {
    return [](shared_code code) { return start_task(std::move(code), {}); };
}

stream_engine::stream_engine(source next_job, starter start, const task::stream_options& options)
    : next_job_(std::move(next_job)), start_(std::move(start)), options_(options) {
    if (options_.max_concurrency == 0)
        options_.max_concurrency = std::max(1U, std::thread::hardware_concurrency());
}

stream_engine::~stream_engine() {
    stop();
}

void stream_engine::stop() noexcept {
    for (slot& s : slots_)
        s.core.kill();
    slots_.clear();
    ready_.clear();
    running_count_ = 0;
    exhausted_ = true;
}

std::optional<task_news> stream_engine::next() {
    for (;;) {
        start_more();
        if (auto news = deliver()) return news;
        if (running_count_ == 0) return std::nullopt;
        wait_for_one();
        // Delivered first: the next input is taken when the next result is asked for.
        if (auto news = deliver()) return news;
    }
}

void stream_engine::start_more() {
    while (!exhausted_ && running_count_ < options_.max_concurrency) {
        auto job = next_job_();
        if (!job) {
            exhausted_ = true;
            return;
        }
        slot s{.core = start_(std::move(job->code)), .input = std::move(job->input)};
        if (options_.timeout) s.deadline = end_of(*options_.timeout);
        running_.insert(s.core, first_ + slots_.size());
        ++running_count_;
        slots_.push_back(std::move(s));
    }
}

std::optional<task_news> stream_engine::deliver() {
    std::optional<task_news> out;
    if (!options_.ordered) {
        if (ready_.empty()) return std::nullopt;
        out = std::exchange(at(ready_.front()).news, std::nullopt);
        ready_.pop_front();
    } else if (!slots_.empty() && slots_.front().news) {
        out = std::exchange(slots_.front().news, std::nullopt);
        slots_.pop_front();
        ++first_;
        return out;
    }
    // Unordered: what is at the front has been delivered unless it runs, or is among the ready ones.
    while (out && !slots_.empty() && !slots_.front().core.waiting() && !slots_.front().news) {
        slots_.pop_front();
        ++first_;
    }
    return out;
}

void stream_engine::ended(std::size_t number, task_news news) {
    slot& s = at(number);
    running_.erase(s.core);
    --running_count_;
    if (news.exited && s.input.has_value()) news.value = tuple(s.input, news.value);
    s.news = std::move(news);
    if (!options_.ordered) ready_.push_back(number);
}

void stream_engine::wait_for_one() {
    std::optional<std::chrono::milliseconds> left;
    if (options_.timeout) {
        oldest_ = std::max(oldest_, first_);
        while (!at(oldest_).core.waiting())
            ++oldest_;
        const auto until = at(oldest_).deadline - this_system().now();
        left = std::max(std::chrono::ceil<std::chrono::milliseconds>(until), std::chrono::milliseconds(0));
    }
    const auto message = running_.wait(left);
    if (!message) return time_over();
    slot& s = at(message->first);
    const pid process = s.core.process();
    // The link of a task that trapped exits would tell of is of no use any more.
    if (trap_exit()) {
        unlink(process);
        flush_exit_of(process);
    }
    ended(message->first, s.core.check(message->second).value());
}

/// Of the oldest that runs.
void stream_engine::time_over() {
    if (options_.on_timeout == task::stream_timeout::exit) {
        stop();
        fail_in(atoms::known<"timeout">, "Elixir.Task.Supervised"_a, "stream"_a,
                list(timeout_term(options_.timeout)));
    }
    const std::size_t number = oldest_;
    slot& s = at(number);
    const pid process = s.core.process();
    s.core.kill();
    if (trap_exit()) flush_exit_of(process);
    ended(number, {.exited = true, .value = atoms::known<"timeout">});
}

}  // namespace rakka::detail
