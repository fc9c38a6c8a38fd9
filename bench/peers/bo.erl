%% What behaviours cost: supervised servers, their restart, logging, counters. The same work as bench/otp_bench.cpp.
%%   erl -noinput -pa . -run bo main <runs> <group> ...        groups: start restart million log metrics
-module(bo).
-behaviour(gen_server).
-export([main/1, init/1, handle_call/3, handle_cast/2, start_child/1, sup/1, log/2]).

main([R | Groups]) ->
    Reps = list_to_integer(R),
    logger:set_primary_config(level, notice),
    logger:remove_handler(default),
    [group(list_to_atom(G), Reps) || G <- Groups],
    halt(0).

group(start, Reps) -> rep("supervised_start", "100k, simple_one_for_one", "procs/s", Reps, fun() -> start_many(100000) end);
group(restart, Reps) ->
    Sup = supervisor_of(100000),
    [{_, Pid, _, _} | _] = supervisor:which_children(Sup),
    Times = [restart_one(Sup, Pid, 2000) || _ <- [1]],
    print("restart_of_one", "among 100k", Times ++ [restart_one(Sup, any(Sup), 2000) || _ <- lists:seq(2, Reps)], "restarts/s"),
    stop(Sup);
group(million, Reps) ->
    N = 1000000,
    Samples = [begin
        B = bytes(), T0 = now_ns(), Sup = supervisor_of(N), T1 = now_ns(), A = bytes(), stop(Sup),
        {N / ((T1 - T0) / 1.0e9), (A - B) / N}
    end || _ <- lists:seq(1, min(Reps, 3))],
    print("million_supervised", "start", [S || {S, _} <- Samples], "procs/s"),
    print("million_supervised", "memory of each", [S || {_, S} <- Samples], "bytes");
group(log, Reps) ->
    rep("log_disabled", "10M", "events/s", Reps, fun() -> log_many(debug, 3000000) end),
    ok = logger:add_handler(null, ?MODULE, #{level => all}),
    rep("log_to_nobody", "300k", "events/s", Reps, fun() -> log_many(error, 300000) end);
group(metrics, Reps) ->
    C = counters:new(1, [write_concurrency]),
    rep("counter", "10M", "adds/s", Reps, fun() -> count(C, 10000000) end).

%% A handler that drops everything: what logging costs before anything is written.
log(_Event, _Config) -> ok.

log_many(Level, N) -> loops(N, fun() -> logger:log(Level, "number ~p", [N]) end), N.
count(C, N) -> add(C, N), N.
add(_, 0) -> ok;
add(C, N) -> counters:add(C, 1, 1), add(C, N - 1).
loops(0, _) -> ok;
loops(N, F) -> F(), loops(N - 1, F).

%% -- servers and their supervisor
init({sup, Kind}) ->
    {ok, {#{strategy => Kind, intensity => 1000000000, period => 1},
          [#{id => child, start => {?MODULE, start_child, []}, shutdown => brutal_kill}]}};
init(Tell) -> (is_pid(Tell) andalso (Tell ! {up, self()})), {ok, none}.
handle_call(_, _, S) -> {reply, ok, S}.
handle_cast(stop, S) -> {stop, broken, S}.
start_child(Tell) -> gen_server:start_link(?MODULE, Tell, []).
sup(Kind) -> supervisor:start_link(?MODULE, {sup, Kind}).

supervisor_of(N) ->
    Self = self(),
    {Keeper, _} = spawn_monitor(fun() ->
        {ok, Sup} = sup(simple_one_for_one), Self ! {sup, self(), Sup}, receive stop -> exit(normal) end end),
    Sup = receive {sup, Keeper, S} -> S end,
    put(Sup, Keeper),
    loops(N, fun() -> {ok, _} = supervisor:start_child(Sup, [none]) end),
    Sup.
stop(Sup) ->
    M = monitor(process, Sup), unlink(Sup), exit(Sup, kill), receive {'DOWN', M, _, _, _} -> ok end,
    exit(erase(Sup), kill), flush(),
    erlang:garbage_collect(), timer:sleep(500).
flush() -> receive {'DOWN', _, _, _, _} -> flush() after 0 -> ok end.
start_many(N) ->
    T0 = now_ns(), Sup = supervisor_of(N), T1 = now_ns(), stop(Sup),
    {N, T1 - T0}.
any(Sup) -> [{_, P, _, _} | _] = supervisor:which_children(Sup), P.
%% One child that says when it is up is ended and started again, N times.
restart_one(Sup, _, N) ->
    {ok, P} = supervisor:start_child(Sup, [self()]),
    receive {up, P} -> ok end,
    T0 = now_ns(), again(P, N), T1 = now_ns(),
    N / ((T1 - T0) / 1.0e9).
again(_, 0) -> ok;
again(P, N) -> exit(P, broken), receive {up, Q} -> again(Q, N - 1) end.

bytes() -> erlang:garbage_collect(), erlang:memory(total).
now_ns() -> erlang:monotonic_time(nanosecond).
rep(What, Case, Unit, Reps, F) ->
    print(What, Case, [rate(F) || _ <- lists:seq(1, Reps)], Unit).
rate(F) ->
    T0 = now_ns(),
    case F() of
        {N, Nanoseconds} -> N / (Nanoseconds / 1.0e9);
        N -> N / ((now_ns() - T0) / 1.0e9)
    end.
print(What, Case, Samples, Unit) ->
    L = lists:sort(Samples), N = length(L),
    io:format("~s;~s;~.5g;~.5g;~.5g;~s;~p~n", [What, Case, lists:nth((N + 1) div 2, L), hd(L), lists:last(L), Unit, N]).
