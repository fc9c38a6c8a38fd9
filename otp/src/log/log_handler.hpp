// A handler: filters, puts into words, and has a thread of its own write.
#pragma once

#include "log/log_overload.hpp"

#include <rakka/otp/log_handlers.hpp>
#include <rakka/otp/logger.hpp>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace rakka::log {

/// Named filters in their order, and what is said when none of them says anything. Never changes: a change is
/// a new one, so that events in the middle of it see the old one.
struct filter_chain {
    std::vector<std::pair<atom, filter>> filters{};
    verdict otherwise = verdict::log;

    [[nodiscard]] bool has(atom name) const noexcept;
    [[nodiscard]] std::vector<atom> names() const;
    /// False: there is one with this name, or none.
    bool add(atom name, const filter& f);
    bool remove(atom name);
};
using filter_chain_ptr = std::shared_ptr<const filter_chain>;

/// Puts what `change` makes of a copy of the chain in the chain's place, if it says so. Filters are the
/// user's: copied and destroyed without the lock. `change` may be called several times.
bool replace(std::mutex& mutex, filter_chain_ptr& chain, const std::function<bool(filter_chain&)>& change);

/// How long a handler that ends may still write.
inline constexpr std::chrono::seconds patience(5);

/// What an event's way through a chain has come to.
struct filtered {
    bool passes = false;
    atom failed{};      ///< a filter that has thrown, and was left out
    std::string why{};  ///< what it threw
};
[[nodiscard]] filtered apply(const filter_chain& chain, log_event& event);

/// Writes lines in a thread of its own, none of which it lets wait for ever. Every function: any thread.
class line_writer {
public:
    /// Without a thread (in a simulation) put() writes.
    line_writer(std::string name, std::unique_ptr<sink> to, formatter format, const overload& limits,
                bool threaded);
    /// Never waits: a thread that has not been closed ends by itself when it has written all.
    ~line_writer();
    line_writer(const line_writer&) = delete;
    line_writer& operator=(const line_writer&) = delete;

    /// Puts the event into words, unless it would be dropped, and queues it. May wait, see overload; where it
    /// would and may not the event is dropped.
    void put(const log_event& event, bool may_wait);
    /// It was overloaded and is not to be started again.
    [[nodiscard]] bool is_over() const noexcept;
    void set_format(formatter format);
    /// False when not all was written and the sink flushed within that time.
    bool flush(std::chrono::milliseconds most);
    /// Writes what is accepted and ends the thread; one that is not done by then is left to itself. Called in
    /// that thread it does not wait. Once.
    void close(std::chrono::steady_clock::time_point until) noexcept;
    [[nodiscard]] bool is_own_thread() const noexcept;
    [[nodiscard]] overload limits() const;
    [[nodiscard]] handler_counts counts() const;

private:
    struct state;
    void put_here(const log_event& event);
    const std::shared_ptr<state> state_;  // the thread has a share: a sink that hangs may outlast this
    std::thread thread_;
};

/// One handler of a logger. What it is like changes under its lock; every function: any thread.
class handler {
public:
    handler(atom id, std::unique_ptr<sink> to, handler_options how, bool threaded);
    handler(atom id, log_sink function, handler_options how);
    ~handler() = default;
    handler(const handler&) = delete;
    handler& operator=(const handler&) = delete;

    /// What is to be done about the handler afterwards, if anything.
    struct outcome {
        atom failed_filter{};  ///< it was removed
        bool failed = false;   ///< remove the handler: the function has thrown, or it is overloaded for good
        std::string why{};
    };
    /// Takes an event that the logger has let through. Never throws because of what a user's function throws.
    [[nodiscard]] outcome take(const log_event& event);

    [[nodiscard]] atom id() const noexcept { return id_; }
    void set_level(log_level level);
    bool set_format(formatter format);
    void set_filter_default(verdict what);
    bool add_filter(atom name, filter f);
    bool remove_filter(atom name);
    bool flush(std::chrono::milliseconds most);
    /// Lets no further event in, waits for those under way and has the rest written, five seconds at most:
    /// what the handler calls is not used any more after it. Called from within the handler it does not wait
    /// for its caller. Once, by whoever has removed it: others that still hold a share never wait.
    void close() noexcept;
    /// Lets no further event in.
    void stop() noexcept;
    [[nodiscard]] handler_config config() const;

private:
    class call;
    void give(const log_event& event, outcome& out);

    const atom id_;
    const log_sink function_;     // in place of a writer
    const bool may_end_ = false;  // by overload_kill_enable, and for good
    const std::unique_ptr<line_writer> writer_;
    mutable std::mutex mutex_;
    log_level level_;  // guarded by mutex_, as are
    filter_chain_ptr chain_;
    bool closed_ = false;
    std::vector<std::thread::id> callers_;  // of take(), which never gives way: each stays on its thread
    std::condition_variable call_ended_;
};

}  // namespace rakka::log
