// Processes that are killed at any time by the clock, on real threads: also in the middle of a slice, in
// blocking calls, and while they wait for an operation of the event loop.
#include "actors_support.hpp"
#include "engine/scheduler_state.hpp"
#include "process_record.hpp"
#include "system_core.hpp"

#include <rakka/actors/await.hpp>
#include <rakka/actors/gen_protocol.hpp>
#include <rakka/actors/io.hpp>

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

namespace rakka::testing {
namespace {

std::atomic<int> living_objects;

struct tracked {
    tracked() noexcept { ++living_objects; }
    tracked(const tracked&) noexcept { ++living_objects; }
    tracked& operator=(const tracked&) = delete;
    ~tracked() { --living_objects; }
};

/// Something that is begun and, if the process lives, finished.
using deed = void (*)(const pid& server);

const deed deeds[] = {
    [](const pid&) {
        const tracked here;
        boost::asio::steady_timer timer(io_context_of(this_system()), 50us);
        timer.async_wait(await);
    },
    [](const pid&) {
        const tracked here;
        boost::asio::steady_timer timer(io_context_of(this_system()), 0us);
        send_after(0ns, self(), "noise"_a);
        boost::system::error_code ec;
        timer.async_wait(await[ec]);
    },
    [](const pid&) {
        const tracked here;
        blocking([] {
            const tracked there;
            std::this_thread::sleep_for(20us);
        });
    },
    [](const pid& server) {
        const tracked here;
        static_cast<void>(gen::call(server, "$gen_call"_a, tuple("question"_a, "some bytes"), 1h));
        static_cast<void>(gen::call(server, "$gen_call"_a, tuple("question"_a, "some bytes"), 1ms));
    },
    [](const pid& server) {
        demonitor(monitor(server), {.flush = true});
        link(server);
        unlink(server);
    },
    [](const pid&) {
        static_cast<void>(register_name("a_name"_a, self()));
        static_cast<void>(unregister_name("a_name"_a));
    },
    [](const pid& server) {
        static_cast<void>(send_after(1h, self(), tuple("never"_a, "some bytes")));
        static_cast<void>(cancel_timer(send_after(1h, server, tuple("never"_a, "some bytes"))));
    },
    [](const pid&) {
        spawn_link([here = tracked()] {
            trap_exit(true);
            static_cast<void>(receive());
        });
        const auto p = spawn_monitor([here = tracked()] {});
        static_cast<void>(receive_if(p.ref, [&](term_view m) { return is_down(p.ref, m); }));
    },
    [](const pid&) {
        const tracked here;
        static_cast<void>(receive_if([](term_view) { return false; }, 30us));
        send(self(), tracked());
        receive(on<tracked>([](tracked&&) { yield(); }));
    },
    [](const pid& server) {
        static_cast<void>(is_alive(server));
        static_cast<void>(process_info(server));
    },
};
constexpr std::uint32_t deed_count = std::size(deeds);

pid spawn_server() {
    return spawn([] {
        trap_exit(true);
        for (;;) {
            if (const auto request = gen::as_request(receive())) reply(request->sender, request->body);
        }
    });
}

class kill_by_the_clock : public ::testing::TestWithParam<mode> {};
const mode threaded_modes[] = {all_modes[0], all_modes[1], all_modes[2], all_modes[3]};
INSTANTIATE_TEST_SUITE_P(modes, kill_by_the_clock, ::testing::ValuesIn(threaded_modes), mode_name);

/// Kills a process that has begun with `first` and goes on with others; tells why it ended.
void kill_one(const pid& server, std::uint32_t first, std::chrono::nanoseconds delay) {
    const auto victim = spawn_monitor([server, first] {
        const tracked outer;
        for (std::uint32_t i = first;; ++i) {
            const tracked inner;
            deeds[i % deed_count](server);
        }
    });
    link(victim.pid);
    const auto end = this_system().now() + delay;
    while (this_system().now() < end) {
        if (delay > 20us) yield();
    }
    exit(victim.pid, "kill"_a);
    EXPECT_EQ(text(down_reason(victim.ref)), "killed");
    const auto told = receive_if(
        [&](term_view m) { return m.is_tagged("EXIT"_a, 3) && *m.tuple()[1].as<pid>() == victim.pid; }, 20s);
    EXPECT_TRUE(told && text(reason_in(*told)) == "killed");
    EXPECT_FALSE(is_alive(victim.pid));
}

TEST_P(kill_by_the_clock, leaves_nothing_behind) {
    living_objects = 0;
    rakka::system sys(GetParam().options);
    std::size_t stacks = 0;
    sys.run([&] {
        trap_exit(true);
        const pid server = spawn_server();
        detail::mixed_random random(20261127);
        for (int round = 0; round < 300; ++round) {
            kill_one(server, random.below(deed_count), std::chrono::microseconds(random.below(150)));
            if (round == 150) stacks = sys.core().scheduling().stacks().stacks;
        }
        // The children trap exits and end when they are told.
        while (processes().size() > 2)
            yield();
        const auto info = process_info(server);
        EXPECT_TRUE(info && info->links.empty() && info->monitored_by.empty() && info->monitors.empty());
        EXPECT_TRUE(registered().empty());
        const auto mine = process_info(self());
        EXPECT_TRUE(mine->links.empty() && mine->monitors.empty() && mine->monitored_by.empty());
        EXPECT_TRUE(mailbox_is_empty());
        exit(server, "kill"_a);
        await_end(server);
    });
    // A lost one for each killed process would be 150 more.
    EXPECT_LT(sys.core().scheduling().stacks().stacks, stacks + 40);
    sys.run_until_done();
    EXPECT_EQ(sys.stop(), 0U);
    EXPECT_EQ(living_objects, 0);
    EXPECT_EQ(sys.core().scheduling().internals().next_timer(), detail::never);
    EXPECT_EQ(sys.core().timers.in_use(), 0U);
}

}  // namespace
}  // namespace rakka::testing
