// Services: servers as tables of typed functions.
#include "behaviour/behaviour_support.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/otp/service.hpp>
#include <rakka/otp/sys.hpp>

#include <map>
#include <optional>

namespace rakka {
namespace {

using namespace std::chrono_literals;

struct counts {
    std::int64_t total = 0;
    std::vector<from> waiting;
    std::vector<term> seen;
};

auto calculator() {
    return service("calc")
        .call("add", [](std::int64_t a, std::int64_t b) { return a + b; })
        .call("add", [](std::int64_t a, std::int64_t b, std::int64_t c) { return a + b + c; })
        .call("hello", [](std::string_view who) { return "hello " + std::string(who); })
        .call("fail", [](const term& why) { exit(why); })
        .call("version", [] { return "1.0"; });
}

auto counter() {
    return service<counts>("counter")
        .call("add", [](counts& c, std::int64_t n) { return c.total += n; })
        .call("total", [](const counts& c) { return c.total; })
        .call("wait", [](counts& c, const from& who) { c.waiting.push_back(who); })
        .call("seen", [](counts& c) { return c.seen; })
        .cast("reset", [](counts& c) { c.total = 0; })
        .cast("release",
              [](counts& c, const term& value) {
                  for (const from& who : c.waiting)
                      reply(who, value);
                  c.waiting.clear();
              })
        .info([](counts& c, const term& message) { c.seen.push_back(message); });
}

class service_test : public behaviour_test {
protected:
    static std::string ask(const server_ref& server, const term& request) {
        return detail_call(server, request).to_string();
    }
    static term detail_call(const server_ref& server, const term& request) {
        return gen_server::call(*server.resolve(), request);
    }
};

TEST_P(service_test, calls_are_matched_by_name_number_and_types_of_arguments) {
    in_process([] {
        const pid p = calculator().start().value();
        EXPECT_EQ(whereis("calc"_a), p);
        EXPECT_EQ(ask(p, tuple("add"_a, 1, 2)), "3");
        EXPECT_EQ(ask(p, tuple("add"_a, 1, 2, 3)), "6");
        EXPECT_EQ(ask(p, tuple("hello"_a, "world")), "<<\"hello world\">>");
        EXPECT_EQ(ask(p, "version"_a), "<<\"1.0\">>");
        EXPECT_EQ(ask(p, tuple("version"_a)), "<<\"1.0\">>");
    });
}

TEST_P(service_test, a_wrong_shape_is_answered_with_what_was_expected_and_the_server_goes_on) {
    in_process([] {
        const pid p = calculator().start().value();
        EXPECT_EQ(ask(p, tuple("hello"_a, 7)),
                  "{error,{bad_request,#{expected => [<<\"{hello, String.t()}\">>],got => {hello,7}}}}");
        EXPECT_EQ(
            ask(p, tuple("add"_a, 1)),
            "{error,{bad_request,#{expected => [<<\"{add, integer(), integer()}\">>,<<\"{add, integer(), "
            "integer(), integer()}\">>],got => {add,1}}}}");
        const std::string unknown = ask(p, list(1, 2));
        EXPECT_NE(unknown.find("version"), std::string::npos) << unknown;
        gen_server::cast(p, "nothing"_a);
        EXPECT_EQ(ask(p, tuple("add"_a, 1, 2)), "3");
    });
}

TEST_P(service_test, the_state_is_the_servers_own) {
    in_process([] {
        const auto table = counter();
        const pid one = table.start().value();
        const pid two = table.start({.name = "other"_a}).value();
        EXPECT_EQ(ask(one, tuple("add"_a, 3)), "3");
        EXPECT_EQ(ask(one, tuple("add"_a, 4)), "7");
        EXPECT_EQ(ask(two, "total"_a), "0");
        gen_server::cast(one, "reset"_a);
        EXPECT_EQ(ask(one, "total"_a), "0");
        send(one, tuple("hello"_a, 1));
        EXPECT_EQ(ask(one, "seen"_a), "[{hello,1}]");
    });
}

TEST_P(service_test, who_takes_the_caller_answers_later) {
    in_process([] {
        const pid p = counter().start().value();
        const request_id waits = send_request(p, "wait"_a);
        EXPECT_EQ(ask(p, "total"_a), "0");
        gen_server::cast(p, tuple("release"_a, "done"_a));
        EXPECT_EQ(receive_response(waits)->value(), term("done"_a));
    });
}

TEST_P(service_test, an_exception_ends_the_server_as_any) {
    in_process([] {
        const auto p = calculator().start_monitor().value();
        EXPECT_EQ(gen_server::try_call(p.first, tuple("fail"_a, "broken"_a)).error().reason,
                  term("broken"_a));
        const term down = next_message();
        EXPECT_TRUE(is_down(p.second, down));
    });
}

TEST_P(service_test, exported_functions_call_the_service) {
    rakka::system s(GetParam().options);
    counter().export_to(s.exports());
    s.run([&] {
        static_cast<void>(counter().start().value());
        const auto run = [&](atom function, const std::vector<term>& arguments) {
            return (*s.exports().find("counter"_a, function, arguments.size()))(arguments).to_string();
        };
        EXPECT_EQ(run("add"_a, {term(5)}), "5");
        EXPECT_EQ(run("reset"_a, {}), "ok");
        EXPECT_EQ(run("total"_a, {}), "0");
        EXPECT_EQ(exit_of([&] { run("add"_a, {term("x"_a)}); }), "{function_clause,[{counter,add,[x],[]}]}");
        EXPECT_FALSE(s.exports().find("counter"_a, "add"_a, 2));
    });
}

TEST_P(service_test, a_later_entry_of_the_same_kind_replaces_the_first_and_leaves_the_original_table) {
    in_process([] {
        const auto first = calculator();
        const auto second = first.call("add", [](std::int64_t a, std::int64_t b) { return a * b; });
        const pid p = first.start().value();
        const pid q = second.start({.name = "other"_a}).value();
        EXPECT_EQ(ask(p, tuple("add"_a, 3, 4)), "7");
        EXPECT_EQ(ask(q, tuple("add"_a, 3, 4)), "12");
    });
}

TEST(service_text, is_an_elixir_module_with_typespecs) {
    const auto table =
        service<counts>("counter")
            .call("add", [](counts& c, std::int64_t n) { return c.total += n; })
            .call("names", [](std::uint32_t, const std::vector<std::string>& v) { return v; })
            .call("find", [](const std::map<std::string, double>&, atom) { return std::optional<bool>(); })
            .cast("reset", [](counts&) {});
    EXPECT_EQ(table.elixir_module("Counter", "cpp@host"),
              "defmodule Counter do\n"
              "  @moduledoc \"Calls the service `counter` of a C++ node.\"\n\n"
              "  @server {:\"counter\", :\"cpp@host\"}\n\n"
              "  @spec add(integer()) :: integer()\n"
              "  def add(arg1), do: GenServer.call(@server, {:\"add\", arg1})\n\n"
              "  @spec names(non_neg_integer(), [String.t()]) :: [String.t()]\n"
              "  def names(arg1, arg2), do: GenServer.call(@server, {:\"names\", arg1, arg2})\n\n"
              "  @spec find(%{optional(String.t()) => float()}, atom()) :: boolean() | :undefined\n"
              "  def find(arg1, arg2), do: GenServer.call(@server, {:\"find\", arg1, arg2})\n\n"
              "  @spec reset() :: :ok\n"
              "  def reset(), do: GenServer.cast(@server, :\"reset\")\n"
              "end\n");
}

INSTANTIATE_TEST_SUITE_P(schedulers, service_test, in_each_shape(), name_of_shape);

}  // namespace
}  // namespace rakka
