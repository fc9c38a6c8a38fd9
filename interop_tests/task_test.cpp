// Tasks and agents across nodes: Elixir's Task.Supervisor and Agent on C++ ones, and C++ on Elixir's.
#include "support/otp_test.hpp"
#include "support/rakka_peer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

class task_interop : public otp_test {
protected:
    void SetUp() override {
        otp_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        cpp = std::make_unique<rakka_peer>("cpp", options("any"), epmd());
        export_table& exports = cpp->system().exports();
        exports.add("calc"_a, "add"_a, [](std::int64_t a, std::int64_t b) { return a + b; });
        exports.add("calc"_a, "twice"_a, [](std::int64_t n) { return 2 * n; });
        exports.add("calc"_a, "split"_a, [](std::int64_t n) { return std::pair(n / 2, n - n / 2); });
        exports.add("calc"_a, "fail"_a, [](const term& why) -> term { rakka::exit(why); });
        exports.add("calc"_a, "tell"_a, [](pid to, const term& what) { send(to, what); });
        exports.add("calc"_a, "callers"_a, [] { return get("$callers"_a); });
        exports.add("calc"_a, "wait"_a,
                    [] { static_cast<void>(receive_if([](term_view) { return false; })); });
        exports.add("calc"_a, "odd"_a, [](std::int64_t n, std::int64_t times) -> std::int64_t {
            if (n % 2 == 0) rakka::exit("even"_a);
            return n * times;
        });
        // Without a process that starts them they would be linked to one that ends.
        keeper = cpp->system().spawn([] {
            static_cast<void>(task_supervisor::start_link({}, {.name = "jobs"_a}).value());
            static_cast<void>(task_supervisor::start_link({.max_children = 1}, {.name = "few"_a}).value());
            register_name("keeper"_a, self()).value();
            static_cast<void>(receive_if([](term_view) { return false; }));
        });
        cpp->system().run([] {
            while (!whereis("keeper"_a))
                yield();
        });
    }
    void TearDown() override {
        if (cpp) cpp->system().exit(keeper, "kill"_a);
    }

    std::unique_ptr<rakka_peer> cpp;
    pid keeper;
    const std::string jobs = "{:jobs, :\"cpp@127.0.0.1\"}";
    const std::string few = "{:few, :\"cpp@127.0.0.1\"}";
    const registered_name far_jobs{"jobs"_a, "ex@127.0.0.1"_a};
};
RAKKA_OTP_TEST_SUITE(task_interop);

TEST_P(task_interop, elixir_awaits_tasks_of_a_cpp_supervisor) {
    auto ex = start_elixir("ex");
    EXPECT_EQ(ex.eval_elixir("Task.Supervisor.async(" + jobs + ", :calc, :add, [1, 2]) |> Task.await()"),
              "3");
    EXPECT_EQ(ex.eval_elixir("for(n <- 1..20, do: Task.Supervisor.async(" + jobs +
                             ", :calc, :add, [n, 1])) |> Task.await_many() |> Enum.sum()"),
              "230");
    EXPECT_EQ(ex.eval_elixir("(fn -> t = Task.Supervisor.async_nolink(" + jobs +
                             ", :calc, :callers, []); Task.await(t) == [self()] end).()"),
              "true");
    EXPECT_EQ(ex.eval_elixir("Process.info(self(), :message_queue_len)"), "{:message_queue_len, 0}");
}

TEST_P(task_interop, elixir_learns_how_a_task_has_ended) {
    auto ex = start_elixir("ex");
    EXPECT_EQ(ex.eval_elixir("Task.Supervisor.async_nolink(" + jobs +
                             ", :calc, :fail, [{:my, 1}]) |> Task.yield()"),
              "{:exit, {:my, 1}}");
    EXPECT_EQ(
        ex.eval_elixir("Task.Supervisor.async_nolink(" + jobs + ", :calc, :none, [1000]) |> Task.yield()"),
        "{:exit, {:undef, [{:calc, :none, [1000], []}]}}");
    EXPECT_EQ(
        ex.eval_elixir("(fn -> Process.flag(:trap_exit, true); t = Task.Supervisor.async(" + jobs +
                       ", :calc, :fail, [:oops]); r = Task.yield(t); "
                       "receive do {:EXIT, p, why} -> {r, p == t.pid, why} after 5000 -> :none end end).()"),
        "{{:exit, :oops}, true, :oops}");
    EXPECT_EQ(ex.eval_elixir("(fn -> t = Task.Supervisor.async_nolink(" + jobs +
                             ", :calc, :wait, []); {Task.yield(t, 10), Task.shutdown(t)} end).()"),
              "{nil, nil}");
    EXPECT_EQ(
        ex.eval_elixir(
            "(fn -> t = Task.Supervisor.async(" + jobs +
            ", :calc, :wait, []); {Task.shutdown(t, :brutal_kill), Process.info(self(), :links)} end).()"),
        "{nil, {:links, []}}");
}

TEST_P(task_interop, elixir_closures_have_no_code_here) {
    auto ex = start_elixir("ex");
    const std::string ended =
        ex.eval_elixir("Task.Supervisor.async_nolink(" + jobs + ", fn -> 1 end) |> Task.yield()");
    EXPECT_TRUE(ended.starts_with("{:exit, {{:badfun, ")) << ended;
    EXPECT_EQ(ex.eval_elixir("Task.Supervisor.async(" + jobs +
                             ", :erlang, :apply, [:calc, :add, [4, 5]]) |> Task.await()"),
              "9");
}

TEST_P(task_interop, elixir_streams_over_a_cpp_supervisor) {
    auto ex = start_elixir("ex");
    EXPECT_EQ(ex.eval_elixir("Task.Supervisor.async_stream(" + jobs +
                             ", 1..5, :calc, :add, [10]) |> Enum.to_list()"),
              "[ok: 11, ok: 12, ok: 13, ok: 14, ok: 15]");
    EXPECT_EQ(ex.eval_elixir("Task.Supervisor.async_stream_nolink(" + jobs +
                             ", 1..4, :calc, :odd, [10], max_concurrency: 2) |> Enum.to_list()"),
              "[ok: 10, exit: :even, ok: 30, exit: :even]");
    EXPECT_EQ(ex.eval_elixir("Task.Supervisor.async_stream(" + jobs +
                             ", 1..200, :calc, :add, [1], ordered: false, max_concurrency: 8) "
                             "|> Enum.reduce(0, fn {:ok, n}, s -> n + s end)"),
              "20300");
}

TEST_P(task_interop, elixir_starts_and_ends_children) {
    auto ex = start_elixir("ex");
    EXPECT_EQ(ex.eval_elixir(
                  "(fn -> {:ok, p} = Task.Supervisor.start_child(" + jobs +
                  ", :calc, :tell, [self(), :hello]); receive do m -> {m, is_pid(p)} after 5000 -> :none end "
                  "end).()"),
              "{:hello, true}");
    EXPECT_EQ(ex.eval_elixir("(fn -> {:ok, p} = Task.Supervisor.start_child(" + few +
                             ", :calc, :wait, []); [^p] = Task.Supervisor.children(" + few +
                             "); {Task.Supervisor.start_child(" + few +
                             ", :calc, :wait, []), "
                             "DynamicSupervisor.count_children(" +
                             few +
                             ") == %{active: 1, specs: 1, supervisors: 0, workers: 1}, "
                             "Task.Supervisor.terminate_child(" +
                             few + ", p), Task.Supervisor.children(" + few + ")} end).()"),
              "{{:error, :max_children}, true, :ok, []}");
    EXPECT_EQ(ex.eval_elixir("(fn -> {:ok, _} = Task.Supervisor.start_child(" + jobs +
                             ", :calc, :tell, [self(), :again], restart: :permanent); "
                             "for _ <- 1..3 do receive do m -> m after 5000 -> :none end end end).()"),
              "[:again, :again, :again]");
}

TEST_P(task_interop, cpp_awaits_tasks_of_an_elixir_supervisor) {
    auto ex = start_elixir("ex");
    EXPECT_EQ(
        ex.eval_elixir(
            "(fn -> {:ok, p} = Task.Supervisor.start_link(name: :jobs); Process.unlink(p); :ok end).()"),
        ":ok");
    cpp->system().run([&] {
        EXPECT_EQ(task_supervisor::async(far_jobs, "Elixir.Enum"_a, "sum"_a, list(list(1, 2, 3))).await(),
                  term(6));
        auto failed = task_supervisor::async_nolink(far_jobs, "erlang"_a, "exit"_a, list("oops"_a));
        EXPECT_TRUE(failed.yield()->error().reason.is_atom("oops"_a));
        auto slow = task_supervisor::async(far_jobs, "timer"_a, "sleep"_a, list("infinity"_a));
        EXPECT_EQ(task_supervisor::children(far_jobs).size(), 1U);
        EXPECT_FALSE(slow.yield(10ms));
        EXPECT_FALSE(slow.shutdown());
        EXPECT_TRUE(process_info(self())->links.empty());
        const auto lone =
            task_supervisor::start_child(far_jobs, "erlang"_a, "send"_a, list(self(), "hello"_a));
        ASSERT_TRUE(lone);
        EXPECT_TRUE(receive().is_atom("hello"_a));
        EXPECT_EQ(process_info(self())->message_queue_len, 0U);
    });
}

TEST_P(task_interop, the_loss_of_the_node_is_the_exit_of_who_waits) {
    auto ex = start_elixir("ex");
    EXPECT_EQ(
        ex.eval_elixir(
            "(fn -> {:ok, p} = Task.Supervisor.start_link(name: :jobs); Process.unlink(p); :ok end).()"),
        ":ok");
    cpp->system().run([&] {
        auto slow = task_supervisor::async_nolink(far_jobs, "timer"_a, "sleep"_a, list("infinity"_a));
        blocking([&] { ex.kill(); });
        try {
            slow.await(infinity);
            ADD_FAILURE() << "no exit";
        } catch (const process_exit& e) {
            EXPECT_TRUE(e.reason.to_string().starts_with("{{nodedown,'ex@127.0.0.1'},{'Elixir.Task',await,["))
                << e.reason.to_string();
        }
    });
}

TEST_P(task_interop, elixir_uses_a_cpp_agent) {
    auto ex = start_elixir("ex");
    cpp->system().run(
        [] { static_cast<void>(agent::start([] { return std::int64_t{4}; }, {.name = "box"_a}).value()); });
    const std::string box = "{:box, :\"cpp@127.0.0.1\"}";
    EXPECT_EQ(ex.eval_elixir("Agent.get(" + box + ", :calc, :add, [3])"), "7");
    EXPECT_EQ(ex.eval_elixir("Agent.update(" + box + ", :calc, :add, [3])"), ":ok");
    EXPECT_EQ(ex.eval_elixir("Agent.get_and_update(" + box + ", :calc, :split, [])"), "3");
    EXPECT_EQ(ex.eval_elixir("Agent.cast(" + box + ", :calc, :add, [1])"), ":ok");
    EXPECT_EQ(ex.eval_elixir("Agent.get(" + box + ", &:calc.twice/1)"), "10") << "a fun with a name";
    EXPECT_EQ(ex.eval_elixir("Agent.update(" + box + ", &:calc.twice/1)"), ":ok");
    EXPECT_EQ(ex.eval_elixir(":sys.get_state(" + box + ")"), "10");
    EXPECT_EQ(ex.eval_elixir("Agent.stop(" + box + ")"), ":ok");
    EXPECT_EQ(ex.eval_elixir("catch_exit = try do Agent.get(" + box +
                             ", :calc, :twice, []) catch :exit, {r, _} -> r end; catch_exit"),
              ":noproc");
}

TEST_P(task_interop, cpp_uses_an_elixir_agent) {
    auto ex = start_elixir("ex");
    EXPECT_EQ(ex.eval_elixir("(fn -> {:ok, _} = Agent.start(fn -> %{a: 1} end, name: :box); :ok end).()"),
              ":ok");
    cpp->system().run([] {
        const registered_name box{"box"_a, "ex@127.0.0.1"_a};
        EXPECT_EQ(agent::get(box, mfargs{"Elixir.Map"_a, "get"_a, list("a"_a)}), term(1));
        agent::update(box, mfargs{"Elixir.Map"_a, "put"_a, list("b"_a, 2)});
        EXPECT_EQ(agent::get_and_update(box, mfargs{"Elixir.Map"_a, "pop"_a, list("b"_a)}), term(2));
        agent::cast(box, mfargs{"Elixir.Map"_a, "put"_a, list("c"_a, 3)});
        EXPECT_EQ(agent::get(box, mfargs{"maps"_a, "size"_a}), term(2));
        agent::stop(box);
    });
}

TEST_P(task_interop, erlang_finds_and_calls_what_a_cpp_registry_names) {
    auto erl = start_erlang("erl");
    cpp->system().spawn([] {
        const auto names = rakka::registry::start_link({.name = "names"_a}).value();
        static_cast<void>(names.register_key(list("room"_a, 1)));
        for (;;) {
            const term m = receive();
            match(m, on(tuple_of("ping"_a, x<pid>), [](pid who) { send(who, "pong"_a); }), on(any, [] {}));
        }
    });
    const std::string at = "rpc:call(" + cpp->name() + ", names, ";
    EXPECT_EQ(erl.eval("(fun Wait() -> case " + at +
                       "whereis_name, [[room, 1]]) of P when is_pid(P) -> ok; "
                       "_ -> timer:sleep(5), Wait() end end)()"),
              "ok");
    EXPECT_EQ(erl.eval("begin P = " + at +
                       "send, [[room, 1], {ping, self()}]), receive pong -> is_pid(P) "
                       "after 5000 -> none end end"),
              "true");
    EXPECT_EQ(erl.eval(at + "whereis_name, [nobody])"), "undefined");
}

}  // namespace
}  // namespace rakka::interop
