// What a supervisor's process asks of the part that knows its children. One engine for supervisors whose
// children have ids and an order, others for those whose children are known by pid.
#pragma once

#include "supervisor/child_kind.hpp"
#include "supervisor/restart_intensity.hpp"
#include "supervisor/supervisor_report.hpp"

#include <rakka/otp/metrics.hpp>

#include <optional>
#include <utility>

namespace rakka::detail {

/// What a supervisor does after a child has ended.
enum class verdict : std::uint8_t { go_on, shut_down };

/// Every function runs in the supervisor's process and may block, except where it says that it does not.
class supervisor_engine {
public:
    /// `name`: as in reports, `{local, Name}`, `{global, Name}`, `{via, Module, Name}` or `{Pid, Module}`.
    supervisor_engine(term name, restart_intensity limit)
        : name_(std::move(name)), limit_(std::move(limit)) {}
    virtual ~supervisor_engine() = default;
    supervisor_engine(const supervisor_engine&) = delete;
    supervisor_engine& operator=(const supervisor_engine&) = delete;

    /// Starts what is there from the beginning. A value: the reason why not, and nothing runs any more.
    [[nodiscard]] virtual std::optional<term> start() = 0;
    /// The reply to a call; nothing when there is no such call.
    [[nodiscard]] virtual std::optional<term> answer(const term& request) = 0;
    /// An exit signal from `child`, or from a stranger.
    [[nodiscard]] virtual verdict ended(const pid& child, const term& reason) = 0;
    /// A restart has failed and its turn has come again. `what`: as it was given to try_again_later().
    [[nodiscard]] virtual verdict try_again(const term& what) = 0;
    /// The last thing: every child ends.
    virtual void stop_all() = 0;

    /// Nothing has come for a while, and may not for long. Does not block.
    void rest();

    [[nodiscard]] const restart_intensity& limit() const noexcept { return limit_; }
    [[nodiscard]] const term& name() const noexcept { return name_; }

protected:
    void set_limits(std::int64_t intensity, std::chrono::seconds period) noexcept {
        limit_.set_limits(intensity, period);
    }
    /// Counts a restart. False: it is one too many, and the supervisor has to end.
    [[nodiscard]] bool may_restart();
    /// `fresh` has taken the place of `last` (empty: not known any more): logged and counted.
    void restarted(const term& id, const pid& last, const pid& fresh);

private:
    term name_;
    restart_intensity limit_;
    std::optional<metrics::counter> restarts_;  // from the first restart on
};

/// `normal`, `shutdown` or `{shutdown, _}`.
[[nodiscard]] bool is_orderly(const term& reason) noexcept;
/// What start_child and restart_child answer: `{ok, Pid}`, `{ok, Pid, Info}`, `{ok, undefined}` for ignore,
/// `{error, _}`.
[[nodiscard]] term reply_for(const start_answer& answer);
/// `{restarting, Pid}`, or `{restarting, undefined}` when it had no process.
[[nodiscard]] term restarting(const pid& last);

}  // namespace rakka::detail
