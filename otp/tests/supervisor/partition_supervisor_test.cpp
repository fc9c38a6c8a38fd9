// partition_supervisor: which partition a key leads to, what the partitions are started with, and what
// Elixir's functions say when they are asked of this system.
#include "supervisor/partition_table.hpp"
#include "supervisor/supervisor_support.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/etf/parse.hpp>
#include <rakka/otp/partition_supervisor.hpp>
#include <rakka/otp/sys.hpp>

#include <limits>
#include <set>

namespace rakka {
namespace {

const atom elixir = "Elixir.PartitionSupervisor"_a;

/// Says which partition it is.
class numbered : public gen_server {
public:
    explicit numbered(std::size_t n) : n_(n) {}

private:
    result handle_call(const term&, const from&) override { return reply(n_); }
    std::size_t n_;
};

child_spec numbered_child(std::size_t n) {
    return {.start = [n] { return gen_server::start_link<numbered>({}, n); }};
}

/// What `call()` gives, or the reason of the caller's exit.
template <class F>
std::string result_of(F&& call) {
    try {
        return term(std::forward<F>(call)()).to_string();
    } catch (const process_exit& e) {
        return e.reason.to_string();
    }
}

/// What a peer gets that calls an exported function.
std::string asked(atom function, const std::vector<term>& arguments) {
    const auto f = this_system().exports().find(elixir, function, arguments.size());
    if (!f) return "undef";
    return result_of([&] { return (*f)(arguments); });
}

TEST(partition_table_test, integers_lead_to_their_remainder_and_others_to_the_same_place_again) {
    struct row {
        const char* key;
        std::size_t count;
        std::size_t partition;
    };
    for (const row& r : std::vector<row>{{"0", 4, 0},
                                         {"7", 4, 3},
                                         {"-7", 4, 3},
                                         {"8", 1, 0},
                                         {"9223372036854775807", 10, 7},
                                         {"-9223372036854775808", 10, 8},
                                         {"18446744073709551615", 10, 5},
                                         {"-18446744073709551616", 10, 6},
                                         {"123456789012345678901234567890123456789", 1000, 789}})
        EXPECT_EQ(detail::partition_of(parse_term(r.key).value(), r.count), r.partition) << r.key;
    for (const char* key : {"a", "1.0", "{a, 1}", "[x | y]", "#{k => v}", "<<\"bytes\">>", "[]"}) {
        const term t = parse_term(key).value();
        const std::size_t there = detail::partition_of(t, 16);
        EXPECT_LT(there, 16U) << key;
        EXPECT_EQ(detail::partition_of(term::copy(t), 16), there) << key;
    }
    std::set<std::size_t> reached;
    for (int i = 0; i < 200; ++i)
        reached.insert(detail::partition_of(tuple("key"_a, i), 4));
    EXPECT_EQ(reached.size(), 4U);
}

class partition_supervisor_test : public supervisor_fixture {};

TEST_P(partition_supervisor_test, a_key_leads_to_its_partition_by_every_function_that_takes_a_name) {
    in_process([] {
        const pid top =
            partition_supervisor::start_link(numbered_child, {.name = "parts"_a}, {.partitions = 3}).value();
        const auto at = [](const term& key) { return partition_supervisor::name_of("parts"_a, key); };
        EXPECT_EQ(at(7).to_term().to_string(), "{via,'Elixir.PartitionSupervisor',{parts,7}}");
        for (std::int64_t key = -6; key < 6; ++key)
            EXPECT_EQ(gen_server::call(at(key), "who"_a), term(key < 0 ? -key % 3 : key % 3)) << key;
        const term any = parse_term("{some, <<\"key\">>}").value();
        EXPECT_EQ(gen_server::call(at(any), "who"_a), gen_server::call(at(any), "who"_a));
        EXPECT_EQ(partition_supervisor::whereis("parts"_a, 2), process_of(top, 2));
        EXPECT_EQ(whereis(at(2)), process_of(top, 2));
        gen_server::cast(at(1), "nothing"_a);
        EXPECT_NE(end_of(process_of(top, 1)), "is alive") << "bad_cast ends it";
        EXPECT_EQ(partition_supervisor::partitions("parts"_a), 3U);
        const auto all = partition_supervisor::which_children("parts"_a);
        ASSERT_EQ(all.size(), 3U);
        EXPECT_EQ(all[0].id, term(2));
        EXPECT_EQ(all[2].id, term(0));
        EXPECT_EQ(partition_supervisor::count_children("parts"_a).specs, 3U);
        shut_down(top);
    });
}

TEST_P(partition_supervisor_test, there_are_as_many_as_workers_unless_it_is_said) {
    in_process([] {
        const pid top = partition_supervisor::start_link({.start = idle}, {.name = "parts"_a}).value();
        const std::size_t workers = GetParam().options.simulation ? 1 : GetParam().options.workers;
        EXPECT_EQ(partition_supervisor::partitions("parts"_a), workers);
        EXPECT_EQ(supervisor::count_children(top).active, workers);
        shut_down(top);
    });
}

TEST_P(partition_supervisor_test, it_is_a_supervisor_with_the_specifications_of_elixir) {
    in_process([] {
        this_system().exports().add("counter"_a, "start_link"_a,
                                    [](const term&, std::int64_t) { return idle(); });
        const auto with_partition = [](std::size_t n) {
            return child_spec{.id = "not looked at"_a,
                              .start = mfargs{"counter"_a, "start_link"_a, list("opts"_a, n)},
                              .restart = restart_type::transient,
                              .shutdown = 100ms};
        };
        const pid top = partition_supervisor::start_link(with_partition, {.name = "parts"_a},
                                                         {.partitions = 2, .max_restarts = 7})
                            .value();
        EXPECT_EQ(
            supervisor::get_childspec(top, 1).value(),
            parse_term("#{id => 1, restart => transient, significant => false, shutdown => 100, type => "
                       "worker, modules => [counter], start => {'Elixir.PartitionSupervisor', "
                       "start_child, [counter, start_link, [opts, 1], 1]}}")
                .value());
        const term state = sys::get_state(top);
        EXPECT_EQ(state.share(state.tuple()[1]).to_string(), "{local,parts}");
        EXPECT_EQ(state.share(state.tuple()[state.tuple().size() - 2]), term(elixir));
        EXPECT_EQ(state.share(state.tuple()[5]), term(7));
        sys::suspend(top);
        EXPECT_FALSE(sys::change_code(top, elixir, 1, list()));
        sys::resume(top);
        EXPECT_EQ(supervisor::count_children(top).active, 2U);
        shut_down(top);
    });
}

TEST_P(partition_supervisor_test, a_partition_that_is_started_again_is_found_again) {
    in_process([] {
        const pid top =
            partition_supervisor::start_link(numbered_child, {.name = "parts"_a}, {.partitions = 2}).value();
        const pid before = partition_supervisor::whereis("parts"_a, 1);
        crash(before, "kill"_a);
        const pid after = successor_of(before, top, 1);
        EXPECT_EQ(partition_supervisor::whereis("parts"_a, 1), after);
        EXPECT_EQ(gen_server::call(partition_supervisor::name_of("parts"_a, 3), "who"_a), term(1));
        shut_down(top);
    });
}

TEST_P(partition_supervisor_test, one_for_all_is_a_strategy_for_partitions_too) {
    in_process([] {
        const pid top =
            partition_supervisor::start_link(numbered_child, {.name = "parts"_a},
                                             {.partitions = 2, .strategy = restart_strategy::one_for_all})
                .value();
        const pid other = partition_supervisor::whereis("parts"_a, 0);
        const pid one = partition_supervisor::whereis("parts"_a, 1);
        crash(one, "kill"_a);
        EXPECT_TRUE(successor_of(one, top, 1));
        EXPECT_NE(partition_supervisor::whereis("parts"_a, 0), other);
        shut_down(top);
    });
}

TEST_P(partition_supervisor_test, when_it_has_ended_its_name_leads_nowhere_and_can_be_taken_again) {
    in_process([] {
        const auto start = [] {
            return partition_supervisor::start_link(numbered_child, {.name = "parts"_a}, {.partitions = 2});
        };
        const std::string noproc = "{noproc,{'Elixir.PartitionSupervisor',partitions,[parts]}}";
        const auto look_up = [] {
            return result_of([] { return partition_supervisor::whereis("parts"_a, 1); });
        };
        EXPECT_EQ(look_up(), noproc);
        for (const char* end : {"shutdown", "kill"}) {
            const pid top = start().value();
            EXPECT_EQ(outcome(start()), "{already_started," + term(top).to_string() + "}");
            EXPECT_EQ(partition_supervisor::partitions("parts"_a), 2U)
                << "the table is the first one's still";
            exit(top, atom(end));
            EXPECT_NE(exit_of(top), "is alive");
            EXPECT_TRUE(testing::wait_until([&] { return look_up() == noproc; }));
            EXPECT_EQ(result_of([] {
                          return gen_server::call(partition_supervisor::name_of("parts"_a, 1), "who"_a);
                      }),
                      noproc);
            EXPECT_EQ(result_of([] { return partition_supervisor::resize("parts"_a, 1).value(); }), noproc);
        }
    });
}

TEST_P(partition_supervisor_test, options_that_make_no_sense_and_children_that_do_not_start) {
    in_process([] {
        const auto start = [](child_spec spec, start_options options, partition_supervisor_options how = {}) {
            return outcome(partition_supervisor::start_link(spec, std::move(options), how));
        };
        EXPECT_EQ(start({.start = idle}, {}), "badarg") << "a name is needed";
        EXPECT_EQ(start({.start = idle}, {.name = "parts"_a}, {.partitions = 0}), "badarg");
        EXPECT_EQ(start({.start = idle}, {.name = "parts"_a}, {.max_restarts = -1}),
                  "{supervisor_data,{invalid_intensity,-1}}");
        EXPECT_EQ(start({.start = idle, .shutdown = -1ms}, {.name = "parts"_a}),
                  "{start_spec,{invalid_shutdown,-1}}");
        EXPECT_EQ(start({.start = [] { return start_answer::failed("no"_a); }}, {.name = "parts"_a}),
                  "{shutdown,{failed_to_start_child,0,no}}");
        EXPECT_EQ(start({.start = []() -> start_answer { throw 7; }}, {.name = "parts"_a}),
                  "{shutdown,{failed_to_start_child,0,{'EXIT',{{cpp_exception,<<\"int\">>,<<>>},[]}}}}");
        EXPECT_FALSE(whereis("parts"_a));
        // One that there is nothing to start for has no process.
        const pid top = partition_supervisor::start_link({.start = [] { return start_answer::ignore(); }},
                                                         {.name = "parts"_a}, {.partitions = 1})
                            .value();
        EXPECT_EQ(result_of([] { return partition_supervisor::whereis("parts"_a, 0); }), "{badarg,[]}");
        shut_down(top);
    });
}

TEST_P(partition_supervisor_test, its_size_changes_between_none_and_what_it_was_started_with) {
    in_process([] {
        const pid top =
            partition_supervisor::start_link(numbered_child, {.name = "parts"_a}, {.partitions = 3}).value();
        const pid first = partition_supervisor::whereis("parts"_a, 0);
        EXPECT_EQ(partition_supervisor::resize("parts"_a, 1).value(), 3U);
        EXPECT_EQ(partition_supervisor::partitions("parts"_a), 1U);
        EXPECT_EQ(partition_supervisor::whereis("parts"_a, 2), first);
        EXPECT_EQ(partition_supervisor::count_children("parts"_a).active, 1U);
        EXPECT_EQ(partition_supervisor::count_children("parts"_a).specs, 3U);
        EXPECT_EQ(outcome(partition_supervisor::resize("parts"_a, 4)), "badarg");
        EXPECT_EQ(partition_supervisor::resize("parts"_a, 0).value(), 1U);
        EXPECT_EQ(result_of([] { return partition_supervisor::whereis("parts"_a, 0); }), "{badarg,[]}");
        EXPECT_EQ(partition_supervisor::resize("parts"_a, 3).value(), 0U);
        EXPECT_EQ(gen_server::call(partition_supervisor::name_of("parts"_a, 2), "who"_a), term(2));
        EXPECT_EQ(partition_supervisor::resize("parts"_a, 3).value(), 3U);
        EXPECT_TRUE(supervisor::terminate_child(top, 2));
        EXPECT_TRUE(supervisor::delete_child(top, 2));
        EXPECT_EQ(partition_supervisor::resize("parts"_a, 2).error().reason, term("not_found"_a));
        shut_down(top);
    });
}

TEST_P(partition_supervisor_test, a_step_up_that_failed_halfway_can_be_made_again) {
    in_process([] {
        const auto refuses = std::make_shared<bool>(false);
        const auto child = [refuses](std::size_t n) {
            return child_spec{.start = [refuses, n]() -> start_answer {
                if (n == 2 && *refuses) return start_answer::failed("not_now"_a);
                return idle();
            }};
        };
        const pid top =
            partition_supervisor::start_link(child, {.name = "parts"_a}, {.partitions = 3}).value();
        EXPECT_EQ(partition_supervisor::resize("parts"_a, 1).value(), 3U);
        *refuses = true;
        EXPECT_EQ(outcome(partition_supervisor::resize("parts"_a, 3)), "not_now");
        EXPECT_EQ(partition_supervisor::partitions("parts"_a), 1U);
        *refuses = false;
        EXPECT_EQ(partition_supervisor::resize("parts"_a, 3).value(), 1U);
        EXPECT_EQ(partition_supervisor::count_children("parts"_a).active, 3U);
        shut_down(top);
    });
}

TEST_P(partition_supervisor_test, a_name_may_be_one_that_a_module_keeps) {
    in_process([] {
        export_table& exports = this_system().exports();
        auto held = std::make_shared<term>("undefined"_a);
        exports.add("keeper"_a, "register_name"_a, [held](const term&, const term& p) {
            *held = p;
            return "yes"_a;
        });
        exports.add("keeper"_a, "unregister_name"_a, [held](const term&) { *held = "undefined"_a; });
        exports.add("keeper"_a, "whereis_name"_a, [held](const term&) { return *held; });
        const registry_name name = via("keeper"_a, tuple("parts"_a, 1));
        const pid top =
            partition_supervisor::start_link(numbered_child, {.name = name}, {.partitions = 2}).value();
        EXPECT_EQ(gen_server::call(partition_supervisor::name_of(name, 5), "who"_a), term(1));
        EXPECT_EQ(partition_supervisor::which_children(name).size(), 2U);
        EXPECT_EQ(partition_supervisor::resize(name, 1).value(), 2U);
        EXPECT_EQ(asked("partitions"_a, {name.to_term()}), "1");
        shut_down(top);
    });
}

TEST_P(partition_supervisor_test, peers_ask_with_the_functions_of_elixir) {
    in_process([] {
        const pid top =
            partition_supervisor::start_link(numbered_child, {.name = "parts"_a}, {.partitions = 2}).value();
        const term name = "parts"_a;
        const term one = term(process_of(top, 1));
        EXPECT_EQ(asked("whereis_name"_a, {tuple(name, 5)}), one.to_string());
        EXPECT_EQ(asked("whereis_name"_a, {tuple("none"_a, 5)}),
                  "{noproc,{'Elixir.PartitionSupervisor',partitions,[none]}}");
        EXPECT_EQ(asked("partitions"_a, {name}), "2");
        EXPECT_EQ(asked("count_children"_a, {name}),
                  "#{active => 2,specs => 2,supervisors => 0,workers => 2}");
        EXPECT_EQ(asked("which_children"_a, {name}).substr(0, 4), "[{1,");
        EXPECT_EQ(asked("resize!"_a, {name, 1}), "2");
        EXPECT_EQ(asked("resize!"_a, {name, 3}), "badarg");
        EXPECT_EQ(asked("resize!"_a, {name, 2}), "1");
        EXPECT_EQ(asked("register_name"_a, {tuple(name, 1), self()}).substr(0, 18), "{#{'__exception__'");
        EXPECT_EQ(asked("partitions"_a, {term(7)}), "{noproc,{'Elixir.PartitionSupervisor',partitions,[7]}}");
        EXPECT_EQ(asked("which_children"_a, {term(7)}), "{badarg,[]}");
        const pid there = partition_supervisor::whereis("parts"_a, 0);
        EXPECT_EQ(asked("send"_a, {tuple(name, 4), tuple("$gen_cast"_a, "unknown"_a)}),
                  "{'$gen_cast',unknown}");
        EXPECT_NE(end_of(there), "is alive") << "it does not know the cast";
        // It cannot be registered under one of its own names.
        const auto taken = gen_server::start<numbered>({.name = partition_supervisor::name_of("parts"_a, 1)},
                                                       std::size_t{9});
        EXPECT_FALSE(taken);
        shut_down(top);
    });
}

TEST_P(partition_supervisor_test, dynamic_supervisors_behind_it_start_children_for_each_caller) {
    in_process([] {
        const pid top =
            partition_supervisor::start_link(
                {.start = [] { return dynamic_supervisor::start_link(); }, .type = child_type::supervisor},
                {.name = "pools"_a}, {.partitions = 2})
                .value();
        for (std::int64_t key = 0; key < 6; ++key)
            EXPECT_TRUE(dynamic_supervisor::start_child(partition_supervisor::name_of("pools"_a, key),
                                                        {.start = idle}));
        for (std::int64_t key = 0; key < 2; ++key)
            EXPECT_EQ(
                dynamic_supervisor::count_children(partition_supervisor::name_of("pools"_a, key)).active, 3U);
        EXPECT_EQ(partition_supervisor::count_children("pools"_a).supervisors, 2U);
        EXPECT_EQ(shut_down(top), "shutdown");
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, partition_supervisor_test, all_shapes,
                         [](const auto& p) { return std::string(p.param.name); });

/// Look-ups while partitions crash and the size changes: what is found is a partition, or the reason says why
/// not.
TEST(partition_supervisor_race_test, keys_are_looked_up_while_partitions_come_and_go) {
    rakka::system s({.workers = 4, .log = [](const log_event&) {}});
    s.run([] {
        trap_exit(true);
        const pid top = partition_supervisor::start_link({.start = idle}, {.name = "parts"_a},
                                                         {.partitions = 4, .max_restarts = 1'000'000})
                            .value();
        std::vector<reference> askers;
        for (int asker = 0; asker < 4; ++asker)
            askers.push_back(monitor(spawn([asker] {
                for (std::int64_t i = 0; i < 2000; ++i) {
                    const auto found = result_of([&] { return partition_supervisor::whereis("parts"_a, i); });
                    EXPECT_TRUE(found[0] == '<' || found == "{badarg,[]}") << found;
                    if (i % 50 == asker) {
                        const auto n = static_cast<std::size_t>(i / 50 % 5);
                        EXPECT_TRUE(partition_supervisor::resize("parts"_a, n));
                    }
                    if (i % 20 == 3)
                        for (const child_info& c : partition_supervisor::which_children("parts"_a))
                            if (c.process) exit(c.process, "kill"_a);
                }
            })));
        for (const reference& ref : askers)
            EXPECT_TRUE(receive_if(
                ref, [&](term_view m) { return is_down(ref, m) && m.tuple()[4].is_atom("normal"_a); }, 60s));
        EXPECT_TRUE(testing::wait_until([&] {
            static_cast<void>(partition_supervisor::resize("parts"_a, 4));
            return partition_supervisor::count_children("parts"_a).active == 4;
        }));
        EXPECT_EQ(shut_down(top), "shutdown");
    });
    EXPECT_TRUE(testing::wait_until(s, [&] { return s.process_count() == 0; }));
}

}  // namespace
}  // namespace rakka
