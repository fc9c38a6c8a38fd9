#include "shutdown/shutdown_service.hpp"
#include "shutdown/shutdown_signals.hpp"

#include <rakka/actors/inspection.hpp>
#include <rakka/actors/own_threads.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/otp/logger.hpp>
#include <rakka/otp/shutdown.hpp>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <utility>

namespace rakka {

using namespace detail;

std::string_view to_string(shutdown_stage stage) noexcept {
    switch (stage) {
        case shutdown_stage::stop_accepting:
            return "stop accepting";
        case shutdown_stage::drain:
            return "drain";
        case shutdown_stage::applications:
            return "applications";
        case shutdown_stage::hooks:
            return "hooks";
    }
    return "unknown";
}

namespace {

/// For who wants the program to be shut down some day.
shutdown_service& service_in_use(system& s) {
    shutdown_service& it = *shutdown_service::of(s);
    it.answer_peers();
    return it;
}

}  // namespace

std::uint64_t on_shutdown(system& s, std::function<void()> f, shutdown_hook about) {
    return service_in_use(s).add(std::move(f), std::move(about));
}
std::uint64_t on_shutdown(std::function<void()> f, shutdown_hook about) {
    return on_shutdown(this_system(), std::move(f), std::move(about));
}
bool remove_shutdown_hook(system& s, std::uint64_t number) {
    return shutdown_service::of(s)->remove(number);
}

bool graceful_shutdown(system& s, const shutdown_options& options) {
    return service_in_use(s).request(options);
}
bool graceful_shutdown(const shutdown_options& options) {
    return graceful_shutdown(this_system(), options);
}
bool is_shutting_down(system& s) {
    return shutdown_service::of(s)->requested();
}

std::optional<shutdown_report> report_of_shutdown(system& s) {
    return shutdown_service::of(s)->report();
}

bool shutdown_report::went_well() const noexcept {
    return finished && abandoned == 0 && std::all_of(steps.begin(), steps.end(), [](const shutdown_step& s) {
               return s.outcome == step_outcome::done;
           });
}

int shutdown_report::exit_status() const noexcept {
    return status == 0 && !went_well() ? 1 : status;
}

namespace {

using std::chrono::nanoseconds;

/// Ends the program when this is not gone in time: nothing else ends a thread that computes.
class last_resort {
public:
    last_resort(system& s, nanoseconds limit)
        : thread_([this, &s, limit] {
              std::unique_lock lock(mutex_);
              if (!over_.wait_for(lock, limit, [this] { return ended_; })) end_program(s);
          }) {}
    ~last_resort() {
        {
            const std::lock_guard lock(mutex_);
            ended_ = true;
        }
        over_.notify_all();
        thread_.join();
    }
    last_resort(const last_resort&) = delete;
    last_resort& operator=(const last_resort&) = delete;

private:
    /// Without flushing anything but the log: whatever else is locked by those that compute.
    [[noreturn]] static void end_program(system& s) noexcept {
        constexpr std::string_view why = "processes still compute: the program is ended by force";
        constexpr std::string_view line =
            "[rakka error] processes still compute: the program is ended by force\n";
        try {
            report(s, log_level::error, std::string(why));
            if (log_receiver_of(s) != nullptr)
                log::flush(s, std::chrono::milliseconds(500));  // its handlers write on threads of their own
        } catch (...) {
            // the program ends all the same
        }
        // A handler that is behind may have kept it to itself.
        static_cast<void>(!::write(STDERR_FILENO, line.data(), line.size()));
        std::_Exit(1);
    }

    std::mutex mutex_;
    std::condition_variable over_;
    bool ended_ = false;  // guarded by mutex_
    std::thread thread_;
};

std::string name_of_signal(int signal) {
    return signal == SIGTERM ? "SIGTERM" : "SIGINT";
}

void simulate_until_over(system& s, shutdown_service& service) {
    constexpr auto step = std::chrono::milliseconds(100);
    constexpr auto patience = std::chrono::hours(24 * 365);
    while (!service.report()) {
        if (s.run_for(step) != 0 || service.report()) continue;
        if (s.run_until_idle(step) == 0 && !service.requested() && s.run_until_idle(patience) == 0)
            throw std::logic_error("rakka: the simulation is stuck: nobody asks for a shutdown");
    }
}

}  // namespace

int run_until_shutdown(system& s, const shutdown_policy& policy) {
    shutdown_service* const service = &service_in_use(s);
    service->set_usual_timeout(policy.timeout);
    const bool simulated = statistics_of(s).simulated;
    std::optional<shutdown_signals> signals;  // before anything runs that could ask for one
    if (policy.signals && !simulated)
        signals.emplace([&](int signal) { service->request_as_usual(name_of_signal(signal), 0); });
    s.start();
    if (simulated) {
        simulate_until_over(s, *service);
        service->set_abandoned(s.stop(bounded_wait(policy.grace)));
        return service->report()->exit_status();
    }
    const auto timeout = service->wait_for_request();
    if (!service->wait_until_over(bounded_wait(timeout, policy.grace)))
        report(s, log_level::error, "the shutdown itself was given no time to run: going on without it");
    {
        const last_resort limit(s, bounded_wait(policy.grace, std::chrono::milliseconds(500)));
        service->set_abandoned(s.stop(bounded_wait(policy.grace)));
    }
    return service->report()->exit_status();
}

}  // namespace rakka
