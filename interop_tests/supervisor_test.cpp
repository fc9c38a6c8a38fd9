// Supervisors over the border: of C++ used by Erlang and Elixir as their own, with children of a BEAM, and
// C++ processes under a supervisor of Elixir.
#include "support/otp_test.hpp"
#include "support/rakka_peer.hpp"

#include <rakka/actors/testing.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

class counter : public gen_server {
public:
    explicit counter(std::int64_t n = 0) : n_(n) {}

private:
    result handle_call(const term& request, const from&) override {
        if (request.is_atom("self"_a)) return reply(self());
        if (request.is_atom("crash"_a)) throw std::runtime_error("asked to");
        return reply(n_++);
    }
    std::int64_t n_;
};

class shop : public supervisor {
    std::optional<setup> init() override {
        return setup{
            {.intensity = 100},
            {child_of<counter>("a"_a, {.name = "a"_a}), child_of<counter>("b"_a, {.name = "b"_a}, 7)}};
    }
};

class supervisor_interop : public otp_test {
protected:
    void SetUp() override {
        otp_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        cpp = std::make_unique<rakka_peer>("cpp", options("any"), epmd());
        auto& exports = cpp->system().exports();
        exports.add("counter"_a, "start_link"_a,
                    [](std::int64_t n) { return start_answer(gen_server::start_link<counter>({}, n)); });
        exports.add("counter"_a, "start"_a, [] { return start_answer(gen_server::start<counter>()); });
        top_owner = cpp->system().spawn([] {
            static_cast<void>(supervisor::start_link<shop>({.name = "shop"_a}).value());
            static_cast<void>(
                supervisor::start_link({.strategy = restart_strategy::simple_one_for_one, .intensity = 100},
                                       {{.id = "kind"_a, .start = mfargs{"counter"_a, "start_link"_a}}},
                                       {.name = "simple"_a})
                    .value());
            static_cast<void>(
                dynamic_supervisor::start_link({.max_restarts = 100, .max_children = 3}, {.name = "pool"_a})
                    .value());
            static_cast<void>(
                partition_supervisor::start_link(
                    [](std::size_t n) { return child_of<counter>(n, {}, std::int64_t(n) * 100); },
                    {.name = "parts"_a}, {.partitions = 3})
                    .value());
            static_cast<void>(receive_if([](term_view) { return false; }));
        });
        ASSERT_TRUE(rakka::testing::wait_until(cpp->system(),
                                               [&] { return cpp->system().whereis("parts"_a).has_value(); }));
    }
    [[nodiscard]] std::string at(const std::string& name) const {
        return "{" + name + ", " + cpp->name() + "}";
    }
    /// The same for Elixir.
    [[nodiscard]] static std::string in_elixir(const std::string& name) {
        return "{:" + name + ", :\"cpp@127.0.0.1\"}";
    }

    std::unique_ptr<rakka_peer> cpp;
    pid top_owner;
};
RAKKA_OTP_TEST_SUITE(supervisor_interop);

TEST_P(supervisor_interop, erlang_looks_at_it_with_its_own_functions) {
    auto erl = start_erlang("erl");
    const std::string s = at("shop");
    const std::string module = "rakka::interop::(anonymous namespace)::counter";
    EXPECT_EQ(erl.eval("[{I, is_pid(P), T, M} || {I, P, T, M} <- supervisor:which_children(" + s + ")]"),
              "[{b,true,worker,['" + module + "']},{a,true,worker,['" + module + "']}]");
    EXPECT_EQ(erl.eval("supervisor:count_children(" + s + ")"),
              "[{specs,2},{active,2},{supervisors,0},{workers,2}]");
    EXPECT_EQ(erl.eval("begin {ok, M} = supervisor:get_childspec(" + s +
                       ", a), [maps:get(K, M) || K <- [id, restart, shutdown, type, significant]] end"),
              "[a,permanent,5000,worker,false]");
    EXPECT_EQ(erl.eval("supervisor:get_childspec(" + s + ", nobody)"), "{error,not_found}");
    EXPECT_EQ(erl.eval("gen_server:call(" + s + ", {which_child, nobody}, infinity)"), "{error,not_found}");
    if (release() >= 28) {
        EXPECT_EQ(
            erl.eval("begin {ok, {a, P, worker, _}} = supervisor:which_child(" + s + ", a), is_pid(P) end"),
            "true");
    }
}

TEST_P(supervisor_interop, erlang_starts_stops_and_deletes_children_by_module_and_function) {
    auto erl = start_erlang("erl");
    const std::string s = at("shop");
    const std::string spec = "#{id => c, start => {counter, start_link, [40]}, restart => transient}";
    EXPECT_EQ(erl.eval("begin {ok, P} = supervisor:start_child(" + s + ", " + spec +
                       "), gen_server:call(P, next) end"),
              "40");
    EXPECT_EQ(erl.eval("begin {error, {already_started, P}} = supervisor:start_child(" + s + ", " + spec +
                       "), is_pid(P) end"),
              "true");
    EXPECT_EQ(erl.eval("supervisor:restart_child(" + s + ", c)"), "{error,running}");
    EXPECT_EQ(erl.eval("supervisor:delete_child(" + s + ", c)"), "{error,running}");
    EXPECT_EQ(erl.eval("supervisor:terminate_child(" + s + ", c)"), "ok");
    EXPECT_EQ(erl.eval("supervisor:start_child(" + s + ", " + spec + ")"), "{error,already_present}");
    EXPECT_EQ(
        erl.eval("begin {ok, P} = supervisor:restart_child(" + s + ", c), gen_server:call(P, next) end"),
        "40");
    EXPECT_EQ(erl.eval("[supervisor:terminate_child(" + s + ", c), supervisor:delete_child(" + s + ", c)]"),
              "[ok,ok]");
    EXPECT_EQ(erl.eval("supervisor:start_child(" + s + ", #{id => d, start => {no, where, [1]}})"),
              "{error,{{'EXIT',{undef,[{no,where,[1],[]}]}},{child,undefined,d,{no,where,[1]},permanent,"
              "false,5000,worker,"
              "[no]}}}");
    EXPECT_EQ(erl.eval("supervisor:start_child(" + s +
                       ", {d, {counter, start_link, [1]}, sometimes, 1, worker, []})"),
              "{error,{invalid_restart_type,sometimes}}");
    EXPECT_EQ(erl.eval("[I || {I, _, _, _} <- supervisor:which_children(" + s + ")]"), "[b,a]");
}

TEST_P(supervisor_interop, erlang_uses_simple_one_for_one) {
    auto erl = start_erlang("erl");
    const std::string s = at("simple");
    EXPECT_EQ(erl.eval("begin {ok, P} = supervisor:start_child(" + s +
                       ", [5]), 5 = gen_server:call(P, next), "
                       "[{undefined, P, worker, [counter]}] = supervisor:which_children(" +
                       s + "), exit(P, kill), " + "(fun Again() -> case supervisor:which_children(" + s +
                       ") of [{undefined, Q, _, _}] when is_pid(Q), Q =/= P -> [gen_server:call(Q, next), "
                       "supervisor:terminate_child(" +
                       s + ", Q), supervisor:which_children(" + s +
                       ")]; _ -> timer:sleep(5), Again() end end)() end"),
              "[5,ok,[]]");
    EXPECT_EQ(erl.eval("supervisor:terminate_child(" + s + ", kind)"), "{error,simple_one_for_one}");
    EXPECT_EQ(erl.eval("supervisor:terminate_child(" + s + ", self())"), "{error,not_found}");
    EXPECT_EQ(erl.eval("supervisor:restart_child(" + s + ", kind)"), "{error,simple_one_for_one}");
}

TEST_P(supervisor_interop, sys_and_its_tools_take_it_for_a_supervisor) {
    auto erl = start_erlang("erl");
    const std::string s = at("shop");
    const std::string module = "'rakka::interop::(anonymous namespace)::shop'";
    EXPECT_EQ(erl.eval("begin {status, _, {module, M}, [D, S | _]} = sys:get_status(" + s +
                       "), {M, S, proplists:get_value('$initial_call', D)} end"),
              "{gen_server,running,{supervisor," + module + ",1}}");
    EXPECT_EQ(erl.eval("supervisor:get_callback_module(" + s + ")"), module);
    EXPECT_EQ(erl.eval("begin S = sys:get_state(" + s +
                       "), {element(1, S), element(2, S), element(3, S), element(tuple_size(S) - 1, S), "
                       "element(1, element(4, S))} end"),
              "{state,{local,shop},one_for_one," + module + ",[b,a]}");
}

TEST_P(supervisor_interop, a_process_of_a_beam_is_a_child_of_a_cpp_supervisor) {
    auto erl = start_erlang("erl");
    EXPECT_EQ(erl.eval("net_adm:ping(" + cpp->name() + ")"), "pong");
    const atom there("erl@127.0.0.1");
    cpp->system().run([&] {
        const auto start = [there] {
            return start_answer(spawn_link(there, "timer"_a, "sleep"_a, list("infinity"_a)));
        };
        const pid child = supervisor::start_child("shop"_a, {.id = "beam"_a, .start = start}).value().process;
        EXPECT_EQ(child.node, there);
        EXPECT_EQ(supervisor::count_children("shop"_a).active, 3U);
        // It ends over there, and comes again.
        rakka::exit(child, "kill"_a);
        EXPECT_TRUE(rakka::testing::wait_until([&] {
            const auto now = supervisor::which_child("shop"_a, "beam"_a).value();
            return now.process && now.process != child;
        }));
        const pid second = supervisor::which_child("shop"_a, "beam"_a).value().process;
        // It is told to end as any child is.
        const reference ref = monitor(second);
        EXPECT_TRUE(supervisor::terminate_child("shop"_a, "beam"_a));
        const auto down = receive_if(
            ref, [&](term_view m) { return is_down(ref, m); }, 20s);
        ASSERT_TRUE(down);
        EXPECT_EQ(down->tuple()[4].to_string(), "shutdown");
    });
}

TEST_P(supervisor_interop, the_loss_of_its_node_ends_a_child_and_the_next_attempts_are_counted) {
    auto erl = std::make_unique<beam_node>(options("erl"));
    EXPECT_EQ(erl->eval("net_adm:ping(" + cpp->name() + ")"), "pong");
    const atom there("erl@127.0.0.1");
    pid top;
    cpp->system().run([&] {
        trap_exit(true);
        const auto start = [there]() -> start_answer {
            return spawn_link(there, "timer"_a, "sleep"_a, list("infinity"_a));
        };
        top = supervisor::start_link({.intensity = 2}, {{.id = 1, .start = start}}).value();
        unlink(top);
    });
    erl.reset();
    const auto ended = rakka::testing::check_process_exits(cpp->system(), top, 30s);
    ASSERT_TRUE(ended);
    EXPECT_TRUE(ended->is_atom("shutdown"_a) || ended->is_atom("noproc"_a)) << ended->to_string();
}

TEST_P(supervisor_interop, elixir_looks_at_it_with_its_own_functions) {
    auto ex = start_elixir("ex");
    const std::string s = in_elixir("shop");
    EXPECT_EQ(ex.eval_elixir("for {id, pid, type, _} <- Supervisor.which_children(" + s +
                             "), do: {id, is_pid(pid), type}"),
              "[{:b, true, :worker}, {:a, true, :worker}]");
    EXPECT_EQ(ex.eval_elixir("Supervisor.count_children(" + s +
                             ") == %{specs: 2, active: 2, supervisors: 0, workers: 2}"),
              "true");
    EXPECT_EQ(
        ex.eval_elixir("(fn -> {:ok, p} = Supervisor.start_child(" + s +
                       ", %{id: :c, start: {:counter, :start_link, [1]}}); GenServer.call(p, :next) end).()"),
        "1");
    EXPECT_EQ(ex.eval_elixir("Supervisor.terminate_child(" + s + ", :c)"), ":ok");
    EXPECT_EQ(ex.eval_elixir("Supervisor.delete_child(" + s + ", :c)"), ":ok");
    EXPECT_EQ(ex.eval_elixir("Supervisor.delete_child(" + s + ", :c)"), "{:error, :not_found}");
}

TEST_P(supervisor_interop, elixir_uses_a_dynamic_supervisor_as_its_own) {
    auto ex = start_elixir("ex");
    const std::string s = in_elixir("pool");
    const std::string start =
        "DynamicSupervisor.start_child(" + s + ", %{id: :any, start: {:counter, :start_link, [9]}})";
    EXPECT_EQ(ex.eval_elixir("(fn -> {:ok, p} = " + start + "; GenServer.call(p, :next) end).()"), "9");
    EXPECT_EQ(ex.eval_elixir("DynamicSupervisor.count_children(" + s +
                             ") == %{specs: 1, active: 1, supervisors: 0, workers: 1}"),
              "true");
    EXPECT_EQ(
        ex.eval_elixir("(fn -> [{:undefined, p, :worker, [:counter]}] = DynamicSupervisor.which_children(" +
                       s + "); [DynamicSupervisor.terminate_child(" + s +
                       ", p), DynamicSupervisor.terminate_child(" + s + ", p)] end).()"),
        "[:ok, {:error, :not_found}]");
    EXPECT_EQ(ex.eval_elixir("for _ <- 1..4, do: elem(" + start + ", 0)"), "[:ok, :ok, :ok, :error]");
    EXPECT_EQ(ex.eval_elixir(start), "{:error, :max_children}");
    EXPECT_EQ(ex.eval_elixir("(:sys.get_state(" + s + ")).max_children"), "3");
}

TEST_P(supervisor_interop, a_partition_supervisor_answers_as_that_of_elixir_does) {
    auto ex = start_elixir("ex");
    // The same key leads to the same partition: of integers, of any size.
    EXPECT_EQ(ex.eval_elixir(R"((fn ->
        there = fn f, a -> :erpc.call(:"cpp@127.0.0.1", PartitionSupervisor, f, a) end
        {:ok, _} = PartitionSupervisor.start_link(child_spec: {Agent, fn -> 0 end}, name: :mine, partitions: 3)
        id = fn children, pid -> Enum.find_value(children, fn {id, p, _, _} -> p == pid && id end) end
        ours = Supervisor.which_children({:parts, :"cpp@127.0.0.1"})
        theirs = PartitionSupervisor.which_children(:mine)
        for key <- [0, 5, -7, 1180591620717411303424, -1180591620717411303425] do
          a = id.(ours, there.(:whereis_name, [{:parts, key}]))
          b = id.(theirs, GenServer.whereis({:via, PartitionSupervisor, {:mine, key}}))
          a == b && a
        end
      end).())"),
              "[0, 2, 1, 1, 2]");
    EXPECT_EQ(ex.eval_elixir(R"((fn ->
        there = fn f, a -> :erpc.call(:"cpp@127.0.0.1", PartitionSupervisor, f, a) end
        call = fn key -> GenServer.call(there.(:whereis_name, [{:parts, key}]), :next) end
        any = there.(:whereis_name, [{:parts, {"any", :key}}])
        {call.(1), call.(4), there.(:partitions, [:parts]), there.(:count_children, [:parts]).active,
         Enum.map(there.(:which_children, [:parts]), &elem(&1, 0)),
         any == there.(:whereis_name, [{:parts, {"any", :key}}]),
         there.(:resize!, [:parts, 1]), there.(:partitions, [:parts]), there.(:resize!, [:parts, 3])}
      end).())"),
              "{100, 101, 3, 3, [2, 1, 0], true, 3, 1, 1}");
    EXPECT_EQ(ex.eval_elixir(R"((fn ->
        {:ok, ours} = :supervisor.get_childspec({:parts, :"cpp@127.0.0.1"}, 1)
        {:ok, _} = PartitionSupervisor.start_link(child_spec: {Agent, fn -> 0 end}, name: :others, partitions: 3)
        {:ok, theirs} = :supervisor.get_childspec(:others, 1)
        shape = fn spec ->
          {m, f, [_, g | more]} = spec.start  # of 1.14 with the name among them
          {spec.id, m, f, g, List.last(more), Map.drop(spec, [:start, :modules])}
        end
        shape.(ours) == shape.(theirs)
      end).())"),
              "true");
    EXPECT_EQ(ex.eval_elixir(R"((fn ->
        failure = fn f -> try do f.() catch :exit, {:exception, reason} -> reason; :exit, reason -> reason end end
        failure.(fn -> :erpc.call(:"cpp@127.0.0.1", PartitionSupervisor, :partitions, [:none]) end) ==
          failure.(fn -> PartitionSupervisor.partitions(:none) end)
      end).())"),
              "true");
}

TEST_P(supervisor_interop, an_elixir_supervisor_starts_a_cpp_process_again_after_a_cpp_crash) {
    auto ex = start_elixir("ex");
    EXPECT_EQ(ex.eval_elixir(R"((fn ->
        Process.flag(:trap_exit, true)
        start = fn ->
          {:ok, pid} = :erpc.call(:"cpp@127.0.0.1", :counter, :start, [])
          Process.link(pid)
          {:ok, pid}
        end
        successor = fn sup, old ->
          Stream.repeatedly(fn -> Process.sleep(10); Supervisor.which_children(sup) end)
          |> Enum.find_value(fn [{:cpp, pid, _, _}] -> is_pid(pid) && pid != old && pid end)
        end
        {:ok, sup} = Supervisor.start_link([%{id: :cpp, start: {:erlang, :apply, [start, []]}}], strategy: :one_for_one)
        [{:cpp, first, :worker, _}] = Supervisor.which_children(sup)
        0 = GenServer.call(first, :next)
        1 = GenServer.call(first, :next)
        crash =
          try do
            GenServer.call(first, :crash)
          catch
            :exit, {{{:cpp_exception, type, what}, _}, _} -> {type, what}
          end
        second = successor.(sup, first)
        fresh = GenServer.call(second, :next)
        ref = Process.monitor(second)
        Supervisor.stop(sup)
        ended = receive do {:DOWN, ^ref, _, _, reason} -> reason after 5000 -> :alive end
        {crash, fresh, ended}
      end).())"),
              "{{\"std::runtime_error\", \"asked to\"}, 0, :shutdown}");
}

}  // namespace
}  // namespace rakka::interop
