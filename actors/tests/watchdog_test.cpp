// Processes that keep their worker for too long are named in the log.
#include "actors_support.hpp"
#include "engine/scheduler_state.hpp"
#include "system_core.hpp"

#include <rakka/actors/log.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

namespace rakka::testing {
namespace {

/// A log that can be waited on.
class notebook {
public:
    [[nodiscard]] log_sink sink() {
        return [this](const log_event& e) {
            const std::lock_guard lock(mutex_);
            events_.push_back(e);
            written_.notify_all();
        };
    }
    /// Blocks until something has been said about p at least n times.
    void await(const pid& p, std::size_t n) {
        std::unique_lock lock(mutex_);
        written_.wait(lock, [&] { return about(p).size() >= n; });
    }
    /// What has been said about p.
    [[nodiscard]] std::vector<log_event> of(const pid& p) {
        const std::lock_guard lock(mutex_);
        return about(p);
    }

private:
    [[nodiscard]] std::vector<log_event> about(const pid& p) const {
        std::vector<log_event> out;
        for (const log_event& e : events_)
            if (e.process == p) out.push_back(e);
        return out;
    }

    std::mutex mutex_;
    std::condition_variable written_;
    std::vector<log_event> events_;  // guarded by mutex_
};

TEST(watchdog, names_a_process_while_it_holds_the_only_worker) {
    notebook log;
    rakka::system sys({.workers = 1, .long_schedule = 10ms, .log = log.sink()});
    pid holder;
    sys.run([&] {
        holder = self();
        this_system().register_name("holder"_a, holder).value();
        log.await(holder, 1);
    });
    const log_event e = log.of(holder).front();
    EXPECT_EQ(e.level, log_level::warning);
    EXPECT_EQ(e.text.find("process " + text(holder) + " (holder) has held worker 0 for "), 0U) << e.text;
}

TEST(watchdog, says_it_once_a_turn) {
    notebook log;
    rakka::system sys({.workers = 2, .long_schedule = 10ms, .log = log.sink()});
    sys.run([&] {
        const pid first = self();
        log.await(first, 1);
        // One that began later has been told of, so the first has been looked at again.
        const pid second = spawn([&] { log.await(self(), 1); });
        log.await(second, 1);
        EXPECT_EQ(log.of(first).size(), 1U);
        yield();
        log.await(first, 2);
    });
}

TEST(watchdog, wakes_up_when_the_workers_do) {
    notebook log;
    rakka::system sys({.workers = 1, .long_schedule = 2ms, .log = log.sink()});
    for (int i = 0; i < 3; ++i) {
        sys.run([&] {
            static_cast<void>(receive_if([](term_view) { return false; }, 20ms));  // all sleep for long
            log.await(self(), 1);
        });
    }
}

TEST(watchdog, may_be_left_out) {
    notebook log;
    rakka::system sys({.workers = 1, .long_schedule = 0ms, .log = log.sink()});
    pid holder;
    sys.run([&] {
        holder = self();
        EXPECT_EQ(sys.core().scheduling().internals().dog, nullptr);
    });
    EXPECT_TRUE(log.of(holder).empty());
}

TEST(watchdog, a_sink_that_throws_harms_nobody) {
    std::atomic<int> calls{0};
    rakka::system sys({.workers = 1, .long_schedule = 2ms, .log = [&](const log_event&) {
                           ++calls;
                           calls.notify_all();
                           throw 1;
                       }});
    sys.run([&] { calls.wait(0); });
    sys.run([&] { calls.wait(1); });
}

}  // namespace
}  // namespace rakka::testing
