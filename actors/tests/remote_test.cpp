// Processes of two systems that only a router connects: every relation must work as within one.
#include "memory_router.hpp"

#include <atomic>

namespace rakka::testing {
namespace {

class remote : public joined_systems {
protected:
    /// A process over there that waits; `idle()` until told, `obeys` exits with what it is sent.
    pid idle() {
        return there.spawn([] { static_cast<void>(receive_if([](term_view) { return false; })); });
    }
    pid exits_with_next_message() {
        return there.spawn([] { exit(receive()); });
    }
};
const mode threaded_modes[] = {all_modes[0], all_modes[1], all_modes[2], all_modes[3]};
INSTANTIATE_TEST_SUITE_P(modes, remote, ::testing::ValuesIn(threaded_modes), mode_name);

TEST_P(remote, messages_go_there_and_back_in_order) {
    const pid echo = there.spawn([] {
        for (;;) {
            const term m = receive();
            send(element<pid>(m, 0), tuple("echo"_a, element<int>(m, 1)));
        }
    });
    here.run([=] {
        for (int i = 0; i < 200; ++i)
            send(echo, tuple(self(), i));
        for (int i = 0; i < 200; ++i)
            EXPECT_EQ(element<int>(next_message(), 1), i);
    });
}

TEST_P(remote, what_comes_from_outside_of_any_process_is_from_nobody) {
    const pid nobody = here.nobody();
    std::atomic<bool> ready{false};
    const pid peer = there.spawn([&] {
        trap_exit(true);
        ready = true;
        EXPECT_EQ(next_message(), term(tuple("EXIT"_a, nobody, "why"_a)));
        EXPECT_EQ(next_message(), term("hi"_a));
    });
    there.run([&] {
        while (!ready)
            yield();
    });
    here.exit(peer, "why"_a);
    EXPECT_TRUE(here.send(peer, "hi"_a));
    there.run_until_done();

    EXPECT_FALSE(here.is_alive(nobody));
    EXPECT_TRUE(here.send(nobody, "lost"_a));
    here.exit(nobody, "kill"_a);
    here.run([=] {
        EXPECT_EQ(group_leader(), nobody);
        const reference ref = monitor(nobody);
        EXPECT_EQ(next_message(), term(tuple("DOWN"_a, ref, "process"_a, nobody, "noproc"_a)));
        trap_exit(true);
        link(nobody);
        EXPECT_EQ(next_message(), term(tuple("EXIT"_a, nobody, "noproc"_a)));
    });
}

TEST_P(remote, a_name_over_there_is_reached) {
    std::atomic<bool> got{false};
    there.spawn(
        [&] {
            static_cast<void>(receive());
            got = true;
        },
        {.name = "server"_a});
    here.run([] { send(registered_name{"server"_a, "there@test"_a}, "hi"_a); });
    there.run_until_done();
    EXPECT_TRUE(got);
}

TEST_P(remote, a_link_carries_the_exit_over) {
    const pid peer = exits_with_next_message();
    here.run([=] {
        trap_exit(true);
        link(peer);
        send(peer, "why"_a);
        EXPECT_EQ(next_message(), term(tuple("EXIT"_a, peer, "why"_a)));
    });
}

TEST_P(remote, a_link_carries_the_exit_back) {
    const pid peer = idle();
    there.run([=, this] {
        const reference ref = monitor(peer);
        here.spawn([peer] {
            link(peer);
            exit("ours"_a);
        });
        EXPECT_EQ(text(down_reason(ref)), "ours");
    });
}

TEST_P(remote, a_link_to_a_dead_process_gives_noproc) {
    const pid gone = there.spawn([] {});
    there.run_until_done();
    here.run([=] {
        trap_exit(true);
        link(gone);
        EXPECT_EQ(next_message(), term(tuple("EXIT"_a, gone, "noproc"_a)));
    });
}

TEST_P(remote, unlink_is_acknowledged_and_final) {
    const pid peer = exits_with_next_message();
    here.run([=] {
        trap_exit(true);
        link(peer);
        unlink(peer);
        const reference ref = monitor(peer);
        send(peer, "x"_a);
        EXPECT_EQ(text(down_reason(ref)), "x");
        EXPECT_TRUE(mailbox_is_empty());
        EXPECT_TRUE(process_info(self())->links.empty());
    });
    EXPECT_EQ(from_there.unlink_acks, 1);
}

TEST_P(remote, monitors_fire_by_pid_and_by_name) {
    const pid peer = exits_with_next_message();
    there.register_name("watched"_a, peer).value();
    here.run([=] {
        const reference a = monitor(peer);
        const reference b = monitor(registered_name{"watched"_a, "there@test"_a});
        send(peer, "why"_a);
        const auto one = next_message();
        const auto two = next_message();
        const term by_pid = tuple("DOWN"_a, a, "process"_a, peer, "why"_a);
        const term by_name = tuple("DOWN"_a, b, "process"_a, tuple("watched"_a, "there@test"_a), "why"_a);
        EXPECT_TRUE((one == by_pid && two == by_name) || (one == by_name && two == by_pid));
        const reference c = monitor(registered_name{"nobody"_a, "there@test"_a});
        EXPECT_EQ(text(down_reason(c)), "noproc");
        EXPECT_EQ(text(down_reason(monitor(peer))), "noproc");
    });
}

TEST_P(remote, the_end_of_a_watcher_takes_its_monitor_away) {
    const pid peer = idle();
    here.run([=] { monitor(peer); });
    there.run([&] {
        while (!process_info(peer)->monitored_by.empty())
            yield();
    });
}

TEST_P(remote, an_exit_signal_to_an_alias_goes_over) {
    here.run([this] {
        trap_exit(true);
        const reference a = alias();
        const pid over_there = there.spawn([a] { exit(a, "why"_a); });
        EXPECT_EQ(next_message(), term(tuple("EXIT"_a, over_there, "why"_a)));
    });
}

TEST_P(remote, an_alias_takes_replies_from_over_there) {
    const pid server = there.spawn([] {
        const reference to = element<reference>(receive(), 0);
        send(to, "first"_a);
        send(to, "second"_a);
    });
    here.run([=] {
        const reference ref = monitor(server, {.alias = monitor_alias::reply_demonitor});
        send(server, tuple(ref));
        EXPECT_TRUE(next_message().is_atom("first"_a));
        const std::string why = text(down_reason(monitor(server)));
        EXPECT_TRUE(why == "normal" || why == "noproc") << why;  // it may not have ended yet
        EXPECT_TRUE(mailbox_is_empty());
    });
}

TEST_P(remote, exit_signals_go_over_and_kill_is_killed) {
    const pid peer = idle();
    here.run([=] {
        const reference ref = monitor(peer);
        exit(peer, "normal"_a);
        exit(peer, "kill"_a);
        EXPECT_EQ(text(down_reason(ref)), "killed");
    });
}

TEST_P(remote, a_lost_node_breaks_links_then_monitors_by_pid_then_by_name) {
    const pid peer = idle();
    there.register_name("watched"_a, peer).value();
    here.run([=, this] {
        trap_exit(true);
        const reference by_name = monitor(registered_name{"watched"_a, "there@test"_a});
        const reference by_pid = monitor(peer);
        link(peer);
        here.signal_nodedown(self(), "there@test"_a, 1);
        EXPECT_EQ(next_message(), term(tuple("EXIT"_a, peer, "noconnection"_a)));
        EXPECT_EQ(next_message(), term(tuple("DOWN"_a, by_pid, "process"_a, peer, "noconnection"_a)));
        EXPECT_EQ(next_message(), term(tuple("DOWN"_a, by_name, "process"_a,
                                             tuple("watched"_a, "there@test"_a), "noconnection"_a)));
        EXPECT_TRUE(process_info(self())->links.empty());
        EXPECT_TRUE(process_info(self())->monitors.empty());
        here.signal_nodedown(self(), "there@test"_a, 1);
        EXPECT_TRUE(mailbox_is_empty());
    });
}

// A process may have made relations over a new connection before it hears that the old one is gone.
TEST_P(remote, a_lost_connection_leaves_what_was_made_over_a_later_one) {
    const pid one = idle();
    const pid two = idle();
    there.register_name("watched"_a, one).value();
    here.run([=, this] {
        trap_exit(true);
        const registered_name by_name{"watched"_a, "there@test"_a};
        link(one);
        const reference old = monitor(one);
        from_here.connection = 2;
        link(one);  // linked already, over the old one
        link(two);
        const reference fresh = monitor(one);
        const reference named = monitor(by_name);
        const reference asked = spawn_request("there@test"_a, "m"_a, "f"_a, list());
        here.signal_nodedown(self(), "there@test"_a, 1);
        EXPECT_EQ(next_message(), term(tuple("EXIT"_a, one, "noconnection"_a)));
        EXPECT_EQ(next_message(), term(tuple("DOWN"_a, old, "process"_a, one, "noconnection"_a)));
        EXPECT_TRUE(mailbox_is_empty());
        EXPECT_EQ(process_info(self())->links, std::vector<pid>{two});
        EXPECT_EQ(process_info(self())->monitors.size(), 2U);
        here.signal_nodedown(self(), "there@test"_a, 2);
        EXPECT_EQ(next_message(), term(tuple("EXIT"_a, two, "noconnection"_a)));
        EXPECT_EQ(next_message(), term(tuple("DOWN"_a, fresh, "process"_a, one, "noconnection"_a)));
        EXPECT_EQ(next_message(), term(tuple("DOWN"_a, named, "process"_a, tuple("watched"_a, "there@test"_a),
                                             "noconnection"_a)));
        EXPECT_EQ(next_message(), term(tuple("spawn_reply"_a, asked, "error"_a, "noconnection"_a)));
        EXPECT_TRUE(mailbox_is_empty());
    });
}

TEST_P(remote, what_a_spawn_reply_sets_up_belongs_to_the_connection_of_the_request) {
    const pid child = idle();
    here.run([=, this] {
        trap_exit(true);
        from_here.connection = 5;
        const reference ref =
            spawn_request("there@test"_a, "m"_a, "f"_a, list(), {.link = true, .monitor = true});
        here.deliver_spawn_reply(ref, self(), 3, child);
        EXPECT_EQ(next_message(), term(tuple("spawn_reply"_a, ref, "ok"_a, child)));
        here.signal_nodedown(self(), "there@test"_a, 4);
        EXPECT_TRUE(mailbox_is_empty());
        here.signal_nodedown(self(), "there@test"_a, 5);
        EXPECT_EQ(next_message(), term(tuple("EXIT"_a, child, "noconnection"_a)));
        EXPECT_EQ(next_message(), term(tuple("DOWN"_a, ref, "process"_a, child, "noconnection"_a)));
    });
}

TEST_P(remote, a_link_the_peer_has_made_is_lost_with_the_next_connection_that_is) {
    const pid peer = idle();
    here.run([=, this] {
        trap_exit(true);
        here.deliver_link(peer, self());
        EXPECT_EQ(process_info(self())->links, std::vector<pid>{peer});
        here.signal_nodedown(self(), "there@test"_a, 7);
        EXPECT_EQ(next_message(), term(tuple("EXIT"_a, peer, "noconnection"_a)));
    });
}

TEST_P(remote, a_lost_node_ends_a_linked_process_that_does_not_trap) {
    const pid peer = idle();
    here.run([=, this] {
        const pid parent = self();
        const auto p = spawn_monitor([=] {
            link(peer);
            send(parent, "linked"_a);
            static_cast<void>(receive());
        });
        EXPECT_TRUE(next_message().is_atom("linked"_a));
        here.signal_nodedown(p.pid, "there@test"_a, 1);
        EXPECT_EQ(text(down_reason(p.ref)), "noconnection");
    });
}

TEST_P(remote, a_busy_connection_makes_the_sender_wait_until_resume) {
    const pid peer = idle();
    from_here.busy = true;
    here.run([=, this] {
        const pid parent = self();
        const pid p = spawn([=] {
            send(parent, "sending"_a);
            send(peer, "big"_a);
            send(parent, "went on"_a);
        });
        EXPECT_TRUE(next_message().is_atom("sending"_a));
        EXPECT_FALSE(receive_if([](term_view) { return true; }, 20ms));
        EXPECT_TRUE(is_alive(p));
        here.resume(p);
        EXPECT_TRUE(next_message().is_atom("went on"_a));
        EXPECT_EQ(send(destination(peer), 1, {.nosuspend = true}), send_result::nosuspend);
    });
}

TEST_P(remote, an_exit_signal_ends_a_suspended_sender) {
    const pid peer = idle();
    from_here.busy = true;
    here.run([=] {
        const auto p = spawn_monitor([=] { send(peer, "big"_a); });
        exit(p.pid, "enough"_a);
        EXPECT_EQ(text(down_reason(p.ref)), "enough");
    });
}

TEST_P(remote, a_spawn_reply_sets_up_link_and_monitor) {
    const pid child = exits_with_next_message();
    here.run([=, this] {
        trap_exit(true);
        const reference ref =
            spawn_request("there@test"_a, "m"_a, "f"_a, list(), {.link = true, .monitor = true});
        EXPECT_EQ(from_here.spawn_requests, 1);
        there.deliver_link(self(), child);
        there.deliver_monitor(self(), child, ref);
        here.deliver_spawn_reply(ref, self(), 3, child);
        EXPECT_EQ(text(next_message()), text(term(tuple("spawn_reply"_a, ref, "ok"_a, child))));
        send(child, "why"_a);
        EXPECT_EQ(text(down_reason(ref)), "why");
        EXPECT_EQ(next_message(), term(tuple("EXIT"_a, child, "why"_a)));
        const reference failed = spawn_request("there@test"_a, "m"_a, "f"_a, list());
        here.deliver_spawn_reply(failed, self(), 0, "notsup"_a);
        EXPECT_EQ(text(next_message()), text(term(tuple("spawn_reply"_a, failed, "error"_a, "notsup"_a))));
        const reference lost = spawn_request("there@test"_a, "m"_a, "f"_a, list());
        here.signal_nodedown(self(), "there@test"_a, 1);
        receive(on(tuple_of("spawn_reply"_a, lost, "error"_a, "noconnection"_a), [] {}));
    });
}

// They are the parent's, and never leave its node: as a BEAM of OTP 29 does with one of OTP 25.
TEST_P(remote, the_link_and_the_monitor_of_a_spawn_request_have_options) {
    const pid child = exits_with_next_message();
    std::string sent;
    from_here.serve_spawn = [&](rakka::system& s, const reference& ref, const pid& from,
                                const term& options) {
        sent = text(options);
        s.deliver_link(from, child);
        s.deliver_monitor(from, child, ref);
        here.deliver_spawn_reply(ref, from, 3, child);
    };
    here.run([=, this, &sent] {
        trap_exit(true);
        const term more = list(tuple("link"_a, list("priority"_a)),
                               tuple("monitor"_a, list("priority"_a, tuple("tag"_a, "gone"_a),
                                                       tuple("alias"_a, "explicit_unalias"_a))));
        const reference ref = spawn_request("there@test"_a, "m"_a, "f"_a, list(), {.more = more});
        EXPECT_EQ(text(next_message()), text(term(tuple("spawn_reply"_a, ref, "ok"_a, child))));
        EXPECT_EQ(sent, "[link,monitor]");
        send(self(), 1);
        send(ref, 2);  // it is an alias
        send(child, "why"_a);
        while (process_info(self())->message_queue_len < 4)
            static_cast<void>(receive_if([](term_view) { return false; }, 1ms));
        const term a = next_message();
        const term b = next_message();
        EXPECT_TRUE(a.is_tagged("gone"_a, 5) || b.is_tagged("gone"_a, 5)) << text(a) << text(b);
        EXPECT_TRUE(a.is_tagged("EXIT"_a, 3) || b.is_tagged("EXIT"_a, 3)) << text(a) << text(b);
        EXPECT_EQ(text(next_message()), "1");
        EXPECT_EQ(text(next_message()), "2");
        const reference wrong = spawn_request("there@test"_a, "m"_a, "f"_a, list(),
                                              {.more = list(tuple("link"_a, list("urgent"_a)))});
        EXPECT_EQ(text(next_message()), text(term(tuple("spawn_reply"_a, wrong, "error"_a, "badopt"_a))));
        EXPECT_EQ(from_here.spawn_requests, 1);
    });
}

TEST_P(remote, the_alias_of_a_spawn_that_fails_ends) {
    here.run([=, this] {
        const term more = list(tuple("monitor"_a, list(tuple("alias"_a, "explicit_unalias"_a))));
        const reference ref = spawn_request("there@test"_a, "m"_a, "f"_a, list(), {.more = more});
        here.deliver_spawn_reply(ref, self(), 0, "notsup"_a);
        EXPECT_EQ(text(next_message()), text(term(tuple("spawn_reply"_a, ref, "error"_a, "notsup"_a))));
        EXPECT_FALSE(unalias(ref));
        const reference other = spawn_request("there@test"_a, "m"_a, "f"_a, list(), {.more = more});
        EXPECT_TRUE(spawn_request_abandon(other));
        EXPECT_FALSE(unalias(other));
    });
}

// As in erts: not with noproc, which would end a child whose parent ended normally.
TEST_P(remote, a_child_hears_how_a_parent_ended_that_did_not_wait_for_its_reply) {
    for (const atom how : {"normal"_a, "why"_a}) {
        std::atomic<bool> ready{false};
        std::atomic<bool> heard{false};
        const pid child = there.spawn([&, how] {
            trap_exit(true);
            ready = true;
            const term m = next_message();
            EXPECT_EQ(m.tuple()[2].to_string(), text(how));
            heard = true;
        });
        there.run([&] {
            while (!ready)
                yield();
        });
        here.run([=, this] {
            const pid watcher = self();
            const auto parent = spawn_monitor([=] {
                send(watcher, spawn_request("there@test"_a, "m"_a, "f"_a, list(), {.link = true}));
                exit(how);
            });
            const reference request = *next_message().as<reference>();
            EXPECT_EQ(text(down_reason(parent.ref)), text(how));
            there.deliver_link(parent.pid, child);
            here.deliver_spawn_reply(request, parent.pid, 1, child);
            // A second answer is from nobody we know.
            here.deliver_spawn_reply(request, parent.pid, 0, "notsup"_a);
        });
        there.run_until_done();
        EXPECT_TRUE(heard);
    }
}

TEST_P(remote, without_a_router_other_nodes_are_out_of_reach) {
    const pid peer = idle();
    here.set_router(nullptr);
    here.run([=] {
        send(peer, "lost"_a);
        EXPECT_EQ(text(down_reason(monitor(peer))), "noconnection");
        trap_exit(true);
        link(peer);
        EXPECT_EQ(next_message(), term(tuple("EXIT"_a, peer, "noconnection"_a)));
        const reference ref = spawn_request("there@test"_a, "m"_a, "f"_a, list());
        EXPECT_EQ(next_message(), term(tuple("spawn_reply"_a, ref, "error"_a, "noconnection"_a)));
    });
}

// As in OTP, whose crasher gets the options of the process that it stands for.
TEST_P(remote, what_stands_for_a_process_that_cannot_be_started_is_linked_and_monitored) {
    here.set_router(nullptr);
    here.run([] {
        trap_exit(true);
        const auto start = [](const term& options) {
            return spawn("there@test"_a, "m"_a, "f"_a, list(), options);
        };
        const pid alone = start({});
        EXPECT_NE(alone, pid());
        const pid linked = start(list("link"_a));
        EXPECT_EQ(next_message(), term(tuple("EXIT"_a, linked, "noconnection"_a)));
        const pid watched = start(list("monitor"_a));
        EXPECT_EQ(element<pid>(next_message(), 3), watched);
        const auto [both, ref] = spawn_monitor("there@test"_a, "m"_a, "f"_a, list(), list("link"_a));
        EXPECT_EQ(text(down_reason(ref)), "noconnection");
        EXPECT_EQ(next_message(), term(tuple("EXIT"_a, both, "noconnection"_a)));
        for (const term& bad : {term("link"_a), term(cons("link"_a, "link"_a))})
            EXPECT_THROW(start(bad), process_exit);
        EXPECT_TRUE(mailbox_is_empty());
    });
}

TEST_P(remote, a_local_pid_that_comes_back_with_the_node_name_is_local) {
    here.run([] {
        const pid named{"here@test"_a, self().id, self().serial, 1};
        send(named, "mine"_a);
        EXPECT_TRUE(next_message().is_atom("mine"_a));
        const pid older{"here@test"_a, self().id, self().serial, 2};
        EXPECT_EQ(text(down_reason(monitor(older))), "noproc");
        EXPECT_FALSE(is_alive(older));
    });
}

TEST_P(remote, a_pid_with_the_node_name_that_no_slot_can_have_is_a_dead_process) {
    here.run([] {
        trap_exit(true);
        const pid me = self();
        for (const pid& p :
             {pid{"here@test"_a, me.id + (1U << 25), me.serial, 1},
              pid{"here@test"_a, me.id, me.serial + (1U << 28), 1}, pid{"here@test"_a, me.id, 0, 1}}) {
            EXPECT_FALSE(is_alive(p));
            send(p, "lost"_a);
            const reference ref = monitor(p);
            EXPECT_EQ(next_message(), term(tuple("DOWN"_a, ref, "process"_a, p, "noproc"_a)));
            link(p);
            EXPECT_EQ(next_message(), term(tuple("EXIT"_a, p, "noproc"_a)));
        }
    });
}

TEST_P(remote, a_monitor_on_a_name_that_nobody_has_stays_at_home) {
    here.run([] {
        const auto p = spawn_monitor([] {
            static_cast<void>(monitor("nobody"_a));
            static_cast<void>(monitor(registered_name{"nobody"_a, "here@test"_a}));
        });
        EXPECT_EQ(text(down_reason(p.ref)), "normal");
    });
    EXPECT_EQ(from_here.demonitors, 0);
}

TEST_P(remote, an_abandoned_spawn_request_leaves_nothing) {
    std::atomic<bool> ready{false};
    std::string heard;
    const pid child = there.spawn([&] {
        trap_exit(true);
        ready = true;
        heard = text(next_message());
    });
    there.run([&] {
        while (!ready)
            yield();
    });
    pid parent;
    here.run([&, this] {
        parent = self();
        const reference r =
            spawn_request("there@test"_a, "m"_a, "f"_a, list(), {.link = true, .monitor = true});
        EXPECT_TRUE(spawn_request_abandon(r));
        EXPECT_FALSE(spawn_request_abandon(r));
        there.deliver_link(self(), child);
        here.deliver_spawn_reply(r, self(), 3, child);  // both relations have been made
        EXPECT_TRUE(mailbox_is_empty());
        EXPECT_TRUE(process_info(self())->links.empty());
        EXPECT_TRUE(process_info(self())->monitors.empty());
    });
    there.run_until_done();
    EXPECT_NE(heard.find("abandoned"), std::string::npos) << heard;
    EXPECT_EQ(from_here.demonitors.load(), 1);
}

}  // namespace
}  // namespace rakka::testing
