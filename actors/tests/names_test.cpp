// Registered names. Rules from `erlang:register/2`, `unregister/1`, `whereis/1`.
#include "actors_support.hpp"

#include <rakka/actors/errc.hpp>
#include <rakka/actors/gen_protocol.hpp>

#include <algorithm>

namespace rakka::testing {
namespace {

RAKKA_EVERY_MODE(names);

TEST_P(names, a_registered_process_is_found_and_reached) {
    in_process([] {
        const pid parent = self();
        const pid p = spawn([parent] { send(parent, tuple("got"_a, receive())); });
        ASSERT_TRUE(register_name("server"_a, p));
        EXPECT_EQ(whereis("server"_a), p);
        send("server"_a, 1);
        EXPECT_EQ(text(next_message()), "{got,1}");
    });
}

TEST_P(names, a_name_belongs_to_one_process_at_a_time) {
    in_process([] {
        ASSERT_TRUE(register_name("one"_a, self()));
        const pid p = spawn_idle();
        EXPECT_EQ(register_name("one"_a, p).error(), actors_errc::name_taken);
        EXPECT_EQ(register_name("two"_a, self()).error(), actors_errc::already_named);
        EXPECT_FALSE(whereis("two"_a));
        ASSERT_TRUE(unregister_name("one"_a));
        EXPECT_TRUE(register_name("one"_a, p));
        EXPECT_TRUE(register_name("two"_a, self()));
        exit(p, "kill"_a);
    });
}

TEST_P(names, a_name_goes_when_its_process_ends) {
    in_process([] {
        const pid p = spawn_idle();
        ASSERT_TRUE(register_name("short"_a, p));
        exit(p, "kill"_a);
        await_end(p);
        EXPECT_FALSE(whereis("short"_a));
        EXPECT_EQ(unregister_name("short"_a).error(), actors_errc::no_such_name);
        EXPECT_TRUE(register_name("short"_a, self()));
    });
}

TEST_P(names, only_living_processes_and_proper_names_can_be_registered) {
    in_process([] {
        const pid p = spawn([] {});
        await_end(p);
        EXPECT_EQ(register_name("dead"_a, p).error(), actors_errc::no_process);
        EXPECT_FALSE(whereis("dead"_a));
        EXPECT_EQ(register_name("undefined"_a, self()).error(), actors_errc::bad_name);
    });
}

TEST_P(names, spawn_can_name_the_process_before_it_runs) {
    in_process([] {
        const pid parent = self();
        spawn([parent] { send(parent, term(*whereis("born_named"_a))); }, {.name = "born_named"_a});
        EXPECT_TRUE(next_message().is(kind::pid));
        ASSERT_TRUE(register_name("taken"_a, self()));
        const auto p = spawn_monitor([] { spawn([] {}, {.name = "taken"_a}); });
        EXPECT_EQ(text(down_reason(p.ref)), "{badarg,[]}");
    });
}

TEST_P(names, a_call_to_oneself_by_name_and_node_is_refused) {
    in_process([] {
        ASSERT_TRUE(register_name("me"_a, self()));
        const auto answer =
            gen::call(registered_name{"me"_a, this_system().node_name()}, "$gen_call"_a, term("x"_a), 5s);
        ASSERT_FALSE(answer);
        EXPECT_TRUE(answer.error().reason.is_atom("calling_self"_a));
    });
}

TEST_P(names, nobody_is_born_undefined) {
    in_process([] {
        const auto [p, ref] = spawn_monitor([] { spawn([] {}, {.name = "undefined"_a}); });
        EXPECT_EQ(text(down_reason(ref)), "{badarg,[]}");
        static_cast<void>(p);
        EXPECT_FALSE(whereis("undefined"_a));
    });
    EXPECT_THROW(sys.spawn([] {}, {.name = "undefined"_a}), boost::system::system_error);
}

TEST_P(names, registered_lists_all_names) {
    in_process([] {
        ASSERT_TRUE(register_name("listed"_a, self()));
        const auto all = registered();
        EXPECT_EQ(std::count(all.begin(), all.end(), "listed"_a), 1);
    });
}

TEST_P(names, systems_in_one_program_share_no_names) {
    rakka::system other({.workers = 1});
    in_process([&] {
        ASSERT_TRUE(register_name("mine"_a, self()));
        EXPECT_FALSE(other.whereis("mine"_a));
        EXPECT_NE(other.origin(), this_system().origin());
    });
}

}  // namespace
}  // namespace rakka::testing
