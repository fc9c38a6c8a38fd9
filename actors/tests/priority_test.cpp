// Priority messages: before all others, for those who ask for them. Rules from "Adding Messages to the
// Message Queue" in the Erlang reference manual, `alias/1`, `send/3`, `exit/3`, `monitor/3`, `link/2` (OTP
// 28).
#include "actors_support.hpp"

#include <vector>

namespace rakka::testing {
namespace {

RAKKA_EVERY_MODE(priority_messages);

/// Sends from another process and waits until that one has ended: what it sent is in the mailbox then.
template <class F>
void elsewhere(F f) {
    await_end(spawn(std::move(f)));
}

void send_urgently(const reference& to, term message) {
    EXPECT_EQ(send(destination(to), std::move(message), {.priority = true}), send_result::ok);
}

/// All messages that are there, as text.
std::string everything() {
    std::string all;
    while (const auto m = receive_if([](term_view) { return true; }, 0ns))
        all += (all.empty() ? "" : " ") + text(*m);
    return all;
}

TEST_P(priority_messages, come_before_ordinary_ones_and_behind_earlier_ones_of_their_kind) {
    in_process([] {
        const pid me = self();
        const reference urgent = alias({.priority = true});
        elsewhere([=] {
            send(me, 1);
            send_urgently(urgent, "a"_a);
            send(urgent, 2);  // the option is missing
            send_urgently(urgent, "b"_a);
            send(me, 3);
            send_urgently(urgent, "c"_a);
        });
        EXPECT_EQ(everything(), "a b c 1 2 3");
        // Some are received in between, the last one first.
        elsewhere([=] {
            send(me, 1);
            send_urgently(urgent, "a"_a);
            send_urgently(urgent, "b"_a);
        });
        EXPECT_EQ(text(receive_if([](term_view m) { return m.is_atom("b"_a); })), "b");
        elsewhere([=] {
            send_urgently(urgent, "c"_a);
            send(me, 2);
        });
        EXPECT_EQ(text(receive()), "a");
        EXPECT_EQ(text(receive()), "c");
        elsewhere([=] { send_urgently(urgent, "d"_a); });
        EXPECT_EQ(everything(), "d 1 2");
        elsewhere([=] {
            send_urgently(urgent, "e"_a);
            send(me, 3);
        });
        EXPECT_EQ(everything(), "e 3");
    });
}

TEST_P(priority_messages, are_ordinary_ones_without_a_priority_alias) {
    in_process([] {
        const pid me = self();
        const reference plain = alias();
        const reference urgent = alias({.priority = true});
        const reference gone = alias({.priority = true});
        EXPECT_TRUE(unalias(gone));
        static_cast<void>(register_name("me"_a, me));
        elsewhere([=] {
            send(me, 1);
            send_urgently(plain, 2);
            EXPECT_EQ(send(destination(me), 3, {.priority = true}), send_result::ok);
            EXPECT_EQ(send(destination("me"_a), 4, {.priority = true}), send_result::ok);
            send_urgently(gone, "lost"_a);
            send_urgently(urgent, 0);
        });
        EXPECT_EQ(everything(), "0 1 2 3 4");
    });
}

TEST_P(priority_messages, a_reply_alias_takes_one) {
    in_process([] {
        const pid me = self();
        const reference urgent = alias({.reply = true, .priority = true});
        elsewhere([=] {
            send(me, 1);
            send_urgently(urgent, "first"_a);
            send_urgently(urgent, "second"_a);
        });
        EXPECT_EQ(everything(), "first 1");
        EXPECT_FALSE(unalias(urgent));
    });
}

TEST_P(priority_messages, reach_a_receive_that_waits_behind_others) {
    in_process([] {
        const pid me = self();
        const reference urgent = alias({.priority = true});
        for (int i = 0; i < 5; ++i)
            send(me, i);
        const pid other = spawn([=] {
            static_cast<void>(receive());
            send(me, 5);
            send_urgently(urgent, "not this"_a);
            send_urgently(urgent, "this"_a);
            send_urgently(urgent, "nor this"_a);
            send(me, "this"_a);
            send(me, "sent"_a);
            static_cast<void>(receive());
            send_urgently(urgent, "late"_a);
            send(me, "late"_a);
        });
        int looks = 0;
        const auto wants = [&](atom a) { return [&looks, a](term_view m) { return ++looks, m.is_atom(a); }; };
        const auto find_when_sent = [&](atom a) {
            send(other, "go"_a);
            return text(receive_if(wants(a)));
        };
        EXPECT_EQ(find_when_sent("this"_a), "this");
        static_cast<void>(receive_if([](term_view m) { return m.is_atom("sent"_a); }));
        EXPECT_EQ(text(receive()), "'not this'");
        EXPECT_EQ(text(receive()), "'nor this'");
        EXPECT_EQ(find_when_sent("late"_a), "late");
        await_end(other);
        EXPECT_EQ(everything(), "0 1 2 3 4 5 this late");
    });
}

// What was looked at once is not looked at again for a priority message that comes in before it.
TEST_P(priority_messages, do_not_make_a_receive_look_at_all_others_again) {
    in_process([] {
        const pid me = self();
        const reference urgent = alias({.priority = true});
        constexpr int many = 100;
        for (int i = 0; i < many; ++i)
            send(me, i);
        const pid other = spawn([=] {
            static_cast<void>(receive());
            for (int i = 0; i < many; ++i)
                send_urgently(urgent, -i);
            send_urgently(urgent, "end"_a);
        });
        send(other, "go"_a);
        std::vector<int> seen(many);
        static_cast<void>(receive_if([&](term_view m) {
            if (const auto i = m.as<int>(); i && *i > 0) ++seen[static_cast<std::size_t>(*i)];
            return m.is_atom("end"_a);
        }));
        for (const int n : seen)
            EXPECT_LE(n, 1);
    });
}

// A predicate may be preempted, or do what takes in signals: what comes in then is before the message it
// looks at.
TEST_P(priority_messages, that_come_while_a_message_is_looked_at_are_not_taken_in_its_place) {
    in_process([] {
        const pid me = self();
        const reference urgent = alias({.priority = true});
        const auto is_a = [&](term_view m, atom a, std::string& seen) {
            seen += m.to_string() + ' ';
            if (m.is_atom("x"_a)) {  // the first ordinary one
                send_urgently(urgent, "late"_a);
                static_cast<void>(process_messages(me));
            }
            return m.is_atom(a);
        };
        const auto find = [&](atom a) {
            std::string seen;
            const term got = receive_if([&](term_view m) { return is_a(m, a, seen); });
            EXPECT_EQ(text(got), a.text()) << seen;
            return seen;
        };
        send(me, "x"_a);
        send(me, "y"_a);
        EXPECT_EQ(find("x"_a), "x ");
        EXPECT_EQ(everything(), "late y");
        // The same behind one that is there.
        send_urgently(urgent, "early"_a);
        send(me, "x"_a);
        send(me, "y"_a);
        EXPECT_EQ(find("x"_a), "early x ");
        EXPECT_EQ(everything(), "early late y");
        // Not wanted: each is looked at once, the new one too.
        send(me, "x"_a);
        send(me, "y"_a);
        EXPECT_EQ(find("late"_a), "x y late ");
        EXPECT_EQ(everything(), "x y");
    });
}

TEST_P(priority_messages, are_found_by_a_receive_for_a_fresh_reference) {
    in_process([] {
        // All from oneself: a monitor would be a later reference.
        const pid me = self();
        const reference urgent = alias({.priority = true});
        for (int i = 0; i < 3; ++i)
            send(me, i);
        send_urgently(urgent, "early"_a);
        EXPECT_EQ(process_info(me)->message_queue_len, 4U);  // it has been taken in
        const reference fresh_one = make_reference();
        send_urgently(urgent, "between"_a);
        send_urgently(urgent, tuple(fresh_one, "answer"_a));
        std::string looked_at;
        const auto found = receive_if(
            fresh_one, [&](term_view m) { return looked_at += m.to_string() + ' ', m.is_tuple(2); }, 20s);
        ASSERT_TRUE(found);
        EXPECT_EQ(looked_at.rfind("between ", 0), 0U) << looked_at;
        EXPECT_EQ(looked_at.find("early"), std::string::npos) << looked_at;
        EXPECT_EQ(everything(), "early between 0 1 2");
        // Nothing came since this one, though there is a priority message from before.
        send_urgently(urgent, "before"_a);
        EXPECT_EQ(process_info(me)->message_queue_len, 1U);
        const reference later = make_reference();
        EXPECT_FALSE(receive_if(
            later, [](term_view) { return true; }, 0ns));
        send(me, later);
        EXPECT_EQ(text(receive_if(later, [](term_view) { return true; })), text(term(later)));
        EXPECT_EQ(everything(), "before");
    });
}

TEST_P(priority_messages, exit_signals_become_such_when_sent_so) {
    in_process([] {
        trap_exit(true);
        const pid me = self();
        const reference urgent = alias({.priority = true});
        const reference plain = alias();
        elsewhere([=] {
            send(me, 1);
            exit(plain, 2, {.priority = true});
            exit(urgent, 3);
            exit(urgent, "a"_a, {.priority = true});
            send_urgently(urgent, "b"_a);
        });
        std::string order;
        while (const auto m = receive_if([](term_view) { return true; }, 0ns))
            order += (m->is_tuple(3) ? text(reason_in(*m)) : text(*m)) + ' ';
        EXPECT_EQ(order, "a b 1 2 3 ");
    });
    // To one that does not trap exits it is the exit signal it always was.
    in_process([] {
        const pid me = self();
        const pid p = spawn([me] {
            send(me, alias({.priority = true}));
            static_cast<void>(receive());
        });
        const reference to = *next_message().as<reference>();
        const reference ref = monitor(p);
        exit(to, "bye"_a, {.priority = true});
        EXPECT_EQ(text(down_reason(ref)), "bye");
    });
}

TEST_P(priority_messages, downs_and_exits_of_links_are_such_when_asked_for) {
    in_process([] {
        trap_exit(true);
        const pid one = spawn_idle();
        const reference plain = monitor(one);
        const reference urgent = monitor(one, {.tag = term("gone"_a), .priority = true});
        link(one);
        const pid two = spawn_idle();
        link(two, {.priority = true});
        const pid three = spawn_idle();
        link(three);
        link(three, {.priority = true});  // the options of a link that is there change
        const pid four = spawn_idle();
        link(four, {.priority = true});
        link(four);
        send(self(), 1);
        for (const pid& p : {one, two, three, four}) {
            const reference watch = monitor(p);
            exit(p, "x"_a);
            down_reason(watch);
        }
        // The two of `one` that are not urgent come in either order.
        const auto is_exit_of = [](const term& m, const pid& p) {
            return m.is_tagged("EXIT"_a, 3) && *m.tuple()[1].as<pid>() == p;
        };
        const term first = next_message();
        EXPECT_TRUE(first.is_tagged("gone"_a, 5)) << text(first);
        EXPECT_EQ(*first.tuple()[1].as<reference>(), urgent);
        EXPECT_TRUE(is_exit_of(next_message(), two));
        EXPECT_TRUE(is_exit_of(next_message(), three));
        EXPECT_EQ(text(next_message()), "1");
        const term a = next_message();
        const term b = next_message();
        EXPECT_TRUE(is_exit_of(a, one) || is_exit_of(b, one));
        EXPECT_TRUE(is_down(plain, a) || is_down(plain, b));
        EXPECT_TRUE(is_exit_of(next_message(), four));
        EXPECT_TRUE(mailbox_is_empty());
    });
}

TEST_P(priority_messages, downs_of_processes_that_are_spawned_with_a_monitor) {
    in_process([] {
        send(self(), 1);
        const auto [child, ref] = spawn_monitor([] {}, {}, {.priority = true});
        await_end(child);
        const term down = next_message();
        EXPECT_TRUE(is_down(ref, down)) << text(down);
        EXPECT_EQ(everything(), "1");
    });
}

// As with OTP 29.
TEST_P(priority_messages, exits_of_processes_that_are_spawned_with_a_link) {
    in_process([] {
        trap_exit(true);
        const auto order = [](const spawn_options& options) {
            send(self(), 1);
            await_end(spawn([] {}, options));
            std::string all;
            while (const auto m = receive_if([](term_view) { return true; }, 0ns))
                all += m->is_tagged("EXIT"_a, 3) ? "EXIT " : text(*m) + ' ';
            return all;
        };
        EXPECT_EQ(order({.link = true}), "1 EXIT ");
        EXPECT_EQ(order({.link = true, .priority_link = true}), "EXIT 1 ");
        EXPECT_EQ(order({.priority_link = true}), "1 ");  // there is no link
    });
}

TEST_P(priority_messages, ends_of_processes_that_are_asked_for) {
    in_process([] {
        trap_exit(true);
        const auto order = [](const spawn_request_options& how) {
            send(self(), 1);
            const reference ref = spawn_request([] {}, {}, how);
            const auto answer = receive_if(ref, [](term_view m) { return m.is_tagged("spawn_reply"_a, 4); });
            await_end(*answer->tuple()[3].as<pid>());
            std::string all;
            while (const auto m = receive_if([](term_view) { return true; }, 0ns))
                all += m->is(kind::tuple) ? text(m->share(m->tuple()[0])) + ' ' : text(*m) + ' ';
            return all;
        };
        EXPECT_EQ(order({.link = true, .priority_link = true}), "'EXIT' 1 ");
        EXPECT_EQ(order({.link = true, .priority_monitor = true}), "1 'EXIT' ");
    });
}

/// Tells its maker what it gets, in order.
class teller final : public message_handler {
public:
    explicit teller(const pid& to) : to_(to) {}
    next init() override {
        send(to_, alias({.priority = true}));
        return next::wait();
    }
    next handle(term message) override {
        if (message.is_atom("wait"_a)) {
            // Meanwhile the others come in.
            static_cast<void>(receive_if([](term_view m) { return m.is_atom("go"_a); }));
            return next::wait();
        }
        send(to_, std::move(message));
        return next::wait();
    }

private:
    pid to_;
};

TEST_P(priority_messages, handlers_get_them_first) {
    in_process([] {
        const pid p = spawn(std::make_unique<teller>(self()));
        const reference urgent = *next_message().as<reference>();
        send(p, "wait"_a);
        send(p, 1);
        send_urgently(urgent, "a"_a);
        send(p, 2);
        send_urgently(urgent, "b"_a);
        send(p, "go"_a);
        std::string order;
        for (int i = 0; i < 4; ++i)
            order += text(next_message());
        EXPECT_EQ(order, "ab12");
        exit(p, "kill"_a);
    });
}

// A slot that had some is used by the next process, which has none.
TEST_P(priority_messages, nothing_of_them_is_left_for_the_next_process) {
    in_process([] {
        const pid me = self();
        for (int round = 0; round < 20; ++round) {
            const pid p = spawn([me] {
                send(me, alias({.priority = true}));
                static_cast<void>(receive_if([](term_view m) { return m.is_atom("stop"_a); }));
                send(me, process_messages(self())->to_string());
            });
            const reference urgent = *next_message().as<reference>();
            send(p, 1);
            send_urgently(urgent, "a"_a);
            send_urgently(urgent, "b"_a);
            send(p, "stop"_a);
            EXPECT_EQ(next_message().as<std::string>(), "[a,b,1]");
            await_end(p);
        }
    });
}

TEST_P(priority_messages, count_in_a_mailbox_with_a_limit) {
    in_process([] {
        const pid me = self();
        const reference urgent = alias({.priority = true});
        elsewhere([=] { send_urgently(urgent, "a"_a); });
        max_mailbox(mailbox_limit{2, mailbox_policy::drop, {}});
        elsewhere([=] {
            send(me, 1);
            send(me, 2);
            send(me, 3);
        });
        const std::string all = everything();
        EXPECT_TRUE(all == "a 1" || all == "a 1 2") << all;
        elsewhere([=] { send(me, 4); });
        EXPECT_EQ(everything(), "4");
    });
}

}  // namespace
}  // namespace rakka::testing
