// One trace from its start to its end: chooses processes, counts what they do, puts it into words and keeps
// that for the tracer.
#pragma once

#include <rakka/actors/process_watch.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/otp/trace.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rakka::detail {

/// Whom a trace is about, once names have been looked up.
struct trace_selection {
    bool existing = false;
    bool born = false;
    std::vector<pid> chosen{};    ///< in the local form, in any order
    std::vector<atom> modules{};  ///< their processes as well
    std::vector<pid> left_out{};  ///< the tracer and whom it tells
    [[nodiscard]] bool is_everybody() const noexcept { return existing && born; }
};

/// Why a trace has ended.
enum class trace_end : std::uint8_t { none, cleared, limit, rate, sink_gone, sink_behind };
[[nodiscard]] atom name_of(trace_end why);

/// How many events are let through: a decision of numbers and time.
class trace_gate {
public:
    explicit trace_gate(const trace::limit& until) noexcept : until_(until) {}
    enum class decision : std::uint8_t {
        pass,
        pass_as_last,
        stop,  ///< not this one, nor any other
    };
    [[nodiscard]] decision admit(std::chrono::nanoseconds now) noexcept;

private:
    const trace::limit until_;
    std::size_t count_ = 0;  // in the window
    std::optional<std::chrono::nanoseconds> begin_{};
};

/// Shared by the tracer and all who are traced. Functions: any thread, unless said otherwise; none waits, but
/// for the lock, which nobody holds for longer than it takes to move some pointers.
class trace_session final : public process_watch {
public:
    /// What the tracer shows of an event: one of the two.
    struct shown {
        pid process;
        std::chrono::system_clock::time_point time;
        std::string line;  ///< without its end
        term whole;
        std::size_t size = 0;  ///< what it costs while it waits
    };

    trace_session(system& s, const trace::limit& until, trace::options how, trace::functions calls);
    /// Before anybody is traced.
    void choose(trace_selection whom, const pid& tracer);

    // -- of the processes that are traced. Owner.
    [[nodiscard]] choice chooses(const candidate& who) noexcept override;
    void sent(const term& to, term_view message, bool exists) noexcept override;
    void received(term_view message) noexcept override;

    [[nodiscard]] bool traces_messages() const noexcept { return calls_.empty(); }
    [[nodiscard]] bool traces_calls() const noexcept { return !calls_.empty(); }
    /// Whether any function of the module is traced, or this one.
    [[nodiscard]] bool wants(atom module) const noexcept;
    [[nodiscard]] bool wants(atom module, atom function, std::size_t arity) const noexcept;
    [[nodiscard]] bool wants_returns() const noexcept { return how_.return_values; }
    /// Whether the calls of the calling process are shown.
    [[nodiscard]] bool covers_caller() const noexcept;
    void called(const trace::function_pattern& f, const std::vector<term>& arguments) noexcept;
    void returned(const trace::function_pattern& f, const term& value) noexcept;
    void failed(const trace::function_pattern& f, const term& reason) noexcept;

    // -- of the tracer
    [[nodiscard]] const trace::options& how() const noexcept { return how_; }
    [[nodiscard]] const trace_selection& whom() const noexcept { return whom_; }
    /// What has come since the last call, the oldest first. It still counts as waiting: see let_go().
    [[nodiscard]] std::vector<shown> take();
    /// One of these has been shown.
    void let_go(const shown& what) noexcept;
    /// No event passes any more; the first reason counts.
    void close(trace_end why) noexcept;
    /// Likewise, and what waits is not to be shown, whatever has ended the trace before.
    void clear() noexcept;
    /// The tracer has ended: nothing waits any more. Idle processes keep the session until they look at it.
    void abandon() noexcept;
    /// Why it has ended, once everything that had passed is here.
    [[nodiscard]] trace_end ended() const noexcept;
    /// Nothing is to be shown any more.
    [[nodiscard]] bool is_cleared() const noexcept;
    /// Events that found no room.
    [[nodiscard]] std::uint64_t dropped() const noexcept;

private:
    void call_event(trace::event::kind what, const trace::function_pattern& f, const term& value) noexcept;
    void record(trace::event& e) noexcept;
    [[nodiscard]] bool matches(const trace::event& e) const noexcept;
    [[nodiscard]] bool admit() noexcept;
    [[nodiscard]] static std::size_t copied_bytes(const trace::event& e);
    [[nodiscard]] shown shape(const trace::event& e) const;
    [[nodiscard]] static std::size_t size_of(const shown& what);
    void settle(shown* what) noexcept;
    void wake() noexcept;
    [[nodiscard]] bool has_left_out(const pid& p) const noexcept;

    system& system_;
    const trace::options how_;
    const trace::functions calls_;
    trace_selection whom_;
    pid tracer_;
    mutable std::mutex mutex_;  // guards the rest
    trace_gate gate_;
    std::vector<shown> queue_;
    std::size_t bytes_ = 0;                              // of the queue, and with the tracer
    std::uint64_t passed_ = 0, done_ = 0, dropped_ = 0;  // done: in the queue, or dropped
    bool woken_ = false;                                 // the tracer has a message to look
    bool abandoned_ = false;
    trace_end ended_ = trace_end::none;
};

/// The time of an event: virtual in a simulation.
[[nodiscard]] std::chrono::system_clock::time_point trace_now(system& s) noexcept;

}  // namespace rakka::detail
