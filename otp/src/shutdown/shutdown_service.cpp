#include "shutdown/shutdown_service.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace rakka::detail {
namespace {

using std::chrono::nanoseconds;

constexpr auto look_interval = std::chrono::milliseconds(10);
/// A part is drained when nothing was left for so long: the answer to who has asked for the shutdown is still
/// being made.
constexpr auto quiet_time = std::chrono::milliseconds(200);
/// Of the processes that are killed in the end, for those that are left after the first time.
constexpr int kill_rounds = 100;

double seconds(nanoseconds t) {
    return std::chrono::duration<double>(t).count();
}

void wait(nanoseconds t) {
    static_cast<void>(receive_if([](term_view) { return false; }, t));
}

/// With a thread of its own, so that it holds up nobody and nobody holds it up; without one where there is
/// none.
template <class Spawn>
auto spawn_apart(const system& s, Spawn&& spawn_with) {
    spawn_options options{.threaded = s.mode() == runtime_mode::green};
    try {
        return spawn_with(options);
    } catch (const process_exit&) {
        options.threaded = false;
        return spawn_with(options);
    } catch (const boost::system::system_error&) {
        options.threaded = false;
        return spawn_with(options);
    }
}

std::size_t unfinished(system& s) {
    std::size_t sum = 0;
    for (const auto& part : parts_of(s))
        sum += part->unfinished();
    return sum;
}

}  // namespace

shutdown_service::shutdown_service(system& s) : system_(s) {}

void shutdown_service::answer_peers() {
    set_stop_handler(system_, [this](const stop_request& r) { request_as_usual(r.reason, r.status); });
}

std::uint64_t shutdown_service::add(std::function<void()> f, shutdown_hook about) {
    const std::lock_guard lock(mutex_);
    return plan_.add(std::move(about), std::move(f));
}

bool shutdown_service::remove(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    return plan_.remove(number);
}

void shutdown_service::set_usual_timeout(std::chrono::milliseconds t) {
    const std::lock_guard lock(mutex_);
    usual_timeout_ = t;
}

bool shutdown_service::request(shutdown_options options) {
    std::unique_lock lock(mutex_);
    return begin(lock, std::move(options));
}

bool shutdown_service::request_as_usual(std::string reason, int status) {
    std::unique_lock lock(mutex_);
    return begin(lock, {usual_timeout_, std::move(reason), status});
}

bool shutdown_service::begin(std::unique_lock<std::mutex>& lock, shutdown_options options) {
    if (phase_ != phase::idle) return false;
    phase_ = phase::under_way;
    options_ = std::move(options);
    report_.reason = options_.reason;
    report_.status = options_.status;
    const auto deadline = system_.now() + bounded_wait(options_.timeout);
    lock.unlock();
    changed_.notify_all();
    rakka::report(system_, log_level::notice,
                  fmt::format("shutting down{}{}", report_.reason.empty() ? "" : ": ", report_.reason));
    plan_own_steps();
    try {
        spawn_apart(system_, [&](const spawn_options& how) {
            // rakka-lint: allow(reference-capture) a part of the system, which outlives its processes
            return system_.spawn([this, deadline] { carry_out(deadline); }, how);
        });
    } catch (const std::exception& e) {
        rakka::report(system_, log_level::error, fmt::format("no hooks are run: {}", e.what()));
        finish(false);
    }
    return true;
}

/// The steps that nobody has to ask for.
void shutdown_service::plan_own_steps() {
    const auto parts = parts_of(system_);
    const std::lock_guard lock(mutex_);
    for (const auto& part : parts) {
        const std::string name = part->name();
        const std::weak_ptr weak(part);
        plan_.add({.name = "no new peers of " + name, .stage = shutdown_stage::stop_accepting}, [weak] {
            if (const auto p = weak.lock()) p->stop_accepting();
        });
        plan_.add({.priority = std::numeric_limits<int>::min(), .name = "closing " + name}, [weak] {
            if (const auto p = weak.lock()) p->close();
        });
    }
    plan_.add({.name = "draining", .stage = shutdown_stage::drain}, [this] {
        if (parts_of(system_).empty()) return;
        for (auto quiet_since = system_.now(); system_.now() - quiet_since < quiet_time;) {
            if (unfinished(system_) != 0) quiet_since = system_.now();
            wait(look_interval);
        }
    });
}

bool shutdown_service::requested() const {
    const std::lock_guard lock(mutex_);
    return phase_ != phase::idle;
}

std::optional<shutdown_report> shutdown_service::report() const {
    const std::lock_guard lock(mutex_);
    return phase_ == phase::over ? std::optional(report_) : std::nullopt;
}

std::chrono::milliseconds shutdown_service::wait_for_request() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return phase_ != phase::idle; });
    return options_.timeout;
}

bool shutdown_service::wait_until_over(nanoseconds limit) {
    std::unique_lock lock(mutex_);
    const bool in_time =
        changed_.wait_for(lock, std::min(limit, longest_wait), [&] { return phase_ == phase::over; });
    phase_ = phase::over;
    return in_time;
}

void shutdown_service::set_abandoned(std::size_t processes) {
    const std::lock_guard lock(mutex_);
    report_.abandoned = processes;
}

// -- the process that does it

void shutdown_service::carry_out(nanoseconds deadline) {
    // Also when system::stop() kills this process.
    struct at_the_end {
        shutdown_service& self;
        bool all_steps = false;
        ~at_the_end() { self.finish(all_steps); }
    } end{*this};
    for (;;) {
        std::unique_lock lock(mutex_);  // rakka-lint: allow(lock) held for steps that never wait
        const std::size_t steps = plan_.size();
        const auto step = plan_.next();
        lock.unlock();
        if (!step) break;
        record(carry_out(*step, share_of(deadline - system_.now(), steps)));
    }
    kill_all_others();
    end.all_steps = true;
}

shutdown_step shutdown_service::carry_out(const planned_step& step, nanoseconds share) {
    shutdown_step out{step.about.name, step.about.stage, step_outcome::done, {}};
    const auto begun = system_.now();
    try {
        const auto [who, ref] = spawn_apart(system_, [&](const spawn_options& how) {
            return spawn_monitor([run = step.run] { run(); }, how);
        });
        const auto down = receive_if([&, r = ref](term_view m) { return is_down(r, m); }, share);
        if (!down) {
            demonitor(ref, {.flush = true});
            out.outcome = step_outcome::passed_over;
        } else if (const term_view reason = down->tuple()[4]; !reason.is_atom(atoms::known<"normal">)) {
            out.outcome = step_outcome::failed;
            out.why = reason.to_string();
        }
    } catch (const process_exit& no_process) {
        if (ended_by_signal()) throw;
        out.outcome = step_outcome::failed;
        out.why = no_process.reason.to_string();
    }
    out.took = system_.now() - begun;
    return out;
}

void shutdown_service::record(shutdown_step step) {
    if (step.outcome == step_outcome::passed_over) {
        rakka::report(system_, log_level::error,
                      fmt::format("shutdown, {}: \"{}\" has not ended after {:.3f} s and is passed over",
                                  to_string(step.stage), step.name, seconds(step.took)));
    } else if (step.outcome == step_outcome::failed) {
        rakka::report(
            system_, log_level::error,
            fmt::format("shutdown, {}: \"{}\" has failed: {}", to_string(step.stage), step.name, step.why));
    } else {
        rakka::report(system_, log_level::debug,
                      fmt::format("shutdown, {}: \"{}\" took {:.3f} s", to_string(step.stage), step.name,
                                  seconds(step.took)));
    }
    const std::lock_guard lock(mutex_);  // rakka-lint: allow(lock) likewise
    if (phase_ != phase::over) report_.steps.push_back(std::move(step));
}

/// As init does, so that whoever waits for the last process to end goes on.
void shutdown_service::kill_all_others() {
    for (int round = 0; round < kill_rounds && system_.process_count() > 1; ++round) {
        for (const pid& p : system_.processes())
            if (p != self()) exit(p, atoms::known<"kill">);
        if (system_.process_count() > 1) wait(look_interval);
    }
}

void shutdown_service::finish(bool all_steps) {
    std::unique_lock lock(mutex_);  // rakka-lint: allow(lock) likewise
    if (phase_ == phase::over) return;
    report_.finished = all_steps;
    phase_ = phase::over;
    const shutdown_report now = report_;
    lock.unlock();
    changed_.notify_all();
    const auto count = [&](step_outcome o) {
        return std::count_if(now.steps.begin(), now.steps.end(),
                             [&](const shutdown_step& s) { return s.outcome == o; });
    };
    rakka::report(system_, now.went_well() ? log_level::notice : log_level::error,
                  fmt::format("shutdown {}: {} steps done, {} failed, {} passed over",
                              all_steps ? "is over" : "was broken off", count(step_outcome::done),
                              count(step_outcome::failed), count(step_outcome::passed_over)));
}

}  // namespace rakka::detail
