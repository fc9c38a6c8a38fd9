// This program is linked with rakka::thread_warnings.
#include "actors_support.hpp"

#include <rakka/actors.hpp>

#include <gmock/gmock.h>

#include <future>
#include <mutex>
#include <pthread.h>
#include <thread>
#include <vector>

namespace rakka::testing {

namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Keeps what a system says.
class kept_log {
public:
    [[nodiscard]] log_sink sink() {
        return [this](const log_event& e) {
            const std::lock_guard lock(mutex_);
            events_.push_back(e);
        };
    }
    [[nodiscard]] std::vector<log_event> take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(events_, {});
    }
    [[nodiscard]] std::vector<std::string> texts() {
        std::vector<std::string> out;
        for (const log_event& e : take())
            out.push_back(e.text);
        return out;
    }

private:
    std::mutex mutex_;
    std::vector<log_event> events_;
};

void make_a_thread() {
    std::thread([] {}).join();
}

class thread_warnings : public ::testing::TestWithParam<mode> {
protected:
    [[nodiscard]] system_options options(bool disable = false) {
        system_options out = GetParam().options;
        out.log = log.sink();
        out.disable_warnings = disable;
        return out;
    }
    kept_log log;  // outlives the systems
};
INSTANTIATE_TEST_SUITE_P(modes, thread_warnings, ::testing::ValuesIn(all_modes), mode_name);

TEST_P(thread_warnings, a_thread_made_inside_a_process_is_told_of_with_the_processs_name) {
    rakka::system sys(options());
    pid who;
    sys.run([&who] {
        const auto [maker, ref] = spawn_monitor(make_a_thread, {.name = "maker"_a});
        who = maker;
        static_cast<void>(down_reason(ref));
    });
    const auto events = log.take();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].level, log_level::warning);
    EXPECT_EQ(events[0].process, who);
    EXPECT_THAT(events[0].text, AllOf(HasSubstr(text(term(who)) + " (maker) has made a thread"),
                                      HasSubstr("disable_warnings")));
}

TEST_P(thread_warnings, each_way_of_making_a_thread_is_seen_and_still_makes_it) {
    rakka::system sys(options());
    sys.run([] {
        int here = 0;
        std::thread([&here] { here = 1; }).join();
        EXPECT_EQ(here, 1);
        EXPECT_EQ(std::async(std::launch::async, [] { return 2; }).get(), 2);
        pthread_t made{};
        int given = 3;
        ASSERT_EQ(pthread_create(
                      &made, nullptr, [](void* p) { return p; }, &given),
                  0);
        void* got = nullptr;
        pthread_join(made, &got);
        EXPECT_EQ(got, &given);
    });
    EXPECT_EQ(log.take().size(), 3U);
}

class makes_threads final : public message_handler {
    next init() override {
        make_a_thread();
        return next::wait();
    }
    next handle(term) override {
        make_a_thread();
        return next::stop("normal"_a);
    }
};

TEST_P(thread_warnings, callbacks_are_process_code) {
    rakka::system sys(options());
    sys.run([] {
        const pid p = spawn(std::make_unique<makes_threads>());
        const reference ref = monitor(p);
        send(p, "go"_a);
        static_cast<void>(down_reason(ref));
    });
    EXPECT_EQ(log.take().size(), 2U);
}

TEST_P(thread_warnings, a_thread_that_failed_to_start_is_none) {
    rakka::system sys(options());
    sys.run([] {
        pthread_attr_t impossible;
        pthread_attr_init(&impossible);
        // More than there is room for addresses.
        ASSERT_EQ(pthread_attr_setstacksize(&impossible, std::size_t{1} << 47), 0);
        pthread_t none{};
        EXPECT_NE(pthread_create(
                      &none, &impossible, [](void* p) { return p; }, nullptr),
                  0);
        pthread_attr_destroy(&impossible);
    });
    EXPECT_THAT(log.texts(), IsEmpty());
}

TEST_P(thread_warnings, outside_of_processes_and_in_blocking_there_is_nothing_to_tell) {
    rakka::system sys(options());
    make_a_thread();
    sys.run([] { blocking(make_a_thread); });
    make_a_thread();
    EXPECT_THAT(log.texts(), IsEmpty());
}

TEST_P(thread_warnings, the_runtimes_own_threads_are_not_told_of) {
    rakka::system sys(options());
    sys.run([] {
        // Threads of the side pool, many at a time. The processes have stacks of their own when they call, so
        // that the worker goes straight on to the next one, which is not the one that the thread is made for.
        std::vector<monitored_process> all;
        for (int i = 0; i < 50; ++i) {
            all.push_back(spawn_monitor([] {
                static_cast<void>(next_message());
                blocking([] { std::this_thread::yield(); });
            }));
        }
        yield();  // they wait now
        for (const auto& one : all)
            send(one.pid, "go"_a);
        for (const auto& one : all)
            static_cast<void>(down_reason(one.ref));
        // Workers of a system inside another one's process.
        const rakka::system inner({.workers = 2});
    });
    EXPECT_THAT(log.texts(), IsEmpty());
}

TEST_P(thread_warnings, disabled_by_an_option_or_at_any_time) {
    {
        rakka::system silent(options(true));
        silent.run(make_a_thread);
        EXPECT_THAT(log.texts(), IsEmpty());
        silent.disable_warnings(false);
        silent.run(make_a_thread);
        EXPECT_EQ(log.take().size(), 1U);
    }
    rakka::system loud(options());
    loud.disable_warnings();
    loud.run(make_a_thread);
    EXPECT_THAT(log.texts(), IsEmpty());
}

TEST_P(thread_warnings, a_process_that_makes_threads_for_ever_does_not_fill_the_log) {
    rakka::system sys(options());
    sys.run([] {
        for (int i = 0; i < 60; ++i)
            make_a_thread();
    });
    const auto texts = log.texts();
    ASSERT_EQ(texts.size(), 20U);
    EXPECT_THAT(texts.back(), HasSubstr("no more of these"));
    EXPECT_THAT(texts.front(), ::testing::Not(HasSubstr("no more of these")));
}

TEST_P(thread_warnings, a_sink_that_makes_threads_is_not_warned_of_itself) {
    system_options o = options();
    o.log = [this, keep = log.sink()](const log_event& e) {
        keep(e);
        make_a_thread();
    };
    rakka::system sys(std::move(o));
    sys.run(make_a_thread);
    EXPECT_EQ(log.take().size(), 1U);
}

}  // namespace
}  // namespace rakka::testing
