// The one shutdown of a system: who asked for it, its hooks, and the process that carries it out.
#pragma once

#include "shutdown/shutdown_plan.hpp"

#include <rakka/actors/layers.hpp>
#include <rakka/otp/shutdown.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

namespace rakka::detail {

/// Any thread.
class shutdown_service {
public:
    explicit shutdown_service(system& s);
    shutdown_service(const shutdown_service&) = delete;
    shutdown_service& operator=(const shutdown_service&) = delete;

    [[nodiscard]] static std::shared_ptr<shutdown_service> of(system& s) {
        return attached<shutdown_service>(s);
    }

    /// From now on peers may ask for the shutdown.
    void answer_peers();
    std::uint64_t add(std::function<void()> f, shutdown_hook about);
    bool remove(std::uint64_t number);
    /// For signals and peers.
    void set_usual_timeout(std::chrono::milliseconds t);
    bool request(shutdown_options options);
    /// The same with the usual timeout.
    bool request_as_usual(std::string reason, int status);
    [[nodiscard]] bool requested() const;
    [[nodiscard]] std::optional<shutdown_report> report() const;

    /// Blocks until somebody asks; how long it may take.
    [[nodiscard]] std::chrono::milliseconds wait_for_request();
    /// Blocks until the last step is over; false when it is not in time. What is there of the report is kept
    /// then, and what comes later is not.
    bool wait_until_over(std::chrono::nanoseconds limit);
    void set_abandoned(std::size_t processes);

private:
    enum class phase : std::uint8_t { idle, under_way, over };

    [[nodiscard]] bool begin(std::unique_lock<std::mutex>& lock, shutdown_options options);
    void plan_own_steps();
    void carry_out(std::chrono::nanoseconds deadline);
    [[nodiscard]] shutdown_step carry_out(const planned_step& step, std::chrono::nanoseconds share);
    void record(shutdown_step step);
    void kill_all_others();
    void finish(bool all_steps);

    system& system_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    // Guarded by mutex_:
    phase phase_ = phase::idle;
    shutdown_plan plan_;
    shutdown_options options_;
    std::chrono::milliseconds usual_timeout_ = shutdown_policy{}.timeout;
    shutdown_report report_;
};

}  // namespace rakka::detail
