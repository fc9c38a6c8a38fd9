// Links. Rules from Erlang's reference manual, "Processes: Links" and `erlang:link/1`, `unlink/1`.
#include "actors_support.hpp"

#include <algorithm>

namespace rakka::testing {
namespace {

RAKKA_EVERY_MODE(links);

TEST_P(links, a_linked_process_ends_with_the_reason_of_its_peer) {
    in_process([] {
        const auto a = spawn_monitor([] {
            link(spawn([] { exit("first"_a); }));
            static_cast<void>(receive());
        });
        const term why = down_reason(a.ref);
        // The peer may end before the link signal is sent (an error of the caller), before it arrives (an
        // exit signal with noproc), or after it.
        const std::string how = text(why);
        EXPECT_TRUE(how == "first" || how == "{noproc,[]}" || how == "noproc") << how;
    });
}

TEST_P(links, spawn_link_links_before_the_child_runs) {
    in_process([] {
        const auto a = spawn_monitor([] {
            spawn_link([] { exit("child"_a); });
            static_cast<void>(receive());
        });
        EXPECT_EQ(text(down_reason(a.ref)), "child");
    });
}

TEST_P(links, a_normal_end_does_not_end_the_peer) {
    in_process([] {
        const pid p = spawn_link([] {});
        await_end(p);
        EXPECT_TRUE(mailbox_is_empty());
    });
}

TEST_P(links, the_end_of_the_parent_ends_the_child_too) {
    in_process([] {
        const pid parent = self();
        spawn([parent] {
            send(parent, spawn_link([] { static_cast<void>(receive()); }));
            static_cast<void>(receive_if([](term_view) { return true; }, 1ms));
            exit("gone"_a);
        });
        const reference ref = monitor(*next_message().as<pid>());
        const std::string why = text(down_reason(ref));
        EXPECT_TRUE(why == "gone" || why == "noproc") << why;
    });
}

TEST_P(links, a_process_that_traps_exits_gets_an_exit_message) {
    in_process([] {
        trap_exit(true);
        const pid p = spawn_link([] { exit("why"_a); });
        EXPECT_EQ(next_message(), term(tuple("EXIT"_a, p, "why"_a)));
        const pid q = spawn_link([] {});
        EXPECT_EQ(next_message(), term(tuple("EXIT"_a, q, "normal"_a)));
    });
}

TEST_P(links, a_second_link_changes_nothing) {
    in_process([] {
        trap_exit(true);
        const pid p = spawn_link([] { static_cast<void>(receive()); });
        link(p);
        link(p);
        exit(p, "x"_a);
        EXPECT_EQ(next_message(), term(tuple("EXIT"_a, p, "x"_a)));
        await_end(p);
        EXPECT_TRUE(mailbox_is_empty());
    });
}

TEST_P(links, linking_to_a_dead_process_is_a_noproc_error) {
    in_process([] {
        const pid gone = spawn([] {});
        await_end(gone);
        const auto p = spawn_monitor([gone] { link(gone); });
        EXPECT_EQ(text(down_reason(p.ref)), "{noproc,[]}");
    });
}

TEST_P(links, linking_to_a_dead_process_while_trapping_gives_a_noproc_message) {
    in_process([] {
        const pid gone = spawn([] {});
        await_end(gone);
        trap_exit(true);
        link(gone);
        EXPECT_EQ(next_message(), term(tuple("EXIT"_a, gone, "noproc"_a)));
    });
}

TEST_P(links, linking_to_oneself_does_nothing) {
    in_process([] {
        link(self());
        unlink(self());
        EXPECT_TRUE(process_info(self())->links.empty());
    });
}

TEST_P(links, after_unlink_no_exit_signal_arrives) {
    in_process([] {
        const pid p = spawn_link([] {
            static_cast<void>(receive());
            exit("ignored"_a);
        });
        unlink(p);
        send(p, "go"_a);
        await_end(p);
        EXPECT_TRUE(process_info(self())->links.empty());
    });
}

TEST_P(links, unlink_and_end_may_cross) {
    in_process([] {
        trap_exit(true);
        for (int i = 0; i < 200; ++i) {
            const pid p = spawn_link([] { exit("crossing"_a); });
            unlink(p);
            // The child may have ended before, but from here on nothing comes of it.
            static_cast<void>(receive_if([](term_view v) { return v.is_tagged("EXIT"_a, 3); }, 0ns));
            await_end(p);
            EXPECT_TRUE(mailbox_is_empty());
        }
    });
}

TEST_P(links, a_link_made_again_after_unlink_holds) {
    in_process([] {
        trap_exit(true);
        for (int i = 0; i < 50; ++i) {
            const pid p = spawn_link([] { static_cast<void>(receive()); });
            unlink(p);
            link(p);
            exit(p, "again"_a);
            EXPECT_EQ(next_message(), term(tuple("EXIT"_a, p, "again"_a)));
        }
    });
}

TEST_P(links, unlink_removes_the_link_on_both_sides) {
    in_process([] {
        const pid p = spawn_link([] { static_cast<void>(receive()); });
        unlink(p);
        EXPECT_TRUE(process_info(p)->links.empty());
        EXPECT_TRUE(process_info(self())->links.empty());
        exit(p, "kill"_a);
    });
}

TEST_P(links, a_killed_process_tells_its_links_killed) {
    in_process([] {
        trap_exit(true);
        const pid p = spawn_link([] { static_cast<void>(receive()); });
        exit(p, "kill"_a);
        EXPECT_EQ(next_message(), term(tuple("EXIT"_a, p, "killed"_a)));
    });
}

TEST_P(links, a_link_broken_with_reason_kill_can_be_trapped) {
    in_process([] {
        trap_exit(true);
        const pid p = spawn_link([] { exit("kill"_a); });
        EXPECT_EQ(next_message(), term(tuple("EXIT"_a, p, "kill"_a)));
    });
}

TEST_P(links, exit_reasons_travel_along_a_chain) {
    in_process([] {
        struct chain {
            int left;
            void operator()() const {
                if (left == 0) exit("end_of_chain"_a);
                spawn_link(chain{left - 1});
                static_cast<void>(receive());
            }
        };
        EXPECT_EQ(text(down_reason(spawn_monitor(chain{50}).ref)), "end_of_chain");
    });
}

TEST_P(links, a_process_with_many_links_ends_them_all) {
    in_process([] {
        const pid hub = spawn([] {
            static_cast<void>(receive());
            exit("hub"_a);
        });
        std::vector<reference> refs;
        for (int i = 0; i < 300; ++i) {
            refs.push_back(spawn_monitor([hub] {
                               link(hub);
                               static_cast<void>(receive());
                           }).ref);
        }
        while (process_info(hub)->links.size() != 300)
            yield();
        send(hub, "go"_a);
        for (const auto& ref : refs)
            EXPECT_EQ(text(down_reason(ref)), "hub");
    });
}

}  // namespace
}  // namespace rakka::testing
