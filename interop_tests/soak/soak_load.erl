%% One member of the soak: mixed traffic to all others for as long as it is told. The same in C++: load.cpp.
-module(soak_load).
-export([open/0, start/1, halt_work/0, stop/0, counts/0, disconnect/1, reach/1, idle/0, answer/2, twice/1]).

%% How many of a kind work at a time, over all peers.
-define(CALLERS, 64).
-define(OTHERS, 6).
-define(PATIENCE, 60000).

open() ->
    Self = self(),
    spawn(fun() -> register(soak_server, self()), Self ! open, serve() end),
    receive open -> ok end.

start(Peers) ->
    Counts = counters:new(3, []),
    persistent_term:put(soak, {Counts, false}),
    Starter = self(),
    spawn(fun() ->
                  register(soak_boss, self()),
                  Workers = [spawn_monitor(fun() -> work(Kind, I, peer(Peers, I), 1) end)
                             || {Kind, Number} <- [{call, ?CALLERS}, {binary, ?OTHERS}, {link, ?OTHERS},
                                                   {spawn, ?OTHERS}, {erpc, ?OTHERS}, {name, 1}],
                                I <- lists:seq(1, Number)],
                  Starter ! started,
                  [receive {'DOWN', M, process, P, Why} -> ended(Why) end || {P, M} <- Workers],
                  receive {stop, From} -> From ! stopped end
          end),
    receive started -> ok end.

peer(Peers, I) -> lists:nth(I rem length(Peers) + 1, Peers).

%% No further work is begun; what is under way is done.
halt_work() ->
    {Counts, _} = persistent_term:get(soak),
    persistent_term:put(soak, {Counts, true}).

%% After halt_work() everywhere. Returns when all the work is done.
stop() ->
    M = monitor(process, soak_boss),
    soak_boss ! {stop, self()},
    receive stopped -> ok; {'DOWN', M, process, _, Why} -> exit(Why) end,
    receive {'DOWN', M, process, _, _} -> ok end.

%% {Done, Lost with a connection, Wrong}.
counts() ->
    {Counts, _} = persistent_term:get(soak),
    {counters:get(Counts, 1), counters:get(Counts, 2), counters:get(Counts, 3)}.

disconnect(Node) -> erlang:disconnect_node(Node).

reach(Node) -> net_kernel:connect_node(Node).

idle() -> receive never -> ok end.
answer(To, Ref) -> To ! {Ref, node()}.
twice(N) -> 2 * N.

serve() ->
    receive
        {'$gen_call', From, {echo, What}} -> gen_server:reply(From, What);
        _ -> ok
    end,
    serve().

ended(normal) -> ok;
ended(Why) -> wrong(Why).

wrong(Why) ->
    {Counts, _} = persistent_term:get(soak),
    counters:add(Counts, 3, 1),
    io:format(user, "WRONG: ~0tp~n", [Why]).

work(Kind, I, Peer, N) ->
    {Counts, Stop} = persistent_term:get(soak),
    if Stop -> ok;
       true ->
            case once(Kind, I, Peer, N) of
                done -> counters:add(Counts, 1, 1);
                lost -> counters:add(Counts, 2, 1), timer:sleep(20);
                {wrong, Why} -> wrong({Kind, Peer, Why})
            end,
            work(Kind, I, Peer, N + 1)
    end.

%% A reason for what a lost connection ends.
is_loss({nodedown, _}) -> true;
is_loss({_, {gen_server, call, _}} = R) -> is_loss(element(1, R));
is_loss({{nodedown, _}, _}) -> true;
is_loss(R) -> R =:= noconnection orelse R =:= {erpc, noconnection}.

once(call, _, Peer, N) ->
    What = case N rem 4 of
               0 -> N;
               1 -> {N, some, "text", [1.5, N]};
               2 -> #{number => N, text => <<"soaked">>};
               3 -> lists:seq(N, N + 20)
           end,
    echo(Peer, What);
once(binary, I, Peer, N) ->
    echo(Peer, binary:copy(<<N, I>>, 1 bsl (N rem 20)));
once(link, _, Peer, _) ->
    process_flag(trap_exit, true),
    P = spawn_link(Peer, ?MODULE, idle, []),
    exit(P, done),
    receive
        {'EXIT', P, done} -> done;
        {'EXIT', P, Why} -> lost(Why)
    after ?PATIENCE -> {wrong, no_exit}
    end;
once(spawn, _, Peer, _) ->
    Ref = make_ref(),
    {P, M} = spawn_monitor(Peer, ?MODULE, answer, [self(), Ref]),
    receive
        {'DOWN', M, process, P, normal} ->
            receive {Ref, Peer} -> done after ?PATIENCE -> {wrong, no_answer} end;
        {'DOWN', M, process, P, Why} ->
            receive {Ref, Peer} -> ok after 0 -> ok end,
            lost(Why)
    after ?PATIENCE -> {wrong, no_down}
    end;
once(erpc, _, Peer, N) ->
    try erpc:call(Peer, ?MODULE, twice, [N], ?PATIENCE) of
        V when V =:= 2 * N -> done;
        V -> {wrong, V}
    catch _:Why -> lost(Why)
    end;
once(name, _, _, N) ->
    %% A process for each: a name that was taken back while a node was cut off returns with that node, and nobody
    %% can have two.
    {P, M} = spawn_monitor(
               fun() ->
                       Name = {soak, self(), N},
                       yes = global:register_name(Name, self()),
                       Found = global:whereis_name(Name),
                       global:unregister_name(Name),
                       exit({found, Found})
               end),
    receive {'DOWN', M, process, P, Why} -> ok end,
    timer:sleep(20),
    if Why =:= {found, P} -> done; true -> {wrong, {name, Why}} end.

echo(Peer, What) ->
    try gen_server:call({soak_server, Peer}, {echo, What}, ?PATIENCE) of
        What -> done;
        _ -> {wrong, echo}
    catch exit:Why -> lost(Why)
    end.

lost(Why) -> case is_loss(Why) of true -> lost; false -> {wrong, Why} end.
