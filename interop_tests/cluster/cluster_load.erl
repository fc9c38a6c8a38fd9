%% One member of the cluster under fire: sends numbered messages to all others, keeps account of what it gets,
%% and watches processes on the others. The same in C++: member.cpp.
-module(cluster_load).
-compile({no_auto_import, [nodes/0]}).
-export([start/1, stop/0, report/0, members/0, nodes/0, idle/0]).

%% Peers: the other members. Does not wait for them.
start(Peers) ->
    Incarnation = erlang:system_time(),
    lists:foreach(
      fun({Name, Body}) ->
              Self = self(),
              spawn(fun() -> register(Name, self()), Self ! {Name, ready}, Body() end),
              receive {Name, ready} -> ok end
      end,
      [{audit, fun() -> audit(#{}) end}]
      ++ [{role(sender, P), fun() -> sender(P, Incarnation, 1, []) end} || P <- Peers]
      ++ [{role(watcher, P), fun() -> process_flag(trap_exit, true), watcher(P, 0, []) end} || P <- Peers]),
    spawn(fun() -> register(member, self()), yes = global:register_name({member, node()}, self()), idle() end),
    persistent_term:put(cluster_peers, Peers),
    ok.

role(What, Peer) -> list_to_atom(atom_to_list(What) ++ " " ++ atom_to_list(Peer)).

stop() ->
    [role(sender, P) ! stop || P <- persistent_term:get(cluster_peers)],
    ok.

%% {[{From, Incarnation, Epoch, Last, Gaps, Repeats}], [{To, Incarnation, Epoch, Sent, alive | ended}],
%%  [{Watched, Good, Bad, Now}]}
report() ->
    Peers = persistent_term:get(cluster_peers),
    {ask(audit), lists:append([ask(role(sender, P)) || P <- Peers]),
     [ask(role(watcher, P)) || P <- Peers]}.

ask(Name) ->
    Name ! {report, self()},
    receive {Name, Answer} -> Answer end.

%% What global knows: [{Node, NodeOfTheProcess}].
members() ->
    [{N, node(global:whereis_name({member, N}))} || {member, N} <- global:registered_names(),
                                                   is_pid(global:whereis_name({member, N}))].

nodes() -> erlang:nodes().

idle() -> receive never -> ok end.

audit(Seen) ->
    receive
        {n, Node, Incarnation, Epoch, Seq, _} ->
            Key = {Node, Incarnation, Epoch},
            {Last, Gaps, Repeats} = maps:get(Key, Seen, {0, 0, 0}),
            audit(Seen#{Key => if Seq =:= Last + 1 -> {Seq, Gaps, Repeats};
                                  Seq > Last -> {Seq, Gaps + 1, Repeats};
                                  true -> {Last, Gaps, Repeats + 1}
                               end});
        {hello, From, Epoch} ->
            From ! {welcome, Epoch},
            audit(Seen);
        {report, From} ->
            From ! {audit, [{N, I, E, L, G, R} || {{N, I, E}, {L, G, R}} <- maps:to_list(Seen)]},
            audit(Seen)
    end.

%% An epoch begins with a connection that both have seen, and ends with the 'DOWN' message.
sender(Peer, Incarnation, Epoch, Done) ->
    M = monitor(process, {audit, Peer}),
    {audit, Peer} ! {hello, self(), Epoch},
    greet(Peer, Incarnation, Epoch, M, Done).

greet(Peer, Incarnation, Epoch, M, Done) ->
    receive
        {welcome, Epoch} -> send(Peer, Incarnation, Epoch, M, 0, Done);
        {'DOWN', M, process, _, _} ->
            timer:sleep(200),
            sender(Peer, Incarnation, Epoch + 1, Done);
        {report, From} ->
            From ! {role(sender, Peer), Done},
            greet(Peer, Incarnation, Epoch, M, Done)
    end.

send(Peer, Incarnation, Epoch, M, N, Done) ->
    receive
        {'DOWN', M, process, _, _} ->
            sender(Peer, Incarnation, Epoch + 1, [{Peer, Incarnation, Epoch, N, ended} | Done]);
        {report, From} ->
            From ! {role(sender, Peer), [{Peer, Incarnation, Epoch, N, alive} | Done]},
            send(Peer, Incarnation, Epoch, M, N, Done);
        stop ->
            stopped(Peer, Incarnation, Epoch, M, N, Done)
    after 5 ->
            [{audit, Peer} ! {n, node(), Incarnation, Epoch, N + I, payload(N + I)} || I <- lists:seq(1, 20)],
            send(Peer, Incarnation, Epoch, M, N + 20, Done)
    end.

stopped(Peer, Incarnation, Epoch, M, N, Done) ->
    receive
        {'DOWN', M, process, _, _} ->
            stopped(Peer, Incarnation, Epoch, none, 0, [{Peer, Incarnation, Epoch, N, ended} | Done]);
        {report, From} ->
            From ! {role(sender, Peer), [{Peer, Incarnation, Epoch, N, alive} || M =/= none] ++ Done},
            stopped(Peer, Incarnation, Epoch, M, N, Done)
    end.

payload(N) when N rem 500 =:= 0 -> binary:copy(<<N:64>>, 20000);
payload(N) -> {N, some, "text"}.

%% A process over there, linked, monitored and called: all three end together, each once.
watcher(Peer, Good, Bad) ->
    T = spawn(Peer, ?MODULE, idle, []),
    link(T),
    M = monitor(process, T),
    {_, C} = spawn_monitor(fun() -> gen_server:call(T, never, infinity) end),
    watch(Peer, T, M, C, {0, 0, 0}, infinity, Good, Bad).

watch(Peer, T, M, C, {E, D, A} = Ends, Deadline, Good, Bad) ->
    More = fun(New) -> watch(Peer, T, M, C, New, now_ms() + patience(New), Good, Bad) end,
    receive
        {'EXIT', T, _} -> More({E + 1, D, A});
        {'DOWN', M, process, _, _} -> More({E, D + 1, A});
        {'DOWN', C, process, _, _} -> More({E, D, A + 1});
        {report, From} ->
            From ! {role(watcher, Peer), {Peer, Good, Bad, {T, Ends}}},
            watch(Peer, T, M, C, Ends, Deadline, Good, Bad)
    after if Deadline =:= infinity -> infinity; true -> max(0, Deadline - now_ms()) end ->
            timer:sleep(200),
            case Ends of
                {1, 1, 1} -> watcher(Peer, Good + 1, Bad);
                _ -> watcher(Peer, Good, [Ends | Bad])
            end
    end.

now_ms() -> erlang:monotonic_time(millisecond).

%% For the others to follow, then for one too many.
patience({E, D, A}) when E > 0, D > 0, A > 0 -> 300;
patience(_) -> 15000.
