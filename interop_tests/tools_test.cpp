// Erlang's tools on a real BEAM against a C++ node: the functions that observer and etop call, compared with
// the answers of another BEAM; the I/O protocol; names that nobody serves; log events.
#include "support/otp_test.hpp"
#include "support/rakka_peer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

/// `differences(Cpp, Beam, Calls)`: the calls whose answers are not of one shape. A shape is a type; for
/// tuples the size and what is inside, for lists what is inside (any, if one of the two is empty), for lists
/// of pairs the keys, for maps the keys, of which a C++ node may have fewer: later releases have more.
constexpr std::string_view comparing = R"(
-module(comparing).
-export([differences/3, collected/3, calls/2, infos/2, process_calls/0, same/2]).
differences(Cpp, Beam, Calls) ->
    lists:append([difference(C, rpc:call(Cpp, M, F, A), rpc:call(Beam, M, F, B)) || C = {M, F, A, B} <- Calls]).
difference({M, F, _, _}, Ours, Theirs) ->
    case same(Ours, Theirs) of true -> []; Where -> [{M, F, Where}] end.
same({badrpc, _} = A, B) -> {A, B};
same(A, B) when is_boolean(B) -> is_boolean(A) orelse {A, B};
same(A, B) when is_atom(A), is_atom(B); is_integer(A), is_integer(B); is_pid(A), is_pid(B);
                is_binary(A), is_binary(B); is_float(A), is_float(B) -> true;
same([], B) when is_list(B) -> true;
same(A, []) when is_list(A) -> true;
same(A, B) when is_list(A), is_list(B) ->
    case pairs(A) andalso pairs(B) of
        true -> same_pairs(A, B);
        false -> first([same(X, hd(B)) || X <- A])
    end;
same({etop_proc_info, P, M, R, Name, 0, Cf, Q}, {etop_proc_info, _, _, _, _, 0, _, _}) ->
    is_pid(P) andalso is_integer(M) andalso is_integer(R) andalso is_integer(Q)
        andalso (is_atom(Name) orelse is_binary(Name) orelse is_mfa(Name))
        andalso (Cf =:= undefined orelse is_mfa(Cf)) orelse {P, M, R, Name, Cf, Q};
same(A, B) when is_tuple(A), is_tuple(B), tuple_size(A) =:= tuple_size(B) ->
    first([same(X, Y) || {X, Y} <- lists:zip(tuple_to_list(A), tuple_to_list(B))]);
same(A, B) when is_map(A), is_map(B) ->
    case maps:keys(A) -- maps:keys(B) of
        [] -> first([same(V, maps:get(K, B)) || {K, V} <- maps:to_list(A)]);
        More -> {keys, More}
    end;
same(A, B) -> {A, B}.
is_mfa({M, F, A}) -> is_atom(M) andalso is_atom(F) andalso is_integer(A);
is_mfa(_) -> false.
pairs(L) -> lists:all(fun({K, _}) -> is_atom(K); (_) -> false end, L).
same_pairs(A, B) ->
    case {lists:usort([K || {K, _} <- A]), lists:usort([K || {K, _} <- B])} of
        {Keys, Keys} ->
            first([case same(V, proplists:get_value(K, B)) of true -> true; D -> {K, D} end || {K, V} <- A]);
        {Ours, Theirs} -> {keys, Ours -- Theirs, Theirs -- Ours}
    end.
first(L) -> case [X || X <- L, X =/= true] of [] -> true; [D | _] -> D end.
%% What a function that answers by messages says: etop_collect, procs_info, fetch_stats.
collected(Node, F, Args) ->
    Pid = spawn_link(Node, observer_backend, F, [self() | Args]),
    M = receive {Pid, I} -> I; {procs_info, Pid, P} -> P; {stats, _, _, _, _} = S -> S after 10000 -> timeout end,
    unlink(Pid), exit(Pid, kill), M.
calls(Cpp, Beam) ->
    No = fun(M, F, A) -> {M, F, A, A} end,
    [No(observer_backend, sys_info, []), No(observer_backend, vsn, []),
     No(observer_backend, get_port_list, []), No(observer_backend, get_socket_list, []),
     No(observer_backend, socket_info, []), No(observer_backend, get_table_list, [ets, []]),
     No(observer_backend, get_table_list, [mnesia, []]),
     No(code, ensure_loaded, [observer_backend]), No(code, which, [no_such_module]),
     No(code, is_loaded, [no_such_module]), No(code, ensure_loaded, [no_such_module]),
     No(erlang, function_exported, [observer_backend, procs_info, 1]),
     No(erlang, function_exported, [observer_backend, get_port_list, 0]),
     No(application, which_applications, []), No(application, loaded_applications, []),
     No(application, which_applications, [5000]), No(application, get_env, [kernel, no_such_key]),
     No(application_controller, get_master, [no_such_application]),
     No(init, get_status, []), No(init, script_id, []), No(init, get_plain_arguments, []),
     No(os, type, []), No(os, getpid, []), No(os, version, []), No(os, timestamp, []),
     No(net_kernel, get_net_ticktime, []), No(net_kernel, longnames, []),
     No(net_adm, ping, [node()]), No(net_adm, localhost, []),
     No(erlang, node, []), No(erlang, nodes, []), No(erlang, nodes, [connected]), No(erlang, nodes, [[this, known]]),
     No(erlang, registered, []), No(erlang, processes, []), No(erlang, ports, []), No(erlang, is_alive, []),
     No(erlang, timestamp, []), No(erlang, system_time, [millisecond]), No(erlang, monotonic_time, []),
     No(erlang, memory, []), No(erlang, memory, [total]), No(erlang, memory, [[total, code]]),
     No(c, memory, []), No(c, memory, [binary]), No(ets, all, []), No(ets, info, [no_such_table]),
     No(erlang, whereis, [net_kernel]), No(erlang, whereis, [no_such_name])] ++
    [{erlang, F, [rpc:call(Cpp, erlang, whereis, [rex])], [rpc:call(Beam, erlang, whereis, [rex])]}
     || F <- [is_process_alive, garbage_collect, process_info]] ++
    [{proc_lib, translate_initial_call, [rpc:call(Cpp, erlang, whereis, [rex])],
      [rpc:call(Beam, erlang, whereis, [rex])]}] ++
    [No(erlang, system_info, [K]) || K <- infos(system_info, erlang:system_info(otp_release))] ++
    [No(erlang, statistics, [K]) || K <- infos(statistics, erlang:system_info(otp_release))].
infos(system_info, _) ->
    [alloc_util_allocators, atom_count, atom_limit, compat_rel, creation, debug_compiled, dirty_cpu_schedulers,
     dirty_cpu_schedulers_online, dirty_io_schedulers, dist_buf_busy_limit, dynamic_trace, dynamic_trace_probes,
     ets_count, ets_limit, fullsweep_after, heap_sizes, kernel_poll, logical_processors,
     logical_processors_available, logical_processors_online, machine, message_queue_data, min_bin_vheap_size,
     min_heap_size, modified_timing_level, multi_scheduling, multi_scheduling_blockers, otp_release, port_count,
     port_limit, port_parallelism, process_count, process_limit, scheduler_bind_type, schedulers,
     schedulers_online, smp_support, system_architecture, system_version, thread_pool_size, threads,
     time_correction, time_offset, time_warp_mode, tolerant_timeofday, trace_control_word, version, wordsize,
     {wordsize, internal}, {wordsize, external}];
infos(statistics, _) ->
    [context_switches, exact_reductions, garbage_collection, io, reductions, run_queue, run_queue_lengths,
     run_queue_lengths_all, runtime, total_run_queue_lengths, total_run_queue_lengths_all, wall_clock].
%% The items that observer asks for, all at once and one by one, of a registered process.
process_calls() ->
    Items = [binary, catchlevel, current_function, error_handler, garbage_collection, group_leader, heap_size,
             initial_call, last_calls, links, memory, message_queue_len, monitored_by, monitors, priority,
             reductions, registered_name, sequential_trace_token, stack_size, status, suspending,
             total_heap_size, trace, trap_exit],
    [Items, messages, dictionary, current_stacktrace, registered_name, garbage_collection_info,
     message_queue_data, min_heap_size, max_heap_size, backtrace].
)";

/// A C++ node that remembers what it has logged.
class logging_peer {
public:
    logging_peer(const beam_options& like, private_epmd& epmd) : system_({.workers = 2}) {
        auto started = node::start(system_, {.name = "cpp@127.0.0.1",
                                             .cookie = cookie::from_text(like.cookie).value(),
                                             .visibility = node_visibility::hidden,
                                             .listen_address = "127.0.0.1",
                                             .epmd = epmd_mode::running,
                                             .epmd_port = static_cast<std::uint16_t>(epmd.port()),
                                             .log = [this](const node_log_event& e) {
                                                 const std::lock_guard lock(mutex_);
                                                 log_ += std::string(to_string(e.level)) + " " + e.peer +
                                                         " " + e.text + "\n";
                                             }});
        if (!started) throw std::runtime_error(started.error().message);
        node_.emplace(std::move(*started));
    }
    [[nodiscard]] rakka::node& node() { return *node_; }
    [[nodiscard]] rakka::system& system() { return system_; }
    [[nodiscard]] std::string log() {
        const std::lock_guard lock(mutex_);
        return log_;
    }
    /// Waits up to 20 s.
    [[nodiscard]] bool has_logged(std::string_view part) {
        const auto end = std::chrono::steady_clock::now() + 20s;
        while (log().find(part) == std::string::npos) {
            if (std::chrono::steady_clock::now() > end) return false;
            std::this_thread::sleep_for(5ms);
        }
        return true;
    }

private:
    std::mutex mutex_;
    std::string log_;  // guarded by mutex_
    rakka::system system_;
    std::optional<rakka::node> node_;
};

class tools : public otp_test {
protected:
    void SetUp() override {
        otp_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        cpp = std::make_unique<logging_peer>(options("unused"), epmd());
        cpp->node().exports().add("cpp"_a, "print"_a, [](const std::string& text) { io::put_chars(text); });
        cpp->node().exports().add("cpp"_a, "format"_a,
                                  [](const std::string& f, const std::vector<term>& a) { io::format(f, a); });
        erl = std::make_unique<beam_node>(start_erlang("erl"));
        erl->load_module_source(comparing);
    }
    /// Starts the BEAM to compare with.
    void start_other() { other = std::make_unique<beam_node>(start_erlang("other")); }

    static constexpr auto patience = 60s;  // many calls, and beside other tests
    std::unique_ptr<logging_peer> cpp;
    std::unique_ptr<beam_node> erl;
    std::unique_ptr<beam_node> other;
};
RAKKA_OTP_TEST_SUITE(tools);

TEST_P(tools, what_observer_asks_for_has_the_shape_of_a_beams_answer) {
    start_other();
    EXPECT_EQ(erl->eval("comparing:differences('cpp@127.0.0.1', 'other@127.0.0.1', "
                        "comparing:calls('cpp@127.0.0.1', 'other@127.0.0.1'))",
                        patience),
              "[]");
}

TEST_P(tools, what_observer_asks_of_a_process_has_the_shape_of_a_beams_answer) {
    start_other();
    EXPECT_EQ(erl->eval("P = fun(N) -> rpc:call(N, erlang, whereis, [net_kernel]) end, "
                        "C = P('cpp@127.0.0.1'), O = P('other@127.0.0.1'), "
                        "comparing:differences('cpp@127.0.0.1', 'other@127.0.0.1', "
                        "[{erlang, process_info, [C, I], [O, I]} || I <- comparing:process_calls()])",
                        patience),
              "[]");
    // The items come in the order they were asked for.
    EXPECT_EQ(erl->eval("P = rpc:call('cpp@127.0.0.1', erlang, whereis, [rex]), "
                        "[K || {K, _} <- rpc:call('cpp@127.0.0.1', erlang, process_info, [P, [trap_exit, "
                        "binary, links]])]"),
              "[trap_exit,binary,links]");
    EXPECT_EQ(erl->eval("P = rpc:call('cpp@127.0.0.1', erlang, whereis, [rex]), "
                        "{registered_name, R} = rpc:pinfo(P, registered_name), "
                        "{R, lists:keymember(status, 1, rpc:pinfo(P))}"),
              "{rex,true}");
}

TEST_P(tools, what_backends_send_has_the_shape_of_what_a_beam_sends) {
    start_other();
    for (const char* const call : {"etop_collect, []", "procs_info, []", "fetch_stats, [50]"}) {
        // The second time a BEAM measures the time of its schedulers.
        const std::string both = std::string("F = fun(N) -> comparing:collected(N, ") + call + ") end, ";
        EXPECT_EQ(
            erl->eval(both + "F('other@127.0.0.1'), comparing:same(F('cpp@127.0.0.1'), F('other@127.0.0.1'))",
                      patience),
            "true")
            << call;
    }
    EXPECT_EQ(erl->eval("[N || {etop_proc_info, _, _, _, N, _, _, _} <- "
                        "comparing:collected('cpp@127.0.0.1', procs_info, []), N =:= net_kernel]"),
              "[net_kernel]");
}

TEST_P(tools, etop_shows_the_processes_of_a_cpp_node) {
    if (release() == 27)
        GTEST_SKIP()
            << "etop of OTP 27 starts a trace of the node even if told not to, and waits for it: a C++ "
               "node has none";
    // Debian's erlang-observer comes with a desktop; scripts/otp has its modules alone, and not where the
    // BEAM looks for files.
    const auto modules = otp_extra_modules(release());
    if (modules.empty()) {
        ASSERT_FALSE(otp_is_required()) << "no etop: scripts/otp install " << release();
        GTEST_SKIP() << "no etop here: scripts/otp install " << release();
    }
    for (const auto& [name, code] : modules) {
        if (!name.starts_with("etop")) continue;
        EXPECT_EQ(erl->load_module_code(code), name);
    }
    erl->eval(
        "spawn(fun() -> etop:start([{node, 'cpp@127.0.0.1'}, {output, text}, {tracing, off}, "
        "{interval, 10}, {lines, 30}]) end)");
    EXPECT_TRUE(erl->wait_for_output("global_name_server"));
    EXPECT_TRUE(erl->wait_for_output("'cpp@127.0.0.1'"));
    erl->eval("etop:stop()");
    EXPECT_EQ(erl->output().find("crashed"), std::string::npos) << erl->output();
}

TEST_P(tools, observers_page_of_applications) {
    cpp->system().spawn(
        [] {
            const pid root = spawn([] { static_cast<void>(receive()); }, {.name = "shop_root"_a});
            while (true) {
                const term m = receive();
                const auto call = gen::as_request(m);
                if (!call) continue;
                const bool which = call->body.is_atom("which_applications"_a);
                reply(call->sender,
                      which ? term(list(tuple("shop"_a, charlist("A shop"), charlist("1.2")))) : term(root));
            }
        },
        {.name = "application_controller"_a});
    // As observer_app_wx does it, with the module of its own release.
    EXPECT_EQ(
        erl->eval(
            "{ok, A} = appmon_info:start_link('cpp@127.0.0.1', self(), []), "
            "appmon_info:app_ctrl(A, 'cpp@127.0.0.1', true, []), "
            "Apps = receive {delivery, A, app_ctrl, _, X} -> [{N, D} || {P, N, D} <- X, is_pid(P)] end, "
            "appmon_info:app(A, shop, true, []), "
            "Tree = receive {delivery, A, app, shop, {R, [{_, R}], L, L2}} -> {R, L, L2} end, "
            "appmon_info:app(A, none, true, []), receive {delivery, A, app, none, _} -> ok end, "
            "M = monitor(process, A), exit(A, normal), receive {'DOWN', M, _, _, W} -> {Apps, Tree, W} end"),
        "{[{shop,{shop,\"A shop\",\"1.2\"}}],{\"shop_root\",[],[]},normal}");
    EXPECT_EQ(erl->eval("gen_server:call({application_controller, 'cpp@127.0.0.1'}, which_applications)"),
              "[{shop,\"A shop\",\"1.2\"}]");
}

TEST_P(tools, net_adm_finds_the_node) {
    EXPECT_EQ(erl->eval("net_adm:ping('cpp@127.0.0.1')"), "pong");
    EXPECT_EQ(erl->eval("{ok, L} = net_adm:names('127.0.0.1'), lists:keymember(\"cpp\", 1, L)"), "true");
    EXPECT_EQ(erl->eval("lists:member('cpp@127.0.0.1', net_adm:world_list(['127.0.0.1']))"), "true");
    EXPECT_EQ(erl->eval("net_adm:ping('nobody@127.0.0.1')"), "pang");
}

TEST_P(tools, what_cpp_prints_appears_where_its_caller_prints) {
    EXPECT_EQ(erl->eval("rpc:call('cpp@127.0.0.1', cpp, print, [<<\"printed by rpc\\n\">>])"), "ok");
    EXPECT_TRUE(erl->wait_for_output("printed by rpc"));
    EXPECT_EQ(
        erl->eval(
            "erpc:call('cpp@127.0.0.1', cpp, format, [<<\"printed ~p by ~ts~n\">>, [{a,1}, \"erpc\"]])"),
        "ok");
    EXPECT_TRUE(erl->wait_for_output("printed {a,1} by erpc"));
    erl->eval("spawn('cpp@127.0.0.1', cpp, print, [<<\"printed by a process\\n\">>])");
    EXPECT_TRUE(erl->wait_for_output("printed by a process"));
}

TEST_P(tools, a_cpp_process_is_a_device_for_erlang_code) {
    const std::string user = "U = rpc:call('cpp@127.0.0.1', erlang, whereis, [user]), ";
    EXPECT_EQ(erl->eval(user + "io:put_chars(U, \"text to a device\\n\")"), "ok");
    EXPECT_EQ(erl->eval(user + "io:format(U, \"~p ~ts~n\", [{x}, [8364]])"), "ok");
    EXPECT_EQ(
        erl->eval(
            "{user, 'cpp@127.0.0.1'} ! {io_request, self(), r, {put_chars, unicode, <<\"by name\\n\">>}}, "
            "receive {io_reply, r, X} -> X end"),
        "ok");
    EXPECT_EQ(erl->eval(user + "group_leader(U, self()), io:format(\"of a group ~w~n\", [leader])"), "ok");
    EXPECT_EQ(erl->eval(user + "io:get_line(U, \"> \")"), "eof");
    EXPECT_EQ(erl->eval(user + "io:get_chars(U, \"> \", 3)"), "eof");
    EXPECT_EQ(erl->eval(user + "io:read(U, '> ')"), "eof");
    EXPECT_EQ(erl->eval(user + "io:columns(U)"), "{error,enotsup}");
    EXPECT_EQ(erl->eval(user + "io:getopts(U)"), "[{binary,false},{encoding,unicode}]");
    EXPECT_EQ(erl->eval(user + "io:setopts(U, [binary])"), "ok");
    EXPECT_EQ(erl->eval(user + "io:requests(U, [{put_chars, unicode, \"one \"}, {format, \"~p~n\", [two]}])"),
              "ok");
    EXPECT_EQ(erl->eval(user + "io:request(U, {nonsense, 1})"), "{error,request}");
    EXPECT_EQ(erl->eval(user + "try io:format(U, \"~p\", []) catch error:R -> R end"), "badarg")
        << "which io finds out itself";
}

TEST_P(tools, nobody_waits_for_names_that_are_not_served) {
    EXPECT_EQ(
        erl->eval("[begin M = monitor(process, {Name, 'cpp@127.0.0.1'}), "
                  "receive {'DOWN', M, _, _, noproc} -> ok after 10000 -> Name end end || Name <- "
                  "[code_server, mnesia_controller, mnesia_locker, mnesia_tm, application_controller, init, "
                  "file_server_2, logger, error_logger, kernel_sup, timer_server, erl_epmd, auth, sasl_sup]] "
                  "-- lists:duplicate(14, ok)"),
        "[]");
    EXPECT_EQ(
        erl->eval("[try gen_server:call({Name, 'cpp@127.0.0.1'}, x, 10000) catch exit:{W, _} -> W end || "
                  "Name <- [code_server, mnesia_locker, init, file_server_2, kernel_sup]]"),
        "[noproc,noproc,noproc,noproc,noproc]");
    EXPECT_EQ(
        erl->eval("try gen_event:which_handlers({error_logger, 'cpp@127.0.0.1'}) catch exit:W -> W end"),
        "noproc");
    EXPECT_EQ(erl->eval("rpc:call('cpp@127.0.0.1', mnesia, system_info, [is_running]) =/= timeout"), "true");
}

TEST_P(tools, log_events_go_to_the_node_of_the_group_leader) {
    const std::string leader =
        "U = rpc:call('cpp@127.0.0.1', erlang, whereis, [user]), spawn(fun() -> group_leader(U, self()), ";
    erl->eval(leader + "logger:error(\"a formatted ~p\", [event]) end)");
    EXPECT_TRUE(cpp->has_logged("a formatted event")) << cpp->log();
    erl->eval(leader + "logger:warning(\"a plain event\") end)");
    EXPECT_TRUE(cpp->has_logged("a plain event")) << cpp->log();
    erl->eval(leader + "logger:error(#{what => reported}) end)");
    EXPECT_TRUE(cpp->has_logged("#{what => reported}")) << cpp->log();
    erl->eval(leader + "exit({crash, of_a_process}) end)");
    erl->eval(leader + "error(bad_end) end)");
    EXPECT_TRUE(cpp->has_logged("bad_end")) << cpp->log();
    EXPECT_NE(cpp->log().find("error erl@127.0.0.1 log of "), std::string::npos) << cpp->log();
}

}  // namespace
}  // namespace rakka::interop
