// What may be asked about a system as a whole, and about a mailbox.
#include "actors_support.hpp"

#include <rakka/etf/native.hpp>

#include <numeric>

namespace rakka::testing {
namespace {

class inspection : public every_mode {};
INSTANTIATE_TEST_SUITE_P(, inspection, ::testing::ValuesIn(all_modes), mode_name);

struct plain_object {
    int value;
};

TEST_P(inspection, counts_what_the_system_has) {
    in_process([&] {
        const system_statistics before = statistics_of(sys);
        EXPECT_GE(before.processes, 1U);
        EXPECT_EQ(before.max_processes, std::size_t{1} << 20);
        EXPECT_EQ(before.workers, GetParam().options.workers == 0 ? 1U : GetParam().options.workers);
        EXPECT_EQ(before.run_queues.size(), before.workers + 1);
        EXPECT_GT(before.process_memory, 0U);
        std::vector<pid> all;
        for (int i = 0; i < 100; ++i)
            all.push_back(spawn([] { static_cast<void>(receive()); }));
        for (const pid& p : all)
            EXPECT_TRUE(process_info(p));  // each has run
        const system_statistics after = statistics_of(sys);
        EXPECT_EQ(after.processes, before.processes + 100);
        if (GetParam().options.mode != runtime_mode::threaded) {  // those run elsewhere
            EXPECT_GT(after.slices, before.slices);
            EXPECT_GE(after.process_memory, before.process_memory + 100 * std::size_t{4096});
        }
        EXPECT_GE(after.uptime, before.uptime);
        for (const pid& p : all)
            exit(p, "kill"_a);
    });
}

TEST(inspection_of_workers, their_threads_use_processor_time) {
    system sys({.workers = 2});
    sys.run([&] {
        const auto sum = [&]() -> std::chrono::nanoseconds {
            const auto times = statistics_of(sys).worker_times;
            if (!times) return {};
            EXPECT_EQ(times->size(), 2U);
            return std::accumulate(times->begin(), times->end(), std::chrono::nanoseconds{});
        };
        const auto before = sum();
        const auto until = std::chrono::steady_clock::now() + 20s;
        while (sum() <= before && std::chrono::steady_clock::now() < until)
            yield();
        EXPECT_GT(sum(), before);
    });
}

TEST(inspection_of_workers, those_that_wait_for_a_worker_are_counted) {
    system sys({.workers = 1});
    sys.run([&] {
        for (int i = 0; i < 10; ++i)
            spawn([] {});
        // Nobody else runs before this process gives way.
        const auto queues = statistics_of(sys).run_queues;
        EXPECT_GE(std::accumulate(queues.begin(), queues.end(), std::size_t{0}), 5U);
    });
}

TEST_P(inspection, shows_what_waits_in_a_mailbox) {
    in_process([&] {
        const pid p =
            spawn([] { static_cast<void>(receive_if([](term_view m) { return m.is_atom("go"_a); })); });
        EXPECT_EQ(process_messages(p)->to_string(), "[]");
        send(p, "first"_a);
        send(p, term(tuple("second"_a, "text", list(1, 2))));
        send(p, plain_object{3});
        EXPECT_EQ(process_messages(p)->to_string(), "[first,{second,<<\"text\">>,[1,2]},cpp_object]");
        EXPECT_EQ(process_info(p)->message_queue_len, 3U) << "they are all still there";
        EXPECT_TRUE(process_messages(p)->owner()->unique()) << "the copies belong to who asked, alone";
        send(self(), "mine"_a);
        EXPECT_EQ(process_messages(self())->to_string(), "[mine]");
        EXPECT_EQ(receive().to_string(), "mine");
        send(p, "go"_a);
        const reference gone = monitor(p);
        static_cast<void>(receive_if([&](term_view m) { return is_down(gone, m); }));
        EXPECT_FALSE(process_messages(p));
        EXPECT_THROW(static_cast<void>(process_messages({"other@host"_a, 1, 1, 1})), process_exit);
    });
}

}  // namespace
}  // namespace rakka::testing
