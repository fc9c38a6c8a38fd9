// When a supervisor hibernates: seen from the restarts that it forgets then, because they are too long ago to
// count. In virtual time.
#include "supervisor/supervisor_support.hpp"

#include <rakka/otp/sys.hpp>

namespace rakka {
namespace {

using enum restart_strategy;

void in_virtual_time(const std::function<void()>& body) {
    rakka::system s({.simulation = true, .log = [](const log_event&) {}});
    s.run([&] {
        trap_exit(true);
        body();
    });
}

void pause(std::chrono::nanoseconds time) {
    static_cast<void>(receive_if([](term_view) { return false; }, time));
}

std::size_t restarts_known(const pid& top) {
    const term state = sys::get_state(top);
    return static_cast<std::size_t>(state.tuple()[7].list().size());
}

/// A child of `top` crashes once, and comes again.
void crash_one(const pid& top) {
    const pid old = supervisor::which_children(top).at(0).process;
    crash(old);
    EXPECT_TRUE(testing::wait_until([&] {
        const auto all = supervisor::which_children(top);
        return all.size() == 1 && all[0].process && all[0].process != old;
    }));
}

/// How many restarts a supervisor knows of when one was some time ago, and then nothing comes for `time`, after a
/// call.
std::size_t known_after(std::chrono::nanoseconds time, supervisor_flags flags,
                        const start_options& options = {}) {
    flags.period = 1s;
    const pid top = supervisor::start_link(flags, {{.id = 1, .start = idle}}, options).value();
    if (flags.strategy == simple_one_for_one) static_cast<void>(supervisor::start_child(top, list()).value());
    crash_one(top);
    EXPECT_EQ(restarts_known(top), 1U);
    for (int i = 0; i < 30; ++i) {  // it is never idle for long until the restart is too old to count
        pause(100ms);
        static_cast<void>(supervisor::count_children(top));
    }
    pause(time);
    const std::size_t known = restarts_known(top);
    crash_one(top);  // it works as before
    EXPECT_EQ(shut_down(top), "shutdown");
    return known;
}

TEST(supervisor_idle_test, a_second_without_work_is_enough) {
    in_virtual_time([] {
        EXPECT_EQ(known_after(900ms, {}), 1U);
        EXPECT_EQ(known_after(1100ms, {}), 0U);
        EXPECT_EQ(known_after(1100ms, {.strategy = rest_for_one}), 0U);
    });
}

TEST(supervisor_idle_test, the_flags_say_another_time_or_never) {
    in_virtual_time([] {
        EXPECT_EQ(known_after(4900ms, {.hibernate_after = 5000ms}), 1U);
        EXPECT_EQ(known_after(5100ms, {.hibernate_after = 5000ms}), 0U);
        EXPECT_EQ(known_after(1ms, {.hibernate_after = 0ms}), 0U);
        EXPECT_EQ(known_after(1h, {.hibernate_after = infinity}), 1U);
    });
}

TEST(supervisor_idle_test, simple_one_for_one_does_not_unless_it_is_said) {
    in_virtual_time([] {
        EXPECT_EQ(known_after(1h, {.strategy = simple_one_for_one}), 1U);
        EXPECT_EQ(known_after(1900ms, {.strategy = simple_one_for_one, .hibernate_after = 2000ms}), 1U);
        EXPECT_EQ(known_after(2100ms, {.strategy = simple_one_for_one, .hibernate_after = 2000ms}), 0U);
    });
}

TEST(supervisor_idle_test, the_option_of_all_servers_counts_where_the_flags_say_nothing) {
    in_virtual_time([] {
        EXPECT_EQ(known_after(1900ms, {}, {.hibernate_after = 2000ms}), 1U);
        EXPECT_EQ(known_after(2100ms, {}, {.hibernate_after = 2000ms}), 0U);
        EXPECT_EQ(known_after(2100ms, {.hibernate_after = 5000ms}, {.hibernate_after = 2000ms}), 1U);
        EXPECT_EQ(known_after(2100ms, {.strategy = simple_one_for_one}, {.hibernate_after = 2000ms}), 0U);
    });
}

TEST(supervisor_idle_test, every_message_is_work) {
    in_virtual_time([] {
        const pid top = supervisor::start_link({.period = 1s}, {{.id = 1, .start = idle}}).value();
        crash_one(top);
        for (int i = 0; i < 10; ++i) {
            pause(500ms);
            send(top, "nobody expects this"_a);
        }
        EXPECT_EQ(restarts_known(top), 1U);
        pause(1100ms);
        EXPECT_EQ(restarts_known(top), 0U);
        shut_down(top);
    });
}

TEST(supervisor_idle_test, a_change_of_code_brings_another_time) {
    in_virtual_time([] {
        auto after = std::make_shared<supervisor_hibernation>(infinity);
        const pid top = supervisor::start_link([after] {
                            return supervisor::setup{{.period = 1s, .hibernate_after = *after},
                                                     {{.id = 1, .start = idle}}};
                        }).value();
        crash_one(top);
        pause(1h);
        EXPECT_EQ(restarts_known(top), 1U);
        *after = supervisor_hibernation(2000ms);
        sys::suspend(top);
        EXPECT_FALSE(sys::change_code(top, "m"_a, 1, list()));
        sys::resume(top);
        static_cast<void>(supervisor::count_children(top));
        pause(2100ms);
        EXPECT_EQ(restarts_known(top), 0U);
        shut_down(top);
    });
}

}  // namespace
}  // namespace rakka
