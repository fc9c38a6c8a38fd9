// Names of servers: local ones and those that a module keeps ({global, Name}, {via, Module, Name}).
#include "behaviour/behaviour_support.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/actors/links.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/otp/gen_server.hpp>
#include <rakka/otp/sys.hpp>

#include <map>
#include <memory>
#include <mutex>

namespace rakka {
namespace {

using namespace std::chrono_literals;

class echo : public gen_server {
    result handle_call(const term& request, const from&) override { return reply(request); }
    result handle_cast(const term& request) override { return stop_with(request); }
};
class refuses : public gen_server {
    result init() override { return stop_with("no_way"_a); }
};

/// A registry as Erlang's contract has it: four functions of a module.
class registry {
public:
    explicit registry(export_table& exports) {
        exports.add("phone_book"_a, "register_name"_a, 2, [this](const std::vector<term>& a) {
            const std::lock_guard lock(mutex_);
            return term(names_.emplace(a[0].to_string(), a[1].as<pid>().value()).second ? "yes"_a : "no"_a);
        });
        exports.add("phone_book"_a, "unregister_name"_a, 1, [this](const std::vector<term>& a) {
            const std::lock_guard lock(mutex_);
            names_.erase(a[0].to_string());
            return term("ok"_a);
        });
        exports.add("phone_book"_a, "whereis_name"_a, 1,
                    [this](const std::vector<term>& a) { return find(a[0]); });
        exports.add("phone_book"_a, "send"_a, 2, [this](const std::vector<term>& a) -> term {
            const term to = find(a[0]);
            if (!to.is(kind::pid)) exit(tuple("badarg"_a, a[0]));
            send(to.as<pid>().value(), a[1]);
            return to;
        });
    }
    [[nodiscard]] std::size_t size() {
        const std::lock_guard lock(mutex_);
        return names_.size();
    }

private:
    term find(const term& name) {
        const std::lock_guard lock(mutex_);
        const auto at = names_.find(name.to_string());
        return at == names_.end() ? term("undefined"_a) : term(at->second);
    }
    std::mutex mutex_;
    std::map<std::string, pid> names_;  // guarded by mutex_
};

class server_name_test : public behaviour_test {
protected:
    void with_registry(const std::function<void(registry&)>& body) {
        rakka::system s(GetParam().options);
        registry book(s.exports());
        s.run([&] { body(book); });
    }
    static registry_name number(int n) { return via("phone_book"_a, term(n)); }
};

TEST_P(server_name_test, a_name_kept_by_a_module_is_taken_at_the_start_and_found_by_calls_and_casts) {
    with_registry([](registry&) {
        const auto server = gen_server::start_monitor<echo>({.name = number(1)}).value();
        EXPECT_EQ(whereis(number(1)), server.first);
        EXPECT_EQ(gen_server::call(number(1), "hello"_a), term("hello"_a));
        EXPECT_EQ(gen_server::call(number(1), "hello"_a, 1s), term("hello"_a));
        gen_server::cast(number(1), "enough"_a);
        const term down = next_message();
        EXPECT_TRUE(is_down(server.second, down));
        EXPECT_TRUE(down.tuple()[4].is_atom("enough"_a));
    });
}

TEST_P(server_name_test, a_kept_name_that_is_taken_fails_the_start_with_its_holder) {
    with_registry([](registry& book) {
        const pid first = gen_server::start<echo>({.name = number(1)}).value();
        const auto second = gen_server::start<echo>({.name = number(1)});
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().reason, term(tuple("already_started"_a, first)));
        EXPECT_EQ(book.size(), 1U);
    });
}

TEST_P(server_name_test, a_failed_init_gives_a_kept_name_up) {
    with_registry([](registry& book) {
        EXPECT_EQ(gen_server::start<refuses>({.name = number(1)}).error().reason, term("no_way"_a));
        EXPECT_EQ(book.size(), 0U);
    });
}

TEST_P(server_name_test, calls_to_a_kept_name_that_nobody_has_fail_with_noproc) {
    with_registry([](registry&) {
        EXPECT_EQ(exit_of([] { gen_server::call(number(7), "x"_a); }),
                  "{noproc,{gen_server,call,[{via,phone_book,7},x]}}");
        EXPECT_EQ(exit_of([] { gen_server::call(global_name("g"_a), "x"_a, 10ms); }),
                  "{noproc,{gen_server,call,[{global,g},x,10]}}")
            << "without a node nobody keeps global names";
        EXPECT_EQ(exit_of([] { gen_server::stop(number(7)); }), "noproc");
        gen_server::cast(number(7), "x"_a);
        gen_server::cast(via("no_such_module"_a, "x"_a), "x"_a);
    });
}

TEST_P(server_name_test, a_module_that_exports_nothing_fails_the_start) {
    in_process([] {
        const auto started = gen_server::start<echo>({.name = via("no_such_module"_a, "x"_a)});
        ASSERT_FALSE(started);
        EXPECT_EQ(started.error().reason.to_string(), "{undef,{no_such_module,register_name,2}}");
    });
}

TEST_P(server_name_test, a_keeper_that_refuses_and_knows_no_holder_fails_the_start) {
    in_process([] {
        export_table& exports = this_system().exports();
        exports.add("says_no"_a, "register_name"_a, 2, [](const std::vector<term>&) { return term("no"_a); });
        exports.add("says_no"_a, "whereis_name"_a, 1,
                    [](const std::vector<term>&) { return term("undefined"_a); });
        const auto started = gen_server::start<echo>({.name = via("says_no"_a, "x"_a)});
        ASSERT_FALSE(started);
        EXPECT_EQ(started.error().reason.to_string(), "{already_started,undefined}");
    });
}

TEST_P(server_name_test, a_server_made_of_a_process_keeps_a_kept_name_that_it_has) {
    with_registry([](registry&) {
        const auto made = spawn_monitor([] {
            const auto take = this_system().exports().find("phone_book"_a, "register_name"_a, 2);
            static_cast<void>((*take)({term(1), term(self())}));
            gen_server::enter_loop(std::make_unique<echo>(), {.name = number(1)});
        });
        while (!whereis(number(1)))
            yield();
        EXPECT_EQ(gen_server::call(number(1), "hello"_a), term("hello"_a));
        gen_server::cast(number(1), "enough"_a);
        const term down = next_message();
        EXPECT_TRUE(is_down(made.ref, down));
        EXPECT_TRUE(down.tuple()[4].is_atom("enough"_a));
    });
}

TEST_P(server_name_test, sys_and_stop_work_by_every_kind_of_name) {
    with_registry([](registry&) {
        const pid kept = gen_server::start<echo>({.name = number(1)}).value();
        const pid local = gen_server::start<echo>({.name = "here"_a}).value();
        EXPECT_TRUE(sys::get_state(number(1)).is_atom("undefined"_a));
        EXPECT_TRUE(sys::get_state("here"_a).is_atom("undefined"_a));
        EXPECT_TRUE(sys::get_state(local).is_atom("undefined"_a));
        EXPECT_TRUE(
            sys::get_state(registered_name{"here"_a, this_system().node_name()}).is_atom("undefined"_a));
        gen_server::stop(number(1));
        gen_server::stop("here"_a);
        EXPECT_FALSE(is_alive(kept));
        EXPECT_FALSE(is_alive(local));
    });
}

TEST_P(server_name_test, print_as_in_erlang) {
    in_process([] {
        EXPECT_EQ(global_name("a"_a).to_term().to_string(), "{global,a}");
        EXPECT_EQ(via("m"_a, tuple(1, 2)).to_term().to_string(), "{via,m,{1,2}}");
        EXPECT_EQ(server_name("x"_a).to_term().to_string(), "x");
        EXPECT_EQ(server_name().to_term(), term(self()));
        EXPECT_EQ(server_ref(registered_name{"x"_a, "a@b"_a}).to_term().to_string(), "{x,a@b}");
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, server_name_test, in_each_shape(), name_of_shape);

}  // namespace
}  // namespace rakka
