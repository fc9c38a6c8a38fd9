// What makes a trace safe: nobody waits for the tracer, nothing grows, and its end clears all.
#include "trace/trace_session.hpp"
#include "trace/trace_support.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/actors/process_watch.hpp>
#include <rakka/actors/simulation.hpp>
#include <rakka/otp/gen_server.hpp>

#include <algorithm>

namespace rakka {
namespace {

using namespace std::chrono_literals;

class trace_safety : public trace_test {};
INSTANTIATE_TEST_SUITE_P(schedulers, trace_safety, in_each_shape(), name_of_shape);

TEST_P(trace_safety, a_tracer_that_hangs_holds_up_nobody_and_what_waits_is_bounded) {
    in_process([] {
        const shown_lines shown;
        const pid echo = start_echo();
        // The sink waits for a message that comes at the end.
        trace::messages(
            echo, {100'000},
            {.sent = false,
             .formatter = [](const trace::event&) { return std::string(1000, 'x'); },
             .to =
                 [sink = shown.sink(), first = true](std::string_view line) mutable {
                     if (std::exchange(first, false))
                         static_cast<void>(receive_if([](term_view m) { return m.is_atom("go"_a); }));
                     sink(line);
                 },
             .max_waiting = 20'000});
        const auto tracer = trace::tracer();
        constexpr int messages = 2000;
        for (int i = 0; i < messages; ++i)
            static_cast<void>(echo_of(echo, i));
        EXPECT_LE(shown.size(), 1U);
        send(*tracer, "go"_a);
        // So many fit, with what a line costs besides its text; those with the tracer count.
        EXPECT_TRUE(testing::wait_until([&] { return shown.size() >= 17; }));
        static_cast<void>(echo_of(echo, "last"_a));
        EXPECT_TRUE(testing::wait_until([&] { return shown.size() >= 18; })) << "there is room again";
        EXPECT_EQ(shown.size(), 18U);
        trace::clear();
        wait_for(tracer);
        const lines all = shown.whole();
        EXPECT_TRUE(all.back().starts_with("rakka_trace: ")) << all.back();
        EXPECT_TRUE(all.back().ends_with(" events were not shown\n")) << all.back();
        send(echo, "stop"_a);
    });
}

TEST_P(trace_safety, the_end_of_the_tracer_clears_all) {
    in_process([] {
        const shown_lines shown;
        const pid echo = start_echo();
        const auto before = this_system().exports().find("rakka_trace"_a, "clear"_a, 0);
        trace::messages({echo, trace::group::born}, {1000}, {.to = shown.sink()});
        const auto tracer = trace::tracer();
        static_cast<void>(echo_of(echo, 1));
        EXPECT_TRUE(testing::wait_until([&] { return shown.size() == 2; }));
        exit(*tracer, "kill"_a);
        wait_for(tracer);
        EXPECT_FALSE(trace::tracer().has_value());
        static_cast<void>(echo_of(echo, 2));
        const pid born = start_echo();
        static_cast<void>(echo_of(born, 3));
        EXPECT_EQ(shown.size(), 2U);
        for (const pid& p : {echo, born})
            send(p, "stop"_a);
    });
}

TEST_P(trace_safety, binaries_that_wait_count_as_long_as_they_are) {
    in_process([] {
        detail::trace_session session(this_system(), {100},
                                      {.to = trace::to_process{self()}, .max_waiting = 1'000'000}, {});
        session.choose({.existing = true}, spawn([] { static_cast<void>(receive()); }));
        for (int i = 0; i < 20; ++i) {
            const term binary(std::string(300'000, 'x'));
            session.received(binary);
        }
        EXPECT_EQ(session.take().size(), 3U);
        EXPECT_EQ(session.dropped(), 17U);
        session.abandon();
    });
}

TEST_P(trace_safety, what_waits_goes_with_the_tracer_though_idle_processes_keep_the_trace) {
    in_process([] {
        detail::trace_session session(this_system(), {10}, {}, {});
        session.choose({.existing = true}, spawn([] { static_cast<void>(receive()); }));
        session.received("one"_a);
        session.received("two"_a);
        EXPECT_EQ(session.take().size(), 2U);
        session.received("three"_a);
        session.abandon();
        EXPECT_TRUE(session.take().empty());
        session.received("four"_a);
        EXPECT_TRUE(session.take().empty());
    });
}

TEST_P(trace_safety, so_does_the_end_of_whom_it_tells) {
    in_process([] {
        const pid echo = start_echo();
        for (const bool device : {false, true}) {
            const pid listener =
                spawn([] { static_cast<void>(receive_if([](term_view) { return false; })); });
            const trace::sink to =
                device ? trace::sink(trace::to_device{listener}) : trace::sink(trace::to_process{listener});
            trace::messages(echo, {1000}, {.to = to});
            const auto tracer = trace::tracer();
            static_cast<void>(echo_of(echo, 1));
            exit(listener, "kill"_a);
            wait_for(tracer);
            EXPECT_FALSE(trace::tracer().has_value());
        }
        send(echo, "stop"_a);
    });
}

TEST_P(trace_safety, a_sink_that_throws_ends_it) {
    in_process([] {
        const pid echo = start_echo();
        trace::messages(echo, {1000}, {.to = [](std::string_view) { throw std::runtime_error("full"); }});
        const auto tracer = trace::tracer();
        static_cast<void>(echo_of(echo, 1));
        wait_for(tracer);
        EXPECT_FALSE(trace::tracer().has_value());
        EXPECT_EQ(echo_of(echo, 2), "{echo,2}");
        send(echo, "stop"_a);
    });
}

TEST_P(trace_safety, a_listener_that_does_not_listen_is_given_up) {
    in_process([] {
        const pid me = self();
        const pid echo = start_echo();
        const pid listener = spawn([me] {
            static_cast<void>(receive_if([](term_view m) { return m.is_atom("look"_a); }));
            std::size_t n = 0;
            while (receive_if([](term_view) { return true; }, 0ns))
                ++n;
            send(me, term(n));
        });
        trace::messages(echo, {100'000}, {.sent = false, .to = trace::to_process{listener}});
        const auto tracer = trace::tracer();
        for (int i = 0; i < 12'000; ++i)
            static_cast<void>(echo_of(echo, i));
        wait_for(tracer);
        send(listener, "look"_a);
        const auto n = next_message().as<std::size_t>().value();
        EXPECT_GT(n, 10'000U);
        EXPECT_LT(n, 10'500U);
        send(echo, "stop"_a);
    });
}

TEST_P(trace_safety, tracing_everybody_does_not_feed_itself) {
    in_process([] {
        const shown_lines shown;
        const pid echo = start_echo();
        trace::messages(trace::group::all, {1000}, {.to = shown.sink()});
        const auto tracer = trace::tracer();
        for (int i = 0; i < 10; ++i)
            static_cast<void>(echo_of(echo, i));
        trace::clear();
        wait_for(tracer);
        for (const std::string& line : shown.all()) {
            EXPECT_FALSE(line.starts_with(text(*tracer) + " ")) << line;
        }
        EXPECT_LE(shown.size(), 60U);
        send(echo, "stop"_a);
    });
}

class busy_server : public gen_server {
    result handle_call(const term& request, const from&) override {
        if (request.is_atom("crash"_a)) exit("crash"_a);
        return reply(request);
    }
};

/// Traces begin, end and are cut short while processes live and die: the limits hold, and at the end nobody
/// is traced.
void trace_under_fire(const std::function<std::uint32_t(std::uint32_t)>& roll) {
    const shown_lines shown;
    std::vector<pid> servers;
    for (int i = 0; i < 2; ++i) {
        servers.push_back(gen_server::start<busy_server>().value());
        servers.push_back(spawn([] { gen_server::enter_loop(std::make_unique<busy_server>()); }));
    }
    std::vector<reference> ends;
    for (int i = 0; i < 4; ++i)
        ends.push_back(spawn_monitor([servers, roll] {
                           for (int k = 0; k < 30; ++k) {
                               const term request = roll(20) == 0 ? term("crash"_a) : term(k);
                               static_cast<void>(gen_server::try_call(servers[roll(4)], request, 1000ms));
                           }
                       }).ref);
    std::size_t most = 0;
    std::vector<pid> tracers;
    for (int i = 0; i < 12; ++i) {
        const std::size_t limit = 1 + roll(20);
        most += limit;
        const trace::options how{.return_values = roll(2) == 0, .to = shown.sink()};
        switch (roll(5)) {
            case 0:
                trace::messages(trace::group::all, {limit}, how);
                break;
            case 1:
                trace::messages({servers[roll(4)], servers[roll(4)]}, {limit}, how);
                break;
            case 2:
                trace::calls({atom("rakka::(anonymous namespace)::busy_server")}, {limit}, how);
                break;
            case 3:
                trace::clear();
                break;
            default:
                if (const auto t = trace::tracer()) exit(*t, "kill"_a);
        }
        if (const auto t = trace::tracer()) tracers.push_back(*t);
        yield();
    }
    for (const reference& ref : ends)
        static_cast<void>(receive_if([&](term_view m) { return is_down(ref, m); }));
    trace::clear();
    for (const pid& t : tracers)
        EXPECT_TRUE(testing::wait_until([&] { return !is_alive(t); }));
    EXPECT_FALSE(trace::tracer().has_value());
    EXPECT_LE(shown.size(), most);
    const std::size_t before = shown.size();
    for (const pid& p : servers)
        if (is_alive(p)) gen_server::stop(p);
    EXPECT_EQ(shown.size(), before);
}

TEST(trace_under_fire, in_many_orders) {
    testing::simulate({.seeds = 60}, [](testing::simulation& s) {
        s.run([&] { trace_under_fire([&](std::uint32_t most) { return s.random(most); }); });
    });
}

TEST(trace_under_fire, on_threads) {
    for (std::uint32_t round = 0; round < 10; ++round) {
        rakka::system s({.workers = 4, .seed = round + 1});
        s.run([round] {
            auto state = std::make_shared<std::atomic<std::uint32_t>>(round);
            trace_under_fire([state](std::uint32_t most) {
                const std::uint32_t x = state->fetch_add(0x9E3779B9U) * 0x85EBCA6BU;
                return (x >> 16) % most;
            });
        });
    }
}

}  // namespace
}  // namespace rakka
