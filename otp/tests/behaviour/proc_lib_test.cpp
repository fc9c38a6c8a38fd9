// Processes of proc_lib: their ancestors, their synchronous start; servers made of running processes; and
// functions called by name.
#include "behaviour/apply.hpp"
#include "behaviour/behaviour_support.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/actors/links.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/builder.hpp>
#include <rakka/otp/gen_server.hpp>
#include <rakka/otp/proc_lib.hpp>
#include <rakka/otp/sys.hpp>

namespace rakka {
namespace {

using namespace std::chrono_literals;

std::string shown(const std::vector<term>& all) {
    return term(all).to_string();
}

/// Tells who its ancestors are, and starts others.
class relative : public gen_server {
    result handle_call(const term& request, const from&) override {
        if (request.is_atom("ancestors"_a)) return reply(shown(proc_lib::ancestors()));
        return reply(gen_server::start<relative>().value());
    }
};
class echo : public gen_server {
    result handle_call(const term& request, const from&) override { return reply(request); }
};

class proc_lib_test : public behaviour_test {
protected:
    static std::string text(const pid& p) { return term(p).to_string(); }
    static std::string ancestors_of(const pid& server) {
        return gen_server::call(server, "ancestors"_a).as<std::string>().value();
    }
};

TEST_P(proc_lib_test, a_process_knows_its_ancestors_by_name_where_they_have_one) {
    in_process([] {
        const pid me = self();
        EXPECT_EQ(shown(proc_lib::ancestors()), "[]");
        proc_lib::spawn([me] { send(me, shown(proc_lib::ancestors())); });
        EXPECT_EQ(next_message().as<std::string>().value(), "[" + text(me) + "]");
        const pid parent = gen_server::start<relative>({.name = "parent"_a}).value();
        EXPECT_EQ(ancestors_of(parent), "[" + text(me) + "]");
        const pid child = gen_server::call(parent, "start"_a).as<pid>().value();
        EXPECT_EQ(ancestors_of(child), "[parent," + text(me) + "]");
        const pid grandchild = gen_server::call(child, "start"_a).as<pid>().value();
        EXPECT_EQ(ancestors_of(grandchild), "[" + text(child) + ",parent," + text(me) + "]");
    });
}

TEST_P(proc_lib_test, the_dictionary_shows_ancestors_and_initial_call) {
    in_process([] {
        const pid server = gen_server::start<echo>().value();
        const auto info = process_info(server);
        ASSERT_TRUE(info);
        ASSERT_EQ(info->dictionary.size(), 2U);
        EXPECT_EQ(info->dictionary[0].first, term("$initial_call"_a));
        EXPECT_NE(info->dictionary[0].second.to_string().find("echo',init,1}"), std::string::npos);
        EXPECT_EQ(info->dictionary[1].second.to_string(), "[" + text(self()) + "]");
    });
}

TEST_P(proc_lib_test, start_waits_for_the_acknowledgement) {
    in_process([] {
        const auto started = proc_lib::start_link([] {
            proc_lib::init_ack(tuple("ok"_a, self()));
            proc_lib::init_ack("once more"_a);
            static_cast<void>(receive());
        });
        ASSERT_TRUE(started);
        const pid p = started->tuple()[1].as<pid>().value();
        EXPECT_TRUE(is_alive(p));
        EXPECT_TRUE(no_message());
        send(p, "end"_a);
    });
}

TEST_P(proc_lib_test, a_start_that_fails_gives_the_reason_and_leaves_nothing_behind) {
    in_process([] {
        trap_exit(true);
        EXPECT_EQ(proc_lib::start_link([] { proc_lib::init_fail("sorry"_a); }).error().reason,
                  term("sorry"_a));
        EXPECT_EQ(proc_lib::start_link([] { exit("gone"_a); }).error().reason, term("gone"_a));
        EXPECT_EQ(proc_lib::start_link([] {}).error().reason, term("normal"_a));
        EXPECT_EQ(proc_lib::start_link([] { static_cast<void>(receive()); }, 10ms).error().reason,
                  term("timeout"_a));
        EXPECT_TRUE(no_message()) << "no 'EXIT' of a process that never started";
    });
}

TEST_P(proc_lib_test, a_running_process_may_become_a_server) {
    in_process([] {
        const auto p =
            spawn_monitor([] { gen_server::enter_loop(std::make_unique<echo>(), {.name = "made"_a}); });
        while (!whereis("made"_a))
            yield();
        EXPECT_EQ(gen_server::call("made"_a, "hello"_a), term("hello"_a));
        EXPECT_TRUE(sys::get_state(p.pid).is_atom("undefined"_a));
        gen_server::stop(p.pid);
        const term down = next_message();
        EXPECT_TRUE(is_down(p.ref, down));
        EXPECT_TRUE(down.tuple()[4].is_atom("normal"_a));
    });
}

TEST_P(proc_lib_test, a_server_made_of_a_process_keeps_the_name_it_has_and_cannot_take_anothers) {
    in_process([] {
        const auto p = spawn_monitor([] {
            static_cast<void>(register_name("mine"_a, self()));
            gen_server::enter_loop(std::make_unique<echo>(), {.name = "mine"_a});
        });
        while (!whereis("mine"_a))
            yield();
        EXPECT_EQ(gen_server::call("mine"_a, 1), term(1));
        const auto late =
            spawn_monitor([] { gen_server::enter_loop(std::make_unique<echo>(), {.name = "mine"_a}); });
        const term down = next_message();
        EXPECT_TRUE(is_down(late.ref, down));
        EXPECT_EQ(down.share(down.tuple()[4]), term(tuple("already_started"_a, p.pid)));
    });
}

TEST_P(proc_lib_test, the_end_of_the_parent_ends_a_server_made_of_its_child) {
    in_process([] {
        const pid me = self();
        const auto parent = spawn_monitor([me] {
            const auto child = proc_lib::spawn_link([me] {
                trap_exit(true);
                send(me, self());
                gen_server::enter_loop(std::make_unique<echo>());
            });
            static_cast<void>(gen_server::call(child, "ready"_a));
            static_cast<void>(receive());
            exit("over"_a);
        });
        const pid child = next_message().as<pid>().value();
        const reference ref = monitor(child);
        send(parent.pid, "go"_a);
        const auto down = receive_if([&](term_view m) { return is_down(ref, m); }, 20s);
        ASSERT_TRUE(down);
        EXPECT_TRUE(down->tuple()[4].is_atom("over"_a));
    });
}

/// `[erlang, apply, [erlang, apply, … [calc, add, [1, 2]]]]`
term nested_applies(int depth) {
    etf::builder b;
    etf::builder::word* cells = nullptr;
    const auto list_of = [&](const term& first, const term& second, etf::builder::word last) {
        const auto made = b.put_list(3, cells);
        cells[0] = b.put_term(first);
        cells[1] = b.put_term(second);
        cells[2] = last;
        return made;
    };
    const term sum = list(1, 2);
    auto all = list_of(term("calc"_a), term("add"_a), b.put_term(sum));
    for (int i = 0; i < depth; ++i)
        all = list_of(term("erlang"_a), term("apply"_a), all);
    return b.finish(all);
}

TEST_P(proc_lib_test, applies_of_applies_need_no_stack) {
    in_process([] {
        this_system().exports().add("calc"_a, "add"_a, [](std::int64_t a, std::int64_t b) { return a + b; });
        const term erlang("erlang"_a), apply("apply"_a);
        EXPECT_EQ(detail::apply_exported(erlang, apply, {erlang, apply, nested_applies(100'000)}), term(3));
        EXPECT_EQ(exit_of([&] {
                      static_cast<void>(detail::apply_exported(erlang, apply, {erlang, apply, list(1)}));
                  }),
                  "{undef,[{erlang,apply,[1],[]}]}");
        EXPECT_EQ(exit_of([&] {
                      static_cast<void>(detail::apply_exported(erlang, apply, {erlang, apply, erlang}));
                  }).substr(0, 7),
                  "{badarg");
    });
}

TEST_P(proc_lib_test, a_function_that_is_replaced_may_use_the_table_of_exports_as_it_goes) {
    in_process([] {
        export_table& table = this_system().exports();
        const auto user = [&table] {
            return std::shared_ptr<void>(nullptr, [&table](void*) { static_cast<void>(table.names()); });
        };
        table.add("m"_a, "f"_a, [held = user()] { return 1; });
        table.add("m"_a, "f"_a, [held = user()] { return 2; });
        EXPECT_TRUE(table.remove("m"_a, "f"_a, 0));
        EXPECT_FALSE(table.remove("m"_a, "f"_a, 0));
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, proc_lib_test, in_each_shape(), name_of_shape);

}  // namespace
}  // namespace rakka
