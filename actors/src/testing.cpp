#include "engine/scheduler_state.hpp"
#include "system_core.hpp"

#include <rakka/actors/handler.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/testing.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace rakka::testing {

namespace {

using std::chrono::nanoseconds;

bool is_simulation(system& s) noexcept {
    return s.core().scheduling().simulated();
}

}  // namespace

// -- conditions
// --------------------------------------------------------------------------------------------------------

bool detail::wait_until(test_condition condition, void* arg, nanoseconds timeout, nanoseconds interval) {
    const nanoseconds begin = this_system().now();
    for (;;) {
        if (condition(arg)) return true;
        const nanoseconds left = timeout - (this_system().now() - begin);
        if (left.count() <= 0) return false;
        static_cast<void>(receive_if([](term_view) { return false; }, std::min(left, interval)));
    }
}

bool detail::wait_until(system& s, test_condition condition, void* arg, nanoseconds timeout,
                        nanoseconds interval) {
    const nanoseconds begin = s.now();
    const bool simulated = is_simulation(s);
    if (simulated) s.run_ready();
    for (;;) {
        if (condition(arg)) return true;
        const nanoseconds left = timeout - (s.now() - begin);
        if (left.count() <= 0) return false;
        if (simulated) {
            // Nothing happens before the next timer.
            const nanoseconds next = s.core().scheduling().internals().next_timer() - s.now();
            s.run_for(std::min(left, std::max<nanoseconds>(next, std::chrono::microseconds(1))));
        } else {
            std::this_thread::sleep_for(std::min(left, interval));
        }
    }
}

// -- ends
// --------------------------------------------------------------------------------------------------------------

std::optional<term> check_process_exits(const pid& p, nanoseconds timeout) {
    const reference ref = monitor(p);
    const auto down = receive_if(
        ref, [&](term_view m) { return is_down(ref, m); }, timeout);
    if (!down) {
        demonitor(ref, {.flush = true});
        return std::nullopt;
    }
    return down->share(down->tuple()[4]);
}

std::optional<term> check_process_exits(system& s, const pid& p, nanoseconds timeout) {
    struct outcome {
        std::mutex mutex;
        std::optional<term> reason;  // guarded by mutex
    };
    const auto found = std::make_shared<outcome>();
    const pid watcher = s.spawn([=] {
        auto reason = check_process_exits(p, nanoseconds::max());
        const std::lock_guard lock(found->mutex);
        found->reason = std::move(reason);
    });
    const bool ended = wait_until(
        s,
        [&] {
            const std::lock_guard lock(found->mutex);
            return found->reason.has_value();
        },
        timeout);
    if (!ended) s.exit(watcher, atoms::known<"kill">);
    const std::lock_guard lock(found->mutex);
    return found->reason;
}

// -- probes
// ------------------------------------------------------------------------------------------------------------

struct probe::state {
    explicit state(system& s) : home(s) {}

    class receiver final : public message_handler {
    public:
        explicit receiver(std::shared_ptr<state> to) : to_(std::move(to)) {}
        next init() override {
            trap_exit(true);
            return next::wait();
        }
        next handle(term message) override {
            const std::lock_guard lock(to_->mutex);
            to_->messages.push_back(std::move(message));
            to_->arrived.notify_one();
            return next::wait();
        }

    private:
        std::shared_ptr<state> to_;
    };

    /// Guarded by mutex: takes out the first that is wanted.
    std::optional<term> find(bool (*wanted)(void*, term_view), void* arg) {
        const auto at = std::find_if(messages.begin(), messages.end(),
                                     [&](const term& m) { return wanted(arg, m.view()); });
        if (at == messages.end()) return std::nullopt;
        std::optional<term> taken = std::move(*at);
        messages.erase(at);
        return taken;
    }

    system& home;
    rakka::pid self;
    std::mutex mutex;
    std::condition_variable arrived;
    std::deque<term> messages;  // guarded by mutex
};

probe::probe(system& s, const spawn_options& options) : state_(std::make_shared<state>(s)) {
    state_->self = s.spawn(std::make_unique<state::receiver>(state_), options);
}

probe::~probe() {
    state_->home.exit(state_->self, atoms::known<"kill">);
}

const pid& probe::pid() const noexcept {
    return state_->self;
}

std::optional<term> probe::take(bool (*wanted)(void*, term_view), void* arg, nanoseconds timeout) {
    std::optional<term> taken;
    if (is_simulation(state_->home)) {
        static_cast<void>(wait_until(
            state_->home, [&] { return (taken = state_->find(wanted, arg)).has_value(); }, timeout));
        return taken;
    }
    std::unique_lock lock(state_->mutex);
    const auto found = [&] { return (taken = state_->find(wanted, arg)).has_value(); };
    // A day at most: a point of time further off may be none.
    state_->arrived.wait_for(lock, std::min<nanoseconds>(timeout, std::chrono::hours(24)), found);
    return taken;
}

bool probe::expect_nothing(nanoseconds span) {
    if (!is_simulation(state_->home)) {
        const bool came = take([](void*, term_view) { return true; }, nullptr, span).has_value();
        return !came;
    }
    state_->home.run_for(span);
    return state_->messages.empty();
}

}  // namespace rakka::testing
