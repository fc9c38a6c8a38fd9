// The process that shows what a trace has seen, and the one trace of a system.
#pragma once

#include "trace/trace_session.hpp"

#include <memory>
#include <mutex>

namespace rakka::detail {

/// One per system. Functions: any thread.
class trace_desk {
public:
    explicit trace_desk(system& s) noexcept : system_(s) {}
    [[nodiscard]] static std::shared_ptr<trace_desk> of(system& s);

    /// `session` takes the place of the one before, which ends. It watches births and exported functions if
    /// it is to; those who live already are the caller's business.
    void begin(const std::shared_ptr<trace_session>& session, const pid& tracer);
    /// The tracer of `session` has ended.
    void end(const trace_session& session) noexcept;
    /// Ends the trace under way.
    void clear() noexcept;
    [[nodiscard]] std::optional<pid> tracer() const;

private:
    system& system_;
    mutable std::mutex mutex_;  // guards the rest
    std::shared_ptr<trace_session> session_;
    pid tracer_;
};

/// Starts the tracer of `session`, which waits for its first event. Owner process.
[[nodiscard]] pid start_tracer(const std::shared_ptr<trace_session>& session);

/// What find() of the system's exports gives while `session` is under way.
[[nodiscard]] std::shared_ptr<const std::function<term(const std::vector<term>&)>> seen_function(
    const std::shared_ptr<trace_session>& session, const trace::function_pattern& name,
    const std::shared_ptr<const std::function<term(const std::vector<term>&)>>& found);

}  // namespace rakka::detail
