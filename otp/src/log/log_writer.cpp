// The thread of a handler, its queue, and who waits for it.
#include "log/log_handler.hpp"
#include "log/log_stderr.hpp"

#include <rakka/actors/own_threads.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <exception>
#include <pthread.h>
#include <thread>
#include <utility>
#include <vector>

namespace rakka::log {

namespace {

using std::chrono::steady_clock;

overload_guard::time now() {
    return steady_clock::now().time_since_epoch();
}

/// What the handler has to say itself.
log_event own_event(std::string text) {
    log_event e{log_level::notice, {}, std::move(text)};
    e.time = std::chrono::system_clock::now();
    return e;
}

std::string words_of(const formatter& format, const log_event& event) {
    try {
        return format(event);
    } catch (const std::exception& e) {
        return fmt::format("FORMATTER CRASH: {}: {}\n", e.what(), event.text);
    } catch (...) {
        return fmt::format("FORMATTER CRASH: {}\n", event.text);
    }
}

/// While it lives, threads that are made have every signal blocked: the program's are not for them.
class all_signals_blocked {
public:
    all_signals_blocked() noexcept {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~all_signals_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    all_signals_blocked(const all_signals_blocked&) = delete;
    all_signals_blocked& operator=(const all_signals_blocked&) = delete;

private:
    sigset_t before_{};
};

}  // namespace

struct line_writer::state {
    state(std::string n, std::unique_ptr<sink> t, formatter f, const overload& limits, bool with_thread)
        : name(std::move(n)),
          to(std::move(t)),
          threaded(with_thread),
          format(std::make_shared<const formatter>(std::move(f))),
          guard(limits) {}

    const std::string name;
    const std::unique_ptr<sink> to;  // the thread's
    const bool threaded;
    mutable std::mutex mutex;  // guards the rest; no function of the user runs with it held
    std::shared_ptr<const formatter> format;
    overload_guard guard;
    std::deque<std::string> queue;
    std::size_t waiting = 0;  // the queue and what is being written
    std::size_t bytes = 0;    // of these
    std::uint64_t accepted = 0, written = 0, failed = 0;
    std::uint64_t done = 0;         // of the accepted: written, failed or flushed
    std::uint64_t clean = 0;        // of the done: when the sink's flush() was called
    std::uint64_t flush_asked = 0;  // up to here the sink is to be flushed, though more may wait
    std::uint64_t unsaid = 0;       // failed, and not yet told
    std::string why;                // the last failure
    std::size_t sync_waiters = 0;   // in put() and flush()
    bool failing = false;           // so was the last write: the operator knows
    bool hangs = false;             // somebody has waited in vain since something was written
    bool idle = false;              // the thread sleeps
    bool no_alarm = false;          // … and until something comes
    bool look = false;              // it should see whether there are news
    bool ends = false;
    bool ended = false;
    std::thread::id own{};         // the thread
    std::condition_variable work;  // for the thread
    std::condition_variable progress;

    void run() noexcept;
    void serve();
    void rest(std::unique_lock<std::mutex>& lock);
    void write_next(std::unique_lock<std::mutex>& lock);
    bool write(std::unique_lock<std::mutex>& lock, const std::string& line) noexcept;
    void write_news(std::unique_lock<std::mutex>& lock);
    void sleep(std::unique_lock<std::mutex>& lock);
    void throw_away() noexcept;
    void wait_for(std::unique_lock<std::mutex>& lock, std::uint64_t which);
    void dropped_one() noexcept;

    [[nodiscard]] bool wants_flush() const noexcept { return clean < flush_asked && done >= flush_asked; }
    [[nodiscard]] bool has_work() const noexcept { return !queue.empty() || ends || look || wants_flush(); }
};

/// One line; false: the sink could not. The lock is given up meanwhile.
bool line_writer::state::write(std::unique_lock<std::mutex>& lock, const std::string& line) noexcept {
    lock.unlock();
    std::string failure;
    bool fails = true;
    try {
        to->write(line);
        fails = false;
    } catch (const std::exception& e) {
        try {
            failure = e.what();
        } catch (...) {
            failure.clear();  // no memory
        }
    } catch (...) {
        // it has no words
    }
    if (fails && failure.empty()) failure = "unknown";  // short enough to need no memory
    lock.lock();
    const bool begins = fails && !failing;
    failing = fails;
    if (!fails) return true;
    if (begins) {
        // Nowhere to write it but there, once for each time it begins to fail.
        lock.unlock();
        say_on_stderr("[rakka error] log handler {} cannot write: {}", name, failure);
        lock.lock();
    }
    why.swap(failure);
    return false;
}

/// About what was dropped or could not be written; these lines are nobody's events, and not counted.
void line_writer::state::write_news(std::unique_lock<std::mutex>& lock) {
    look = false;
    std::vector<std::string> news = guard.news(name, waiting, now());
    // Tried each time that the handler comes to rest.
    const std::uint64_t lost = news.empty() && waiting == 0 ? std::exchange(unsaid, 0) : 0;
    if (lost != 0)
        news.push_back(fmt::format("Handler {} could not write {} log events: {}", name, lost, why));
    if (news.empty()) return;
    std::vector<std::string> lines;
    auto words = format;
    lock.unlock();
    for (std::string& text : news)
        lines.push_back(words_of(*words, own_event(std::move(text))));
    words.reset();  // perhaps the last share: without the lock
    lock.lock();
    for (const std::string& line : lines)
        if (!write(lock, line)) unsaid += lost;
}

void line_writer::state::sleep(std::unique_lock<std::mutex>& lock) {
    idle = true;
    const auto wake = guard.next_news();
    no_alarm = wake == overload_guard::time::zero();
    if (no_alarm) {
        work.wait(lock, [&] { return has_work(); });
    } else {
        work.wait_until(lock, steady_clock::time_point(wake), [&] { return has_work(); });
    }
    idle = false;
}

void line_writer::state::write_next(std::unique_lock<std::mutex>& lock) {
    const std::string line = std::move(queue.front());
    queue.pop_front();
    if (write(lock, line)) {
        ++written;
    } else {
        ++failed;
        ++unsaid;
    }
    --waiting;
    bytes -= line.size();
    ++done;
    hangs = false;
    if (sync_waiters != 0) progress.notify_all();
    if (guard.limits().drop_mode_qlen > waiting) write_news(lock);
}

/// What has been written so far, and what there is to say about it, gets where it should.
void line_writer::state::rest(std::unique_lock<std::mutex>& lock) {
    if (queue.empty()) write_news(lock);
    const std::uint64_t upto = done;
    lock.unlock();
    try {
        to->flush();
    } catch (...) {
        // write() will say so
    }
    lock.lock();
    clean = upto;
    if (sync_waiters != 0) progress.notify_all();
}

void line_writer::state::serve() {
    std::unique_lock lock(mutex);
    own = std::this_thread::get_id();
    for (;;) {
        if (queue.empty() || wants_flush()) {
            rest(lock);
            if (!queue.empty()) continue;
            if (ends) return;
            if (!has_work()) sleep(lock);
        } else {
            write_next(lock);
        }
    }
}

void line_writer::state::run() noexcept {
    for (bool again = true; again;) {
        try {
            serve();
            again = false;
        } catch (...) {
            // No memory for what it had to say itself: then that is not said.
        }
    }
    const std::lock_guard lock(mutex);
    ended = true;
    progress.notify_all();
}

void line_writer::state::throw_away() noexcept {
    guard.flushed(queue.size());
    waiting -= queue.size();
    done += queue.size();
    for (const std::string& line : queue)
        bytes -= line.size();
    queue.clear();
    if (sync_waiters != 0) progress.notify_all();
}

/// The thread is to see to what there is to say, unless it is about to: without this one that sleeps until
/// something comes would not.
void line_writer::state::dropped_one() noexcept {
    if (idle && !no_alarm) return;
    look = true;
    if (idle) work.notify_one();
}

/// Until the accepted event with this number is written, or the sink seems to hang.
void line_writer::state::wait_for(std::unique_lock<std::mutex>& lock, std::uint64_t which) {
    if (hangs || own == std::this_thread::get_id()) return;
    ++sync_waiters;
    const std::uint64_t before = done;
    progress.wait_for(lock, guard.limits().sync_timeout, [&] { return done >= which || hangs || ended; });
    --sync_waiters;
    if (done == before) {
        hangs = true;
        progress.notify_all();  // the others need not find out by themselves
    }
}

line_writer::line_writer(std::string name, std::unique_ptr<sink> to, formatter format, const overload& limits,
                         bool threaded)
    : state_(std::make_shared<state>(std::move(name), std::move(to), std::move(format), limits, threaded)) {
    if (!threaded) return;
    const rakka::detail::own_threads ours;
    const all_signals_blocked meanwhile;
    thread_ = std::thread([s = state_] { s->run(); });
}

line_writer::~line_writer() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(state_->mutex);
        state_->ends = true;
        state_->work.notify_all();
    }
    thread_.detach();  // with its share of the state
}

void line_writer::close(std::chrono::steady_clock::time_point until) noexcept {
    state& s = *state_;
    std::unique_lock lock(s.mutex);
    s.ends = true;
    s.work.notify_all();
    if (!thread_.joinable() || s.own == std::this_thread::get_id()) return;
    const bool ended = s.progress.wait_until(lock, until, [&] { return s.ended; });
    const std::size_t lost = s.waiting;
    lock.unlock();
    if (ended) {
        thread_.join();
        return;
    }
    say_on_stderr("[rakka error] log handler {} hangs: {} log events are lost", s.name, lost);
    thread_.detach();  // with its share of the state
}

bool line_writer::is_own_thread() const noexcept {
    const std::lock_guard lock(state_->mutex);
    return state_->own == std::this_thread::get_id();
}

/// In a simulation: there is nobody else to write.
void line_writer::put_here(const log_event& event) {
    state& s = *state_;
    std::shared_ptr<const formatter> words;  // perhaps the last share: goes without the lock
    std::unique_lock lock(s.mutex);
    if (s.ends) return;
    words = s.format;
    lock.unlock();
    const std::string line = words_of(*words, event);
    lock.lock();
    if (s.write(lock, line)) {
        ++s.written;
    } else {
        ++s.failed;
    }
}

void line_writer::put(const log_event& event, bool may_wait) {
    state& s = *state_;
    if (!s.threaded) return put_here(event);
    std::shared_ptr<const formatter> words;  // as above
    std::unique_lock lock(s.mutex);
    if (s.ends) return;
    if (s.guard.refuses(s.waiting, s.bytes, now(), may_wait)) {
        static_cast<void>(s.guard.admit(s.waiting, s.bytes, now(), may_wait));
        return s.dropped_one();
    }
    words = s.format;
    lock.unlock();
    std::string line = words_of(*words, event);
    lock.lock();
    if (s.ends) return;  // meanwhile
    using decision = overload_guard::decision;
    const decision what = s.guard.admit(s.waiting, s.bytes + line.size(), now(), may_wait);
    if (what == decision::flush || what == decision::kill) s.throw_away();
    if (what == decision::flush || what == decision::drop || what == decision::kill) return s.dropped_one();
    const std::size_t size = line.size();
    s.queue.push_back(std::move(line));
    s.bytes += size;
    ++s.waiting;
    const std::uint64_t number = ++s.accepted;
    if (s.idle) s.work.notify_one();
    if (what == decision::queue_and_wait) s.wait_for(lock, number);
}

void line_writer::set_format(formatter format) {
    auto next = std::make_shared<const formatter>(std::move(format));
    const std::lock_guard lock(state_->mutex);
    state_->format.swap(next);  // the old one goes without the lock
}

bool line_writer::flush(std::chrono::milliseconds most) {
    state& s = *state_;
    std::unique_lock lock(s.mutex);
    if (!s.threaded) {
        lock.unlock();
        try {
            s.to->flush();
        } catch (...) {
            // put() will say so
        }
        return true;
    }
    const std::uint64_t which = s.accepted;
    if (s.clean >= which || s.ended || s.own == std::this_thread::get_id()) return s.clean >= which;
    s.flush_asked = std::max(s.flush_asked, which);
    s.work.notify_one();
    ++s.sync_waiters;
    s.progress.wait_for(lock, most, [&] { return s.clean >= which || s.ended; });
    --s.sync_waiters;
    return s.clean >= which;
}

bool line_writer::is_over() const noexcept {
    const std::lock_guard lock(state_->mutex);
    return state_->guard.is_over();
}

overload line_writer::limits() const {
    const std::lock_guard lock(state_->mutex);
    return state_->guard.limits();
}

handler_counts line_writer::counts() const {
    const state& s = *state_;
    const std::lock_guard lock(s.mutex);
    return {s.written, s.guard.dropped(), s.guard.burst(), s.guard.flushed(),
            s.failed,  s.guard.kills(),   s.waiting};
}

}  // namespace rakka::log
