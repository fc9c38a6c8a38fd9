// Every control message in both directions, in each of its forms, at a raw socket. [protocol §5]
#include "support/cluster.hpp"
#include "support/raw_signals.hpp"

#include <rakka/etf/local_origin.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rakka::testing {
namespace {

using flag = distribution_flag;

/// A raw peer that is connected to a node, and processes of that node.
class node_signals : public cluster {
protected:
    void begin(distribution_flags flags = flag_sets::wanted) {
        us = &start("us");
        peer.emplace((*us)->port());
        ASSERT_TRUE(peer->shake_hands("peer@127.0.0.1", "cluster", flags));
        from_us.emplace(*peer, flags);
        // The peer is done with the handshake a moment before the node is.
        while ((*us)->nodes().empty())
            std::this_thread::yield();
    }
    /// Runs `body` as a process of the node, under the name `tester`.
    template <class F>
    void as_process(F body) {
        us->sys.run([&] {
            static_cast<void>(register_name("tester"_a, self()));
            body();
        });
    }
    void write(const term& control, const term& payload = {}) {
        peer->write(raw_peer::message(control, payload));
    }
    static std::string next_text() {
        const auto t = receive_soon();
        return t ? t->to_string() : "nothing";
    }
    static reference peers_reference(std::uint32_t n) {
        reference r;
        r.node = "peer@127.0.0.1"_a;
        r.creation = 77;
        r.size = 3;
        r.words = {n, 2, 3};
        return r;
    }
    /// As the peer sees it.
    static bool same(const pid& theirs, const pid& ours) {
        return theirs.node == etf::identity_of(ours).name && theirs.id == ours.id &&
               theirs.serial == ours.serial;
    }

    const pid from{"peer@127.0.0.1"_a, 5, 6, 77};
    const term token = term(tuple(0, 17, 1, pid{"peer@127.0.0.1"_a, 5, 6, 77}, 0));
    member* us = nullptr;
    std::optional<raw_peer> peer;
    std::optional<raw_signals> from_us;
};

// With and without a sequential trace token, which is the receiver's then.
TEST_F(node_signals, messages_in_every_form_arrive) {
    begin();
    as_process([&] {
        const pid me = self();
        const term al(alias());
        const std::vector<term> forms{
            term(tuple(2, ""_a, me)),                          // SEND
            term(tuple(12, ""_a, me, token)),                  // SEND_TT
            term(tuple(22, from, me)),                         // SEND_SENDER
            term(tuple(23, from, me, token)),                  // SEND_SENDER_TT
            term(tuple(6, from, ""_a, "tester"_a)),            // REG_SEND
            term(tuple(16, from, ""_a, "tester"_a, token)),    // REG_SEND_TT
            term(tuple(33, from, al)),                         // ALIAS_SEND
            term(tuple(34, from, al, token)),                  // ALIAS_SEND_TT
            term(tuple(37, 0, from, me)),                      // ALTACT_SIG_SEND to a pid,
            term(tuple(37, 2, from, me, token)),               // traced,
            term(tuple(37, 1, from, me)),                      // with priority,
            term(tuple(37, 3, from, me, token)),               // both,
            term(tuple(37, 4, from, al)),                      // to an alias,
            term(tuple(37, 6, from, al, token)),               //
            term(tuple(37, 8, from, "tester"_a)),              // to a name,
            term(tuple(37, 10, from, "tester"_a, token)),      //
            term(tuple(37, 32, from, me)),                     // with a flag that is not known,
            term(tuple(37, 0, from, me, "later"_a, "more"_a))  // with elements of a later version.
        };
        for (std::size_t i = 0; i < forms.size(); ++i) {
            write(forms[i], term(tuple("number"_a, i)));
            EXPECT_EQ(next_text(), "{number," + std::to_string(i) + "}") << forms[i].to_string();
            const tuple_view form = forms[i].tuple();
            const bool traced = form[form.size() - 1] == token.view();
            EXPECT_EQ(seq_trace::get_token(), traced ? token : term(list())) << forms[i].to_string();
        }
    });
    EXPECT_EQ((*us)->nodes().size(), 1U);
}

TEST_F(node_signals, exit_signals_in_every_form_arrive) {
    begin();
    as_process([&] {
        trap_exit(true);
        const pid me = self();
        const term al(alias());
        const term why = term(tuple("why"_a, 1));
        const std::vector<std::pair<term, term>> forms{
            {term(tuple(8, from, me, why)), {}},           // EXIT2
            {term(tuple(18, from, me, token, why)), {}},   // EXIT2_TT
            {term(tuple(26, from, me)), why},              // PAYLOAD_EXIT2
            {term(tuple(27, from, me, token)), why},       // PAYLOAD_EXIT2_TT
            {term(tuple(37, 16, from, me)), why},          // ALTACT_SIG_SEND to a pid,
            {term(tuple(37, 19, from, me, token)), why},   // traced, with priority,
            {term(tuple(37, 20, from, al)), why},          // to an alias,
            {term(tuple(37, 22, from, al, token)), why},   //
            {term(tuple(37, 24, from, "tester"_a)), why},  // to a name.
        };
        const std::string expected = term(tuple("EXIT"_a, from, why)).to_string();
        for (const auto& [control, payload] : forms) {
            seq_trace::set_token(list());
            write(control, payload);
            EXPECT_EQ(next_text(), expected) << control.to_string();
            const std::string text = control.to_string();
            const bool traced = text.find("{0,17,1,") != std::string::npos;
            EXPECT_EQ(seq_trace::get_token(), traced ? token : term(list())) << text;
        }
        EXPECT_TRUE(unalias(*al.as<reference>()));
        write(term(tuple(37, 20, from, al)), why);
        write(term(tuple(22, from, me)), term("next"_a));
        EXPECT_EQ(next_text(), "next");
    });
}

TEST_F(node_signals, what_a_process_with_a_token_sends_has_the_form_for_it) {
    begin();
    as_process([&] {
        const pid me = self();
        seq_trace::set_token(tuple(0, "lab"_a, 6, me, 5));
        const auto expect_token = [&](const raw_signal& s, int op, const std::string& serials) {
            EXPECT_EQ(s.op(), op);
            ASSERT_TRUE(s.control.token.is_tuple(5)) << s.control.token.to_string();
            const tuple_view t = s.control.token.tuple();
            EXPECT_EQ(t[1].to_string(), "lab");
            EXPECT_TRUE(same(*t[3].as<pid>(), me));
            EXPECT_EQ(t[4].to_string() + "," + t[2].to_string(), serials);
        };
        send(from, "x"_a);
        send(registered_name{from.node, from.node}, "x"_a);
        send(peers_reference(1), "x"_a);
        static_cast<void>(spawn_request(from.node, "m"_a, "f"_a, list(1)));
        exit(from, "why"_a);  // carries none
        blocking([&] {
            expect_token(from_us->next(), 23, "5,7");
            expect_token(from_us->next(), 16, "5,8");
            expect_token(from_us->next(), 37, "5,9");
            expect_token(from_us->next(), 30, "5,11");
            EXPECT_EQ(from_us->next().op(), 26);
        });
    });
}

// A peer without BIG_SEQTRACE_LABELS gets the message alone.
TEST_F(node_signals, a_token_that_the_peer_does_not_understand_stays_here) {
    begin(flag_sets::wanted.without({flag::big_seqtrace_labels}));
    as_process([&] {
        seq_trace::set_token("label"_a, "lab"_a);
        send(from, "x"_a);
        seq_trace::set_token("label"_a, 17);
        send(from, "y"_a);
        blocking([&] {
            EXPECT_EQ(from_us->next().op(), 22);
            EXPECT_EQ(from_us->next().op(), 23);
        });
    });
}

TEST_F(node_signals, a_token_of_a_wrong_shape_closes_the_connection) {
    begin();
    us->sys.run([&] {
        write(term(tuple(23, from, self(), tuple(0, 17, "one"_a, from, 0))), term("x"_a));
        blocking([&] { EXPECT_TRUE(from_us->next().closed); });
        EXPECT_FALSE(receive_if([](term_view) { return true; }, std::chrono::nanoseconds(0)));
    });
}

TEST_F(node_signals, links_of_the_peer_break_with_an_exit_in_every_form) {
    begin();
    as_process([&] {
        trap_exit(true);
        const pid me = self();
        const term why("gone"_a);
        for (const int op : {3, 13, 24, 25}) {
            const pid linked{from.node, 100, static_cast<std::uint32_t>(op), 77};
            write(term(tuple(1, linked, me)));
            switch (op) {
                case 3:
                    write(term(tuple(3, linked, me, why)));
                    break;
                case 13:
                    write(term(tuple(13, linked, me, token, why)));
                    break;
                case 24:
                    write(term(tuple(24, linked, me)), why);
                    break;
                default:
                    write(term(tuple(25, linked, me, token)), why);
                    break;
            }
            EXPECT_EQ(next_text(), term(tuple("EXIT"_a, linked, why)).to_string());
        }
        // Without a link, and after an unlink, which is acknowledged, nothing arrives.
        write(term(tuple(24, from, me)), why);
        write(term(tuple(1, from, me)));
        write(term(tuple(35, 9, from, me)));
        write(term(tuple(24, from, me)), why);
        write(term(tuple(22, from, me)), term("next"_a));
        EXPECT_EQ(next_text(), "next");
        blocking([&] {
            const raw_signal ack = from_us->next();
            EXPECT_EQ(ack.op(), 36);
            EXPECT_EQ(ack.control.id, 9U);
            EXPECT_TRUE(same(ack.control.from, me));
            EXPECT_EQ(ack.control.to, from);
        });
    });
}

TEST_F(node_signals, the_dead_are_answered_for) {
    begin();
    pid dead;
    us->sys.run([&] { dead = self(); });
    write(term(tuple(35, 9, from, dead)));
    EXPECT_EQ(from_us->next().op(), 36);
    write(term(tuple(1, from, dead)));
    raw_signal s = from_us->next();
    EXPECT_EQ(s.op(), 24);
    EXPECT_EQ(s.payload.to_string(), "noproc");
    EXPECT_TRUE(same(s.control.from, dead));
    for (const term& target : {term(dead), term("no_such_name"_a)}) {
        write(term(tuple(19, from, target, peers_reference(1))));
        s = from_us->next();
        EXPECT_EQ(s.op(), 28);
        EXPECT_EQ(s.payload.to_string(), "noproc");
        EXPECT_EQ(s.control.ref, peers_reference(1));
        EXPECT_EQ(s.control.name.has_value(), !target.as<pid>());
    }
    // What needs no answer gets none.
    write(term(tuple(22, from, dead)), term("lost"_a));
    write(term(tuple(26, from, dead)), term("lost"_a));
    write(term(tuple(24, from, dead)), term("lost"_a));
    write(term(tuple(20, from, dead, peers_reference(7))));
    write(term(tuple(7, from, dead)));
    write(term(tuple(36, 3, from, dead)));
    write(term(tuple(28, from, dead, peers_reference(3))), term("lost"_a));
    write(term(tuple(35, 10, from, dead)));
    EXPECT_EQ(from_us->next().control.id, 10U);
    // A child of the dead is let go of.
    write(term(tuple(31, peers_reference(3), dead, 3, from)));
    EXPECT_EQ(from_us->next().op(), 20);
    s = from_us->next();
    EXPECT_EQ(s.op(), 24);
    EXPECT_EQ(s.control.to, from);
}

TEST_F(node_signals, monitors_of_the_peer_are_told_how_it_ended) {
    begin();
    as_process([&] {
        const pid p = spawn([] { exit(receive()); }, {.name = "monitored"_a});
        const pid q = spawn([] { exit(receive()); });
        write(term(tuple(19, from, p, peers_reference(1))));
        write(term(tuple(19, from, "monitored"_a, peers_reference(2))));
        write(term(tuple(19, from, p, peers_reference(3))));
        write(term(tuple(20, from, p, peers_reference(3))));
        write(term(tuple(19, from, q, peers_reference(4))));
        write(term(tuple(22, from, p)), term("reason"_a));
        blocking([&] {
            int seen = 0;
            for (int i = 0; i < 2; ++i) {
                const raw_signal s = from_us->next();
                EXPECT_EQ(s.op(), 28);
                EXPECT_EQ(s.payload.to_string(), "reason");
                EXPECT_EQ(s.control.to, from);
                if (s.control.ref == peers_reference(1) && same(s.control.from, p)) seen |= 1;
                if (s.control.ref == peers_reference(2) && s.control.name.to_string() == "monitored")
                    seen |= 2;
            }
            EXPECT_EQ(seen, 3);
            write(term(tuple(22, from, q)), term("other"_a));
            EXPECT_EQ(from_us->next().control.ref, peers_reference(4));
        });
    });
}

// The name goes to another process: the end of the monitor must still reach the first one.
TEST_F(node_signals, a_demonitor_by_name_reaches_the_process_that_had_the_name) {
    begin();
    as_process([&] {
        const pid first = spawn([] { exit(receive()); }, {.name = "wanders"_a});
        write(term(tuple(19, from, "wanders"_a, peers_reference(1))));
        write(term(tuple(22, from, self())), term("arrived"_a));
        EXPECT_EQ(next_text(), "arrived");
        EXPECT_TRUE(unregister_name("wanders"_a));
        const pid second = spawn([] { exit(receive()); }, {.name = "wanders"_a});
        write(term(tuple(20, from, "wanders"_a, peers_reference(1))));
        write(term(tuple(19, from, second, peers_reference(2))));
        write(term(tuple(22, from, first)), term("unseen"_a));
        const reference gone = monitor(first);
        EXPECT_EQ(*receive_soon()->tuple()[1].as<reference>(), gone);
        write(term(tuple(22, from, second)), term("seen"_a));
        blocking([&] { EXPECT_EQ(from_us->next().control.ref, peers_reference(2)); });
    });
}

TEST_F(node_signals, a_group_leader_is_set) {
    begin();
    as_process([&] {
        write(term(tuple(7, from, self())));
        write(term(tuple(22, from, self())), term("next"_a));
        EXPECT_EQ(next_text(), "next");
        EXPECT_EQ(group_leader(), from);
    });
}

TEST_F(node_signals, spawn_requests_are_answered_before_anything_else_of_the_child) {
    begin();
    (*us)->exports().add("m"_a, "f"_a, 1, [](const std::vector<term>& a) {
        EXPECT_EQ(group_leader(), (pid{"peer@127.0.0.1"_a, 9, 9, 77}));
        return a[0];
    });
    const pid leader{from.node, 9, 9, 77};
    const term mfa = term(tuple("m"_a, "f"_a, 1));
    const term both =
        term(list("monitor"_a, "link"_a, tuple("priority"_a, "high"_a), tuple("async_dist"_a, true)));
    for (const bool traced : {false, true}) {
        const reference ref = peers_reference(traced ? 2 : 1);
        write(traced ? term(tuple(30, ref, from, leader, mfa, both, token))
                     : term(tuple(29, ref, from, leader, mfa, both)),
              term(list("x"_a)));
        const raw_signal reply = from_us->next();
        ASSERT_EQ(reply.op(), traced ? 32 : 31);  // the child goes on with the token of who asked
        EXPECT_EQ(reply.control.ref, ref);
        EXPECT_EQ(reply.control.to, from);
        EXPECT_EQ(reply.control.id, 3U);
        int seen = 0;
        for (int i = 0; i < 2; ++i) {
            const raw_signal s = from_us->next();
            EXPECT_EQ(s.control.from, reply.control.from);
            EXPECT_EQ(s.payload.to_string(), "normal");
            if (s.op() == (traced ? 25 : 24)) seen |= 1;
            if (s.op() == 28 && s.control.ref == ref) seen |= 2;
        }
        EXPECT_EQ(seen, 3);
    }
    // Without options there is a reply and nothing more; an option nobody knows is refused.
    write(term(tuple(29, peers_reference(3), from, leader, mfa, list())), term(list("x"_a)));
    EXPECT_EQ(from_us->next().control.id, 0U);
    write(term(tuple(29, peers_reference(4), from, leader, mfa, list("no_such_option"_a))),
          term(list("x"_a)));
    const raw_signal refused = from_us->next();
    EXPECT_EQ(refused.op(), 31);
    EXPECT_EQ(refused.control.name.to_string(), "badopt");
}

TEST_F(node_signals, replies_to_our_spawn_requests_are_taken_in_both_forms) {
    begin();
    as_process([&] {
        for (const int op : {31, 32}) {
            const reference asked =
                spawn_request(from.node, "m"_a, "f"_a, term(list(1)), {.link = true, .monitor = true});
            raw_signal request;
            blocking([&] { request = from_us->next(); });
            EXPECT_EQ(request.op(), 29);
            EXPECT_EQ(request.control.mfa.to_string(), "{m,f,1}");
            EXPECT_EQ(request.payload.to_string(), "[1]");
            const pid child{from.node, 200, static_cast<std::uint32_t>(op), 77};
            const term ref(request.control.ref);
            write(op == 31 ? term(tuple(31, ref, self(), 3, child))
                           : term(tuple(32, ref, self(), 3, child, token)));
            EXPECT_EQ(next_text(), term(tuple("spawn_reply"_a, asked, "ok"_a, child)).to_string());
            write(term(tuple(28, child, self(), ref)), term("ended"_a));  // by its monitor
            EXPECT_EQ(receive_soon()->tuple()[4].to_string(), "ended");
            unlink(child);
            blocking([&] { EXPECT_EQ(from_us->next().op(), 35); });
        }
        const reference asked = spawn_request(from.node, "m"_a, "f"_a, term(list()), {});
        raw_signal request;
        blocking([&] { request = from_us->next(); });
        write(term(tuple(31, term(request.control.ref), self(), 0, "notsup"_a)));
        EXPECT_EQ(next_text(), term(tuple("spawn_reply"_a, asked, "error"_a, "notsup"_a)).to_string());
    });
}

TEST_F(node_signals, whoever_is_killed_while_it_waits_for_a_spawn_gives_its_child_up) {
    begin();
    as_process([&] {
        const auto parent = spawn_monitor(
            [&] { spawn_link(from.node, "m"_a, "f"_a, term(list()), term(list("monitor"_a))); });
        raw_signal request;
        blocking([&] { request = from_us->next(); });
        ASSERT_EQ(request.op(), 29);
        exit(parent.pid, "kill"_a);
        const auto down = receive_soon();
        ASSERT_TRUE(down && is_down(parent.ref, down->view()));
        const pid child{from.node, 200, 1, 77};
        write(term(tuple(31, request.control.ref, request.control.from, 3, child)));
        raw_signal forgotten;
        raw_signal end;
        blocking([&] {
            forgotten = from_us->next();
            end = from_us->next();
        });
        EXPECT_EQ(forgotten.op(), 20);
        EXPECT_EQ(forgotten.control.ref, request.control.ref);
        EXPECT_EQ(end.op(), 24);
        EXPECT_EQ(end.control.to, child);
        EXPECT_EQ(end.payload.to_string(), "killed");
    });
}

TEST_F(node_signals, a_spawn_that_waits_ends_with_the_connection) {
    begin();
    as_process([&] {
        const pid me = self();
        spawn([&] {
            trap_exit(true);
            const pid child = spawn_link(from.node, "m"_a, "f"_a, term(list()));
            send(me, term(tuple(child, next_text())));
        });
        blocking([&] {
            EXPECT_EQ(from_us->next().op(), 29);
            from_us.reset();
            peer.reset();
        });
        const auto told = receive_soon();
        ASSERT_TRUE(told);
        const pid child = *told->tuple()[0].as<pid>();
        EXPECT_EQ(*told->tuple()[1].as<std::string>(),
                  term(tuple("EXIT"_a, child, "noconnection"_a)).to_string());
        EXPECT_TRUE(child.is_local());
    });
}

/// The operation codes our signals travel under, in the order of this function.
std::vector<int> forms_of(raw_signals& arriving, member& us, const pid& from, int expected) {
    std::vector<int> seen;
    us.sys.run([&] {
        reference theirs;
        theirs.node = from.node;
        theirs.creation = 77;
        theirs.size = 3;
        theirs.words = {1, 2, 3};
        send(from, term("to a pid"));
        send(registered_name{"name"_a, from.node}, term("to a name"));
        send(theirs, term("to an alias"));
        static_cast<void>(send(destination(from), term("urgent"), {.priority = true}));
        link(from);
        unlink(from);
        const reference ref = monitor(from);
        demonitor(ref);
        exit(from, term("reason"_a));
        exit(theirs, term("to an alias"_a));
        group_leader(self(), from);
        static_cast<void>(spawn_request(from.node, "m"_a, "f"_a, term(list()), {}));
        const pid other{from.node, 300, 1, 77};
        const pid child = spawn([other] {
            link(other);
            exit(term("by its link"_a));
        });
        static_cast<void>(child);
        blocking([&] {
            for (int i = 0; i < expected; ++i)
                seen.push_back(arriving.next().op());
        });
    });
    return seen;
}

TEST_F(node_signals, ours_have_the_newest_form_that_the_peer_knows) {
    begin();
    EXPECT_EQ(forms_of(*from_us, *us, from, 14),
              (std::vector{22, 6, 37, 37, 1, 35, 19, 20, 26, 37, 7, 29, 1, 24}));
}

TEST_F(node_signals, ours_have_an_older_form_for_an_older_peer) {
    begin(flag_sets::wanted.without({flag::altact_sig, flag::native_records}));
    EXPECT_EQ(forms_of(*from_us, *us, from, 13),
              (std::vector{22, 6, 33, 22, 1, 35, 19, 20, 26, 7, 29, 1, 24}));
    EXPECT_EQ(us->log.wait_for("does not know this kind of signal").peer, "peer@127.0.0.1");
}

TEST_F(node_signals, ours_are_understood_by_a_peer_that_knows_only_what_it_must) {
    begin(flag_sets::mandatory);
    // No monitors, aliases and spawns at all; reasons in the tuple; no distribution header.
    EXPECT_EQ(forms_of(*from_us, *us, from, 9), (std::vector{2, 6, 2, 1, 35, 8, 7, 1, 3}));
}

TEST_F(node_signals, a_down_has_the_form_the_peer_knows) {
    for (const bool payload : {true, false}) {
        begin(payload ? flag_sets::wanted : flag_sets::wanted.without({flag::exit_payload}));
        as_process([&] {
            const pid p = spawn([] { exit(receive()); });
            write(term(tuple(19, from, p, peers_reference(1))));
            write(term(tuple(22, from, p)), term("reason"_a));
            blocking([&] {
                const raw_signal s = from_us->next();
                EXPECT_EQ(s.op(), payload ? 28 : 21);
                EXPECT_EQ(s.payload.to_string(), "reason");
            });
        });
        from_us.reset();
        peer.reset();
        remove(*us);
    }
}

TEST_F(node_signals, a_down_in_either_form_ends_our_monitor) {
    begin();
    as_process([&] {
        for (const int op : {21, 28}) {
            monitor(from);
            raw_signal s;
            blocking([&] { s = from_us->next(); });
            ASSERT_EQ(s.op(), 19);
            const term ref(s.control.ref);
            if (op == 21) {
                write(term(tuple(21, from, self(), ref, "why"_a)));
            } else {
                write(term(tuple(28, from, self(), ref)), term("why"_a));
            }
            EXPECT_EQ(receive_soon()->tuple()[4].to_string(), "why");
        }
        monitor(registered_name{"there"_a, from.node});
        raw_signal s;
        blocking([&] { s = from_us->next(); });
        write(term(tuple(28, "there"_a, self(), term(s.control.ref))), term("noproc"_a));
        EXPECT_EQ(receive_soon()->tuple()[3].to_string(), "{there,'peer@127.0.0.1'}");
    });
}

TEST_F(node_signals, one_that_breaks_the_protocol_closes_the_connection_with_its_name) {
    const pid stranger{"third@127.0.0.1"_a, 1, 1, 5};
    const std::vector<std::pair<term, std::string>> bad{
        {term("no_tuple"_a), "not a tuple"},
        {term(tuple()), "no operation code"},
        {term(tuple("a"_a)), "no operation code"},
        {term(tuple(5, from, from)), "unknown operation 5"},
        {term(tuple(38, 0, from, from)), "unknown operation 38"},
        {term(tuple(1, from)), "LINK with 2 elements"},
        {term(tuple(1, stranger, from)), "LINK (1): element 2"},
        {term(tuple(1, from, "x"_a)), "LINK (1): element 3"},
        {term(tuple(6, "x"_a, ""_a, "tester"_a)), "REG_SEND (6): element 2"},
        {term(tuple(37, 12, from, "x"_a)), "ALIAS and NAME"},
        {term(tuple(37, -1, from, from)), "is negative"},
        {term(tuple(37, 4, from, "x"_a)), "is not a reference"},
        {term(tuple(37, 2, from, from)), "TOKEN has no token"},
        {term(tuple(31, peers_reference(1), from, 1 << 27, from)), "SPAWN_REPLY (31)"},
    };
    for (const auto& [control, said] : bad) {
        begin();
        write(control);
        EXPECT_TRUE(peer->wait_for_close()) << control.to_string();
        const auto e = us->log.wait_for("closing the connection to peer@127.0.0.1");
        EXPECT_EQ(e.code, node_errc::bad_control_message);
        EXPECT_NE(e.text.find(said), std::string::npos) << e.text;
        from_us.reset();
        peer.reset();
        remove(*us);
    }
}

TEST_F(node_signals, an_unlink_without_an_id_closes_the_connection_as_it_does_on_otp_26) {
    begin();
    us->sys.run([&] {
        write(term(tuple(4, from, self())));
        blocking([&] { EXPECT_TRUE(peer->wait_for_close()); });
    });
    EXPECT_EQ(us->log.wait_for("closing the connection").code, node_errc::bad_control_message);
}

}  // namespace
}  // namespace rakka::testing
