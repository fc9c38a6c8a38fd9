%% The Erlang side of scripts/demo: uses the C++ server `calc` as if it were an Erlang one, then offers a gen_server of
%% its own, `kv`, for the C++ side to call. Prints one line a step; exits with 1 when an answer is not the expected one.
-module(calc_demo).
-behaviour(gen_server).
-export([main/1, serve/0, init/1, handle_call/3, handle_cast/2]).

main([Argument]) ->
    Node = list_to_atom(Argument),
    process_flag(trap_exit, true),
    Calc = {calc, Node},
    step("net_adm:ping(Node)", net_adm:ping(Node), pong),
    step("gen_server:call(Calc, {add, 1, 2})", gen_server:call(Calc, {add, 1, 2}), 3),
    step("gen_server:cast(Calc, {remember, 42})", gen_server:cast(Calc, {remember, 42}), ok),
    step("gen_server:call(Calc, recall)", gen_server:call(Calc, recall), 42),
    Calc ! {ping, self()},
    step("Calc ! {ping, self()}", next(), {pong, calc}),
    step("gen_server:call(Calc, {nonsense, 1})", gen_server:call(Calc, {nonsense, 1}),
         {error, {bad_request, {nonsense, 1}}}),
    step("gen_server:call({nobody, Node}, hello)", catch gen_server:call({nobody, Node}, hello),
         {'EXIT', {noproc, {gen_server, call, [{nobody, Node}, hello]}}}),
    crash(Calc, Node),
    links(Calc),
    halt(0).

crash(Calc, Node) ->
    Ref = erlang:monitor(process, Calc),
    step("gen_server:call(Calc, {divide, 1, 0})", call_error(Calc, {divide, 1, 0}), badarith),
    step("... and the monitor's 'DOWN' says why", next_down(Ref), {process, {calc, Node}, badarith}),
    await(Calc),
    step("restarted: gen_server:call(Calc, {add, 2, 2})", gen_server:call(Calc, {add, 2, 2}), 4).

links(Calc) ->
    Pid = gen_server:call(Calc, whoami),
    true = link(Pid),
    _ = call_error(Calc, {divide, 1, 0}),
    step("link(Pid), then Pid crashes: our 'EXIT'", next_exit(Pid), badarith),
    await(Calc),
    Ours = spawn(fun() -> receive {finish, Reason} -> exit(Reason) end end),
    ok = gen_server:call(Calc, {watch, Ours, self()}),
    watching = next(),
    Ours ! {finish, bye},
    step("a C++ process linked to ours gets our exit", next(), {linked_exit, bye}).

call_error(Calc, Request) ->
    try gen_server:call(Calc, Request) catch exit:{{Reason, _Stack}, _} -> Reason; exit:{Reason, _} -> Reason end.

next() -> receive Message -> Message after 5000 -> timeout end.
next_exit(Pid) -> receive {'EXIT', Pid, Reason} -> cause(Reason) after 5000 -> timeout end.
next_down(Ref) -> receive {'DOWN', Ref, T, Object, Reason} -> {T, Object, cause(Reason)} after 5000 -> timeout end.
cause({Reason, Stack}) when is_list(Stack) -> Reason;
cause(Reason) -> Reason.

%% Until the C++ side has restarted its server.
await(Calc) ->
    try gen_server:call(Calc, {add, 0, 0}) of 0 -> ok catch exit:_ -> timer:sleep(10), await(Calc) end.

step(What, Got, Expected) ->
    io:format("  erlang  ~-52s -> ~0p~n", [What, Got]),
    case Got of
        Expected -> ok;
        _ -> io:format("  erlang  EXPECTED ~0p~n", [Expected]), halt(1)
    end.

%% -- the server that C++ calls: a store of keys and values -----------------------------------------------------------
serve() ->
    {ok, _} = gen_server:start({local, kv}, ?MODULE, [], []),
    io:format("ready~n").

init(_) -> {ok, #{}}.
handle_call({get, Key}, _, S) -> {reply, maps:get(Key, S, undefined), S};
handle_call(never_answered, _, S) -> {noreply, S};
handle_call(spawn_victim, _, S) -> {reply, spawn(fun() -> receive {finish, R} -> exit(R) end end), S}.
handle_cast({put, Key, Value}, S) -> {noreply, S#{Key => Value}}.
