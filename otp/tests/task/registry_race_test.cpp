// Registries while processes come and go: a unique key never has two living holders, and nothing is left
// behind.
#include "behaviour/behaviour_support.hpp"

#include <rakka/actors/links.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/otp/registry.hpp>

#include <array>
#include <atomic>
#include <memory>

namespace rakka {
namespace {

class registry_race_test : public behaviour_test {
protected:
    static void wait_for_all(const std::vector<monitored_process>& all) {
        for (const auto& p : all)
            static_cast<void>(receive_if([&](term_view m) { return is_down(p.ref, m); }));
    }
    static void wait_until_empty(const registry& r) {
        while (r.count() != 0)
            yield();
    }
};

TEST_P(registry_race_test, a_unique_key_has_one_living_holder_at_a_time) {
    in_process([] {
        constexpr int keys = 4;
        const auto r = rakka::registry::start_link({.name = "names"_a, .partitions = 4}).value();
        auto holders = std::make_shared<std::array<std::atomic<int>, keys>>();
        auto taken = std::make_shared<std::atomic<int>>(0);
        std::vector<monitored_process> all;
        for (int i = 0; i < 16; ++i) {
            all.push_back(spawn_monitor([=] {
                for (int n = 0; n < 50; ++n) {
                    const int key = (i + n) % keys;
                    if (!r.register_key(term(key))) {
                        yield();
                        continue;
                    }
                    EXPECT_EQ((*holders)[static_cast<std::size_t>(key)]++, 0);
                    ++*taken;
                    yield();
                    EXPECT_EQ(r.whereis(term(key)), self());
                    --(*holders)[static_cast<std::size_t>(key)];
                    r.unregister_key(term(key));
                }
            }));
        }
        wait_for_all(all);
        EXPECT_GT(*taken, 0);
        EXPECT_EQ(r.count(), 0U);
    });
}

TEST_P(registry_race_test, who_ends_right_after_registering_leaves_nothing) {
    in_process([] {
        const auto r =
            rakka::registry::start_link({.name = "t"_a, .keys = registry_keys::duplicate, .partitions = 3})
                .value();
        for (int round = 0; round < 20; ++round) {
            std::vector<monitored_process> all;
            for (int i = 0; i < 20; ++i) {
                all.push_back(spawn_monitor([r, i] {
                    static_cast<void>(r.register_key("all"_a, term(i)));
                    static_cast<void>(r.register_key(term(i)));
                    if (i % 2 == 0) exit("oops"_a);
                }));
            }
            for (std::size_t i = 0; i < all.size(); i += 3)
                exit(all[i].pid, "kill"_a);  // before, in the middle, or after
            wait_for_all(all);
            for (const auto& p : all) {
                while (!r.keys(p.pid).empty())
                    yield();
            }
        }
        wait_until_empty(r);
    });
}

TEST_P(registry_race_test, the_next_holder_takes_a_key_over_before_the_dead_one_is_cleaned_up) {
    in_process([] {
        const auto r = rakka::registry::start_link({.name = "names"_a}).value();
        for (int round = 0; round < 100; ++round) {
            const auto p = spawn_monitor([r] { ASSERT_TRUE(r.register_key("k"_a)); });
            static_cast<void>(receive_if(p.ref, [&](term_view m) { return is_down(p.ref, m); }));
        }
        wait_until_empty(r);
        EXPECT_FALSE(r.whereis("k"_a));
    });
}

TEST_P(registry_race_test, readers_see_whole_entries_while_others_write) {
    in_process([] {
        const auto r =
            rakka::registry::start_link({.name = "t"_a, .keys = registry_keys::duplicate, .partitions = 2})
                .value();
        std::vector<monitored_process> all;
        for (int i = 0; i < 8; ++i) {
            all.push_back(spawn_monitor([r, i] {
                for (int n = 0; n < 100; ++n) {
                    if (i % 2 == 0) {
                        static_cast<void>(r.register_key("k"_a, tuple(self(), list(n, "text"))));
                        if (n % 10 == 9) r.unregister_key("k"_a);
                    } else {
                        for (const auto& e : r.lookup("k"_a))
                            EXPECT_EQ(e.value.tuple()[0].as<pid>().value(), e.process);
                        static_cast<void>(r.entries());
                    }
                    yield();
                }
            }));
        }
        wait_for_all(all);
        wait_until_empty(r);
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, registry_race_test, in_each_shape(), name_of_shape);

}  // namespace
}  // namespace rakka
