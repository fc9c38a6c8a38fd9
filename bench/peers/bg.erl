%% How long the locks and names of global take in a cluster, and joining it.
%%   server: erl -noinput -name a@127.0.0.1 -setcookie c -pa . -run bg server
%%   client: erl -noinput -name b@127.0.0.1 -setcookie c -pa . -run bg client <reps> <node> ...
-module(bg).
-export([server/1, client/1]).

server(_) -> io:format("ready~n"), receive never -> ok end.

client([R | Names]) ->
    Reps = list_to_integer(R), Nodes = [list_to_atom(N) || N <- Names],
    ok = net_kernel:monitor_nodes(true),
    join(Nodes, Nodes),  % nobody has told the others of each other yet
    Id = {bg, self()},
    rep("sync", Reps, 100, fun() -> ok = global:sync() end),
    rep("set_lock, del_lock", Reps, 100, fun() -> true = global:set_lock(Id), true = global:del_lock(Id) end),
    rep("trans", Reps, 100, fun() -> ok = global:trans(Id, fun() -> ok end) end),
    rep("register_name, unregister_name", Reps, 100,
        fun() -> yes = global:register_name(bg, self()), global:unregister_name(bg) end),
    yes = global:register_name(bg, self()),
    rep("re_register_name", Reps, 100, fun() -> yes = global:re_register_name(bg, self()) end),
    global:unregister_name(bg),
    print("joining", [begin leave(Nodes), timed(fun() -> join([hd(Nodes)], Nodes) end) end || _ <- lists:seq(1, Reps)]),
    halt(0).

join(By, Nodes) ->
    [true = net_kernel:connect_node(N) || N <- By],
    wait_for(nodeup, Nodes),
    ok = global:sync().

leave(Nodes) ->
    global:disconnect(),
    wait_for(nodedown, Nodes).

wait_for(What, Nodes) ->
    [receive {What, N} -> ok after 30000 -> exit({missing, What, N, nodes()}) end || N <- Nodes].

%% Microseconds of one.
rep(What, Reps, N, F) ->
    print(What, [timed(fun() -> times(N, F) end) / N || _ <- lists:seq(1, Reps)]).
times(0, _) -> ok;
times(N, F) -> F(), times(N - 1, F).
timed(F) -> T0 = erlang:monotonic_time(nanosecond), F(), (erlang:monotonic_time(nanosecond) - T0) / 1.0e3.
print(What, Samples) ->
    L = lists:sort(Samples), N = length(L),
    io:format("dist_global;~s;~.5g;~.5g;~.5g;us;~p~n", [What, lists:nth((N + 1) div 2, L), hd(L), lists:last(L), N]).
