// Registries: each rule of Elixir's documentation of Registry, and names as {via, …}.
#include "behaviour/behaviour_support.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/actors/links.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/otp/gen_server.hpp>
#include <rakka/otp/registry.hpp>
#include <rakka/otp/sys.hpp>

#include <algorithm>

namespace rakka {
namespace {

using namespace std::chrono_literals;

class echo : public gen_server {
    result handle_call(const term& request, const from&) override { return reply(request); }
    result handle_cast(const term& request) override { return stop_with(request); }
};

class registry_test : public behaviour_test {
protected:
    static registry unique(unsigned partitions = 1) {
        return rakka::registry::start_link({.name = "names"_a, .partitions = partitions}).value();
    }
    static registry duplicate(unsigned partitions = 1) {
        return rakka::registry::start_link(
                   {.name = "topics"_a, .keys = registry_keys::duplicate, .partitions = partitions})
            .value();
    }
    /// A process that registers under the keys, says so, and ends when it is told why.
    static pid member(const registry& r, std::vector<term> keys) {
        const pid me = self();
        const pid p = spawn([r, keys, me] {
            int n = 0;
            for (const term& k : keys)
                static_cast<void>(r.register_key(k, term(++n)));
            send(me, self());
            receive(on(tuple_of("end"_a, x<term>), [](const term& why) { exit(why); }));
        });
        static_cast<void>(receive_if([&](term_view m) { return m.as<pid>() && *m.as<pid>() == p; }));
        return p;
    }
    static void end(const pid& p, const term& why = "normal"_a) {
        const reference ref = monitor(p);
        send(p, tuple("end"_a, why));
        static_cast<void>(receive_if([&](term_view m) { return is_down(ref, m); }));
    }
    static void wait_for_count(const registry& r, std::size_t n) {
        while (r.count() != n)
            yield();
    }
};

TEST_P(registry_test, a_unique_key_has_one_process) {
    in_process([] {
        const auto r = unique();
        const pid other = member(r, {"a"_a});
        EXPECT_EQ(r.register_key("a"_a).error().reason, term(tuple("already_registered"_a, other)));
        EXPECT_TRUE(r.register_key("b"_a, term(7)));
        EXPECT_EQ(r.register_key("b"_a).error().reason, term(tuple("already_registered"_a, self())));
        const auto found = r.lookup("b"_a);
        ASSERT_EQ(found.size(), 1U);
        EXPECT_EQ(found[0].process, self());
        EXPECT_EQ(found[0].value, term(7));
        EXPECT_EQ(r.whereis("a"_a), other);
        EXPECT_FALSE(r.whereis("c"_a));
        EXPECT_TRUE(r.lookup("c"_a).empty());
        EXPECT_EQ(r.count(), 2U);
    });
}

TEST_P(registry_test, any_term_is_a_key_and_they_differ_as_in_a_map) {
    in_process([] {
        const auto r = unique(4);
        EXPECT_TRUE(r.register_key(term(1)));
        EXPECT_TRUE(r.register_key(term(1.0))) << "1 and 1.0 are two keys";
        EXPECT_TRUE(r.register_key(tuple("a"_a, list(1, "x"))));
        EXPECT_TRUE(r.register_key(map("k"_a, 1)));
        EXPECT_EQ(r.whereis(tuple("a"_a, list(1, "x"))), self());
        EXPECT_EQ(r.count(), 4U);
    });
}

TEST_P(registry_test, a_key_is_free_again_when_its_process_has_ended) {
    in_process([] {
        const auto r = unique();
        const pid other = member(r, {"a"_a});
        end(other, "oops"_a);
        EXPECT_FALSE(r.whereis("a"_a)) << "at once, whoever cleans up later";
        EXPECT_TRUE(r.lookup("a"_a).empty());
        EXPECT_TRUE(r.register_key("a"_a));
        EXPECT_EQ(r.whereis("a"_a), self());
        while (!r.keys(other).empty())
            static_cast<void>(receive_if([](term_view) { return false; }, 1ms));
        EXPECT_EQ(r.count(), 1U);
        EXPECT_EQ(r.whereis("a"_a), self()) << "cleaning up after the other does not take it away";
    });
}

TEST_P(registry_test, duplicate_keys_have_any_number_of_entries) {
    in_process([] {
        const auto r = duplicate();
        const pid other = member(r, {"a"_a, "a"_a, "b"_a});
        EXPECT_TRUE(r.register_key("a"_a, "mine"_a));
        EXPECT_EQ(r.lookup("a"_a).size(), 3U);
        EXPECT_EQ(r.count(), 4U);
        EXPECT_EQ(r.keys(other), (std::vector<term>{"a"_a, "a"_a, "b"_a}));
        EXPECT_EQ(r.values("a"_a, other), (std::vector<term>{term(1), term(2)}));
        EXPECT_EQ(r.values("a"_a, self()), (std::vector<term>{"mine"_a}));
        EXPECT_TRUE(r.values("c"_a, self()).empty());
        end(other);
        wait_for_count(r, 1);
        EXPECT_EQ(r.lookup("a"_a).size(), 1U);
    });
}

TEST_P(registry_test, unregister_takes_the_callers_entries_alone) {
    in_process([] {
        const auto r = duplicate();
        const pid other = member(r, {"a"_a});
        for (int i = 0; i < 3; ++i)
            static_cast<void>(r.register_key("a"_a, term(i)));
        r.unregister_match("a"_a, [](term_view v) { return v == term(1).view(); });
        EXPECT_EQ(r.values("a"_a, self()), (std::vector<term>{term(0), term(2)}));
        EXPECT_EQ(r.keys(self()).size(), 2U);
        r.unregister_key("a"_a);
        r.unregister_key("a"_a);
        r.unregister_key("never"_a);
        EXPECT_TRUE(r.keys(self()).empty());
        const auto left = r.lookup("a"_a);
        ASSERT_EQ(left.size(), 1U);
        EXPECT_EQ(left[0].process, other);
    });
}

TEST_P(registry_test, who_has_entries_is_linked_and_who_has_none_is_not) {
    in_process([] {
        const auto r = unique();
        spawn([r, me = self()] {
            const auto before = process_info(self())->links.size();
            const pid watcher = r.register_key("a"_a).value();
            static_cast<void>(r.register_key("b"_a));
            EXPECT_EQ(process_info(self())->links, std::vector<pid>{watcher});
            r.unregister_key("a"_a);
            EXPECT_EQ(process_info(self())->links.size(), before + 1);
            EXPECT_FALSE(r.register_key("b"_a));
            EXPECT_EQ(process_info(self())->links.size(), before + 1);
            r.unregister_key("b"_a);
            EXPECT_EQ(process_info(self())->links.size(), before);
            send(me, "done"_a);
        });
        EXPECT_EQ(next_message(), term("done"_a));
    });
}

TEST_P(registry_test, matches_counts_and_selects_by_functions) {
    in_process([] {
        const auto r = duplicate(3);
        for (int i = 0; i < 10; ++i)
            static_cast<void>(r.register_key(term(i % 2), term(i)));
        const auto big = [](term_view v) { return v.as<int>().value() > 4; };
        EXPECT_EQ(r.match(term(0), big).size(), 2U);
        EXPECT_EQ(r.count_match(term(1), big), 3U);
        const auto some =
            r.select([&](const registry::full_entry& e) { return e.key == term(1) && big(e.value); });
        EXPECT_EQ(some.size(), 3U);
        EXPECT_EQ(some[0].process, self());
        EXPECT_EQ(r.entries().size(), 10U);
    });
}

TEST_P(registry_test, dispatch_gives_all_entries_of_a_key_and_is_silent_without) {
    in_process([] {
        const auto r = duplicate();
        std::vector<pid> members;
        for (int i = 0; i < 5; ++i) {
            members.push_back(spawn([r, me = self()] {
                static_cast<void>(r.register_key("news"_a));
                send(me, "ready"_a);
                send(me, tuple(self(), receive()));
            }));
            EXPECT_EQ(next_message(), term("ready"_a));
        }
        int calls = 0;
        r.dispatch("news"_a, [&](const std::vector<registry::entry>& all) {
            ++calls;
            for (const auto& e : all)
                send(e.process, "extra"_a);
        });
        r.dispatch("nothing"_a, [&](const auto&) { ++calls; });
        EXPECT_EQ(calls, 1);
        for (int i = 0; i < 5; ++i) {
            const term m = next_message();
            EXPECT_TRUE(m.tuple()[1].is_atom("extra"_a));
            std::erase(members, m.tuple()[0].as<pid>().value());
        }
        EXPECT_TRUE(members.empty());
    });
}

TEST_P(registry_test, update_value_changes_the_callers_own_entry) {
    in_process([] {
        const auto r = unique();
        static_cast<void>(member(r, {"other"_a}));
        static_cast<void>(r.register_key("mine"_a, term(1)));
        const auto next = [](const term& v) { return term(v.as<int>().value() + 1); };
        EXPECT_EQ(r.update_value("mine"_a, next), (std::pair<term, term>(term(2), term(1))));
        EXPECT_EQ(r.lookup("mine"_a).at(0).value, term(2));
        EXPECT_FALSE(r.update_value("other"_a, next)) << "of another process";
        EXPECT_FALSE(r.update_value("none"_a, next));
        const auto d = duplicate();
        EXPECT_EQ(exit_of([&] { static_cast<void>(d.update_value("x"_a, next)); }), "{badarg,[]}");
    });
}

TEST_P(registry_test, meta_is_kept_with_the_registry) {
    in_process([] {
        const auto r =
            rakka::registry::start_link({.name = "names"_a, .meta = {{"color"_a, "red"_a}}}).value();
        EXPECT_EQ(r.meta("color"_a), term("red"_a));
        r.put_meta("color"_a, "blue"_a);
        EXPECT_EQ(rakka::registry::find("names"_a)->meta("color"_a), term("blue"_a));
        r.delete_meta("color"_a);
        EXPECT_FALSE(r.meta("color"_a));
    });
}

TEST_P(registry_test, listeners_hear_of_entries_and_of_ends) {
    in_process([] {
        register_name("listener"_a, self()).value();
        const auto r =
            rakka::registry::start_link({.name = "names"_a, .listeners = {"listener"_a, "nobody"_a}}).value();
        const pid p = spawn([r] {
            static_cast<void>(r.register_key("a"_a, term(1)));
            static_cast<void>(r.register_key("b"_a, term(2)));
            r.unregister_key("a"_a);
        });
        std::vector<std::string> heard;
        for (int i = 0; i < 4; ++i) {
            const term m = next_message();
            EXPECT_EQ(m.tuple()[3].as<pid>().value(), p);
            heard.push_back(m.tuple()[0].to_string() + m.tuple()[2].to_string());
        }
        EXPECT_EQ(heard, (std::vector<std::string>{"registera", "registerb", "unregistera", "unregisterb"}));
    });
}

TEST_P(registry_test, its_names_start_and_reach_servers) {
    in_process([] {
        const auto r = unique();
        const auto name = r.name_of(tuple("room"_a, 1));
        EXPECT_EQ(name.to_term().to_string(), "{via,names,{room,1}}");
        const auto server = gen_server::start_monitor<echo>({.name = name}).value();
        EXPECT_EQ(whereis(name), server.first);
        EXPECT_EQ(gen_server::call(name, "hello"_a), term("hello"_a));
        const auto second = gen_server::start<echo>({.name = name});
        EXPECT_EQ(second.error().reason, term(tuple("already_started"_a, server.first)));
        gen_server::cast(name, "enough"_a);
        EXPECT_TRUE(is_down(server.second, next_message().view()));
        EXPECT_TRUE(gen_server::start<echo>({.name = name})) << "free at once";
        EXPECT_EQ(exit_of([&] { gen_server::call(r.name_of("none"_a), "x"_a); }),
                  "{noproc,{gen_server,call,[{via,names,none},x]}}");
        gen_server::cast(r.name_of("none"_a), "x"_a);
    });
}

TEST_P(registry_test, its_exported_functions_are_those_of_a_via_module) {
    in_process([] {
        const auto r = unique();
        const auto call = [](atom f, std::vector<term> a) {
            return (*this_system().exports().find("names"_a, f, a.size()))(a);
        };
        EXPECT_EQ(call("register_name"_a, {"a"_a, term(self())}), term("yes"_a));
        EXPECT_EQ(call("register_name"_a, {"a"_a, term(self())}), term("no"_a));
        EXPECT_EQ(call("whereis_name"_a, {"a"_a}), term(self()));
        EXPECT_EQ(call("send"_a, {"a"_a, "hi"_a}), term(self()));
        EXPECT_EQ(next_message(), term("hi"_a));
        call("unregister_name"_a, {"a"_a});
        EXPECT_EQ(call("whereis_name"_a, {"a"_a}), term("undefined"_a));
        EXPECT_EQ(exit_of([&] { call("send"_a, {"a"_a, "hi"_a}); }), "{badarg,[]}");
        EXPECT_EQ(exit_of([&] { call("register_name"_a, {"a"_a, term(r.process())}); }), "{badarg,[]}");
    });
}

TEST_P(registry_test, is_one_of_its_name_and_wants_sense) {
    in_process([] {
        const auto r = unique();
        EXPECT_EQ(rakka::registry::start_link({.name = "names"_a}).error().reason,
                  term(tuple("already_started"_a, r.process())));
        EXPECT_EQ(rakka::registry::start_link({.name = "x"_a, .partitions = 0}).error().reason,
                  term("badarg"_a));
        EXPECT_EQ(rakka::registry::start_link({}).error().reason, term("badarg"_a));
        EXPECT_FALSE(rakka::registry::find("nobody"_a));
        EXPECT_EQ(rakka::registry::find("names"_a)->name(), "names"_a);
        EXPECT_EQ(exit_of([] { static_cast<void>(rakka::registry().count()); }), "{badarg,[]}");
    });
}

TEST_P(registry_test, ends_with_its_names_and_takes_those_who_have_entries_along) {
    in_process([] {
        trap_exit(true);
        const auto r = unique();
        const pid p = member(r, {"a"_a});
        const reference ref = monitor(p);
        gen_server::stop(r.process(), "shutdown"_a);
        const term down = receive_if([&](term_view m) { return is_down(ref, m); });
        EXPECT_TRUE(down.tuple()[4].is_atom("shutdown"_a)) << down.to_string();
        EXPECT_EQ(exit_of([&] { static_cast<void>(r.lookup("a"_a)); }), "{{unknown_registry,names},[]}");
        EXPECT_FALSE(rakka::registry::find("names"_a));
        EXPECT_FALSE(this_system().exports().has_module("names"_a));
        EXPECT_TRUE(unique().register_key("a"_a)) << "it can be started again";
    });
}

TEST_P(registry_test, killed_it_leaves_no_handle_that_believes_in_it) {
    in_process([] {
        trap_exit(true);
        const auto r = unique();
        const pid p = member(r, {"a"_a});
        const reference ref = monitor(p);
        exit(r.process(), "kill"_a);
        static_cast<void>(receive_if([&](term_view m) { return is_down(ref, m); }));
        EXPECT_EQ(exit_of([&] { static_cast<void>(r.register_key("b"_a)); }),
                  "{{unknown_registry,names},[]}");
        EXPECT_TRUE(unique().register_key("a"_a));
    });
}

TEST_P(registry_test, exits_that_somebody_makes_up_change_nothing) {
    in_process([] {
        const auto r = unique();
        const pid other = member(r, {"a"_a});
        const pid watcher = r.register_key("b"_a).value();
        const pid stranger = spawn([r, watcher, other, me = self()] {
            exit(r.process(), "oops"_a);
            send(r.process(), tuple("EXIT"_a, watcher, "oops"_a));
            send(r.process(), tuple("EXIT"_a, "nobody"_a, "oops"_a));
            exit(watcher, "oops"_a);
            send(watcher, tuple("EXIT"_a, other, "normal"_a));
            // Both have seen all that when they answer.
            static_cast<void>(sys::get_state(r.process()));
            static_cast<void>(sys::get_state(watcher));
            send(me, "done"_a);
        });
        static_cast<void>(stranger);
        EXPECT_EQ(next_message(), term("done"_a));
        EXPECT_EQ(r.whereis("a"_a), other);
        EXPECT_EQ(r.keys(other), std::vector<term>{"a"_a});
        EXPECT_EQ(r.count(), 2U);
        end(other);
        wait_for_count(r, 1);
        EXPECT_EQ(r.whereis("b"_a), self());
    });
}

TEST_P(registry_test, many_entries_of_one_process_go_one_by_one_in_any_order) {
    in_process([] {
        const auto r = duplicate(2);
        constexpr int many = 2'000;
        for (int i = 0; i < many; ++i)
            static_cast<void>(r.register_key(term(i), term(i)));
        static_cast<void>(r.register_key(term(0), term(-1)));
        for (int i = 1; i < many - 1; ++i)
            r.unregister_key(term(i));
        EXPECT_EQ(r.keys(self()), (std::vector<term>{term(0), term(many - 1), term(0)}));
        r.unregister_key(term(many - 1));
        r.unregister_match(term(0), [](term_view v) { return v == term(-1).view(); });
        EXPECT_EQ(r.keys(self()), std::vector<term>{term(0)});
        r.unregister_key(term(0));
        EXPECT_TRUE(r.keys(self()).empty());
        EXPECT_EQ(r.count(), 0U);
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, registry_test, in_each_shape(), name_of_shape);

}  // namespace
}  // namespace rakka
