// The rules of OTP's gen_event for handlers that a process supervises.
#include "event/gen_event_support.hpp"

#include <algorithm>

namespace rakka {
namespace {

class gen_event_sup_test : public gen_event_test_base {
protected:
    /// A process that supervises the handlers it is told to add, and tells the observer of its messages.
    static pid supervisor(const pid& observer) {
        return spawn([observer] {
            trap_exit(true);
            for (;;) {
                const term m = receive();
                if (m.is_tagged("add"_a, 3)) {
                    const pid to = m.tuple()[1].as<pid>().value();
                    gen_event::add_sup_handler(
                        to, obedient_handler::make(m.tuple()[2].as<atom>().value(), observer))
                        .value();
                    send(observer, "added"_a);
                } else if (m.is_tagged("end"_a, 2)) {
                    rakka::exit(m.share(m.tuple()[1]));
                } else {
                    send(observer, tuple("supervisor"_a, m));
                }
            }
        });
    }
    static void add_under(const pid& supervising, const pid& to, atom name) {
        send(supervising, tuple("add"_a, to, name));
        static_cast<void>(receive_if([](term_view m) { return m.is_atom("added"_a); }));
        static_cast<void>(heard());
    }
    static bool linked(const pid& a, const pid& b) {
        const auto links = process_info(a)->links;
        return std::find(links.begin(), links.end(), b) != links.end();
    }
};

TEST_P(gen_event_sup_test, manager_and_supervisor_are_linked_even_if_the_handler_fails) {
    in_process([] {
        trap_exit(true);
        const pid p = manager();
        EXPECT_FALSE(gen_event::add_sup_handler(p, obedient_handler::make("refuses"_a, self())));
        EXPECT_TRUE(linked(p, self())) << "as in OTP: the link may be another handler's";
        EXPECT_EQ(heard(), "{refuses,init}") << "no gen_event_EXIT of one that never was";
    });
}

TEST_P(gen_event_sup_test, the_end_of_the_supervisor_removes_its_handlers_and_the_others_hear_of_it) {
    in_process([] {
        const pid p = manager();
        const pid s = supervisor(self());
        const std::string who = term(s).to_string();
        add(p, "a"_a);
        add_under(s, p, "b"_a);
        add(p, "c"_a);
        add_under(s, p, "d"_a);
        send(s, tuple("end"_a, "gone"_a));
        const auto last =
            receive_if([](term_view m) { return m.is_tagged("a"_a, 2); }, std::chrono::seconds(20));
        ASSERT_TRUE(last);
        EXPECT_EQ(last->to_string(), "{a,{info,{'EXIT'," + who + ",gone}}}");
        EXPECT_EQ(heard(), "{d,{terminate,{stop,gone}}} {b,{terminate,{stop,gone}}} {c,{info,{'EXIT'," + who +
                               ",gone}}}");
        EXPECT_EQ(installed(p), "{h,c} {h,a}");
    });
}

TEST_P(gen_event_sup_test, a_supervisor_that_is_dead_already_leaves_no_handler) {
    in_process([] {
        const pid p = manager();
        const auto [dead, ref] = spawn_monitor([] {});
        EXPECT_EQ(end_of(ref), "normal");
        const term args = obedient_handler::make("a"_a, self()).args();
        EXPECT_EQ(*gen::call(p, self(), tuple("add_sup_handler"_a, tuple("h"_a, 1), args, dead), infinity),
                  term("ok"_a));
        const auto words =
            receive_if([](term_view m) { return m.is_tuple(2) && m.tuple()[1].is_tagged("terminate"_a, 2); },
                       std::chrono::seconds(20));
        ASSERT_TRUE(words);
        EXPECT_EQ(words->to_string(), "{a,{terminate,{stop,noproc}}}");
        EXPECT_EQ(installed(p), "");
    });
}

TEST_P(gen_event_sup_test, the_supervisor_learns_why_its_handler_has_gone) {
    in_process([] {
        const pid p = manager();
        const auto end_by = [&](const std::function<void()>& f) {
            add_supervised(p, "a"_a);
            f();
            const auto m = receive_if([](term_view v) { return v.is_tagged("gen_event_EXIT"_a, 3); },
                                      std::chrono::seconds(20));
            static_cast<void>(heard());
            return m ? m->to_string() : "nothing";
        };
        const auto event = [&](atom what) { return [=] { gen_event::sync_notify(p, to("a"_a, what)); }; };
        EXPECT_EQ(end_by([&] { gen_event::delete_handler(p, h("a"_a), 1); }),
                  "{gen_event_EXIT,{h,a},normal}");
        EXPECT_EQ(end_by([&] { gen_event::delete_handler(p, h("a"_a), tuple("exit"_a, 1)); }),
                  "{gen_event_EXIT,{h,a},normal}");
        EXPECT_EQ(end_by(event("remove"_a)), "{gen_event_EXIT,{h,a},normal}");
        EXPECT_EQ(end_by(event("exit"_a)), "{gen_event_EXIT,{h,a},{'EXIT',on_request}}");
        EXPECT_EQ(end_by(event("throw"_a)), "{gen_event_EXIT,{h,a},on_request}");
        EXPECT_EQ(end_by(event("fail"_a)), "{gen_event_EXIT,{h,a},{error,odd}}");
        EXPECT_EQ(end_by([&] { gen_event::call(p, h("a"_a), "exit"_a); }),
                  "{gen_event_EXIT,{h,a},{'EXIT',on_request}}");
        EXPECT_EQ(end_by([&] { gen_event::call(p, h("a"_a), "remove"_a); }), "{gen_event_EXIT,{h,a},normal}");
        EXPECT_EQ(end_by([&] { gen_event::stop(p); }), "{gen_event_EXIT,{h,a},shutdown}");
    });
}

TEST_P(gen_event_sup_test, a_swap_tells_who_is_there_instead_and_passes_the_supervision_on) {
    in_process([] {
        const pid p = manager();
        const std::string me = term(self()).to_string();
        add_supervised(p, "a"_a);
        gen_event::swap_handler(p, h("a"_a), 1, obedient_handler::make("b"_a, self())).value();
        EXPECT_NE(heard().find("{gen_event_EXIT,{h,a},{swapped,{h,b}," + me + "}}"), std::string::npos);
        gen_event::sync_notify(p, to("b"_a, tuple("swap"_a, "c"_a)));
        EXPECT_NE(heard().find("{gen_event_EXIT,{h,b},{swapped,{h,c}," + me + "}}"), std::string::npos);
        gen_event::call(p, h("c"_a), tuple("swap"_a, "refuses"_a));
        const std::string all = heard();
        EXPECT_NE(all.find("{gen_event_EXIT,{h,c},{swapped,{h,refuses}," + me + "}}"), std::string::npos)
            << all;
        EXPECT_NE(all.find("{gen_event_EXIT,{h,refuses},crash}"), std::string::npos) << all;
    });
}

TEST_P(gen_event_sup_test, swap_sup_handler_makes_the_caller_the_supervisor) {
    in_process([] {
        const pid p = manager();
        const pid s = supervisor(self());
        add_under(s, p, "a"_a);
        gen_event::swap_sup_handler(p, h("a"_a), 1, obedient_handler::make("b"_a, self())).value();
        const auto told =
            receive_if([](term_view m) { return m.is_tagged("supervisor"_a, 2); }, std::chrono::seconds(20));
        ASSERT_TRUE(told);
        EXPECT_EQ(told->to_string(),
                  "{supervisor,{gen_event_EXIT,{h,a},{swapped,{h,b}," + term(self()).to_string() + "}}}");
        EXPECT_TRUE(linked(p, self()));
        add(p, "plain"_a);
        gen_event::swap_sup_handler(p, h("plain"_a), 1, obedient_handler::make("c"_a, self())).value();
        static_cast<void>(heard());
        gen_event::delete_handler(p, h("c"_a), 1);
        EXPECT_NE(heard().find("{gen_event_EXIT,{h,c},normal}"), std::string::npos);
        send(s, tuple("end"_a, "gone"_a));
        const auto info =
            receive_if([](term_view m) { return m.is_tagged("b"_a, 2); }, std::chrono::seconds(20));
        ASSERT_TRUE(info);
        EXPECT_EQ(info->tuple()[1].is_tagged("info"_a, 2), true) << "b is another's now";
    });
}

TEST_P(gen_event_sup_test, a_swap_without_a_supervisor_says_false) {
    in_process([] {
        const pid p = manager();
        const pid s = supervisor(self());
        add(p, "a"_a);
        gen_event::swap_handler(p, h("a"_a), 1, obedient_handler::make("b"_a, self())).value();
        EXPECT_EQ(heard().find("gen_event_EXIT"), std::string::npos);
        EXPECT_FALSE(linked(p, s));
    });
}

TEST_P(gen_event_sup_test, a_manager_that_ends_leaves_supervisors_alone_but_not_its_parent) {
    in_process([] {
        trap_exit(true);
        const pid p = manager();
        add_supervised(p, "a"_a);
        gen_event::stop(p, "broken"_a);
        EXPECT_EQ(heard(), "{a,{terminate,stop}} {gen_event_EXIT,{h,a},shutdown}") << "no 'EXIT'";
        const pid child = gen_event::start_link().value();
        add_supervised(child, "b"_a);
        gen_event::stop(child, "broken"_a);
        EXPECT_EQ(heard(), "{b,{terminate,stop}} {gen_event_EXIT,{h,b},shutdown} {'EXIT'," +
                               term(child).to_string() + ",broken}");
    });
}

TEST_P(gen_event_sup_test, a_killed_manager_takes_supervisors_that_do_not_trap_exits_along) {
    in_process([] {
        const pid p = manager();
        const pid me = self();
        const auto [s, ref] = spawn_monitor([p, me] {
            gen_event::add_sup_handler(p, obedient_handler::make("a"_a, me)).value();
            send(me, "ready"_a);
            static_cast<void>(receive_if([](term_view) { return false; }));
        });
        static_cast<void>(receive_if([](term_view m) { return m.is_atom("ready"_a); }));
        rakka::exit(p, "kill"_a);
        EXPECT_EQ(end_of(ref), "killed");
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, gen_event_sup_test, in_each_shape(), name_of_shape);

}  // namespace
}  // namespace rakka
