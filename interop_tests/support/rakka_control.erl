%% The test's hand inside a BEAM: runs expressions that arrive over a plain TCP socket, so that observing a
%% node does not use the distribution that is being tested. Compiled from its text by the peer; no macros and
%% no records.
%%
%% Request  <<Id:32, Shell:32, Kind, Text/binary>>   Kind: 1 Erlang, 2 Elixir, 3 load a module's source text,
%%                                                 4 load compiled code
%% Reply    <<Id:32, Status, Text/binary>>           Status: 0 value, 1 exception
%% Shell 0 runs each request in a process of its own; any other number names a process that keeps its mailbox,
%% links and bindings from request to request.
-module(rakka_control).
-export([start/1]).

start(Socket) ->
    Server = spawn(fun() -> receive go -> serve(Socket) end end),
    ok = gen_tcp:controlling_process(Socket, Server),
    Server ! go,
    ok.

serve(Socket) ->
    process_flag(priority, high),
    ok = gen_tcp:send(Socket, atom_to_binary(node())),
    loop(Socket, #{}, #{}).

%% Shells: number => pid. Pending: monitor => {Id, Shell}, so that a killed shell still answers.
loop(Socket, Shells, Pending) ->
    ok = inet:setopts(Socket, [{active, once}]),
    receive
        {tcp, Socket, <<Id:32, 0:32, Kind, Text/binary>>} ->
            {_, Monitor} = spawn_monitor(fun() -> exit({done, element(1, run(Kind, Text, []))}) end),
            loop(Socket, Shells, Pending#{Monitor => Id});
        {tcp, Socket, <<Id:32, Number:32, Kind, Text/binary>>} ->
            Shell = live_shell(Number, Shells),
            Monitor = monitor(process, Shell),
            Shell ! {rakka_control, self(), Monitor, Kind, Text},
            loop(Socket, Shells#{Number => Shell}, Pending#{Monitor => Id});
        {rakka_control, Monitor, Result} ->
            demonitor(Monitor, [flush]),
            answer(Socket, Monitor, Result, Shells, Pending);
        {'DOWN', Monitor, process, _, {done, Result}} ->
            answer(Socket, Monitor, Result, Shells, Pending);
        {'DOWN', Monitor, process, _, Reason} ->
            Ended = failed(io_lib:format("the process was ended: ~0tp", [Reason])),
            answer(Socket, Monitor, Ended, Shells, Pending);
        {tcp_closed, Socket} ->
            erlang:halt(0, [{flush, false}]);
        _ ->
            loop(Socket, Shells, Pending)
    end.

answer(Socket, Monitor, {Status, Text}, Shells, Pending) ->
    {Id, Rest} = maps:take(Monitor, Pending),
    ok = gen_tcp:send(Socket, [<<Id:32, Status>>, Text]),
    loop(Socket, Shells, Rest).

live_shell(Number, Shells) ->
    case Shells of
        #{Number := Shell} -> Shell;
        #{} -> spawn(fun() -> shell([]) end)
    end.

shell(Bindings) ->
    receive
        {rakka_control, Server, Monitor, Kind, Text} ->
            {Result, New} = run(Kind, Text, Bindings),
            Server ! {rakka_control, Monitor, Result},
            shell(New)
    end.

run(Kind, Text, Bindings) ->
    try
        {Value, New} = evaluate(Kind, Text, Bindings),
        {{0, unicode:characters_to_binary(Value)}, New}
    catch
        Class:Reason:Stack ->
            {failed(io_lib:format("~0tp:~0tp~n  ~0tp", [Class, Reason, Stack])), Bindings}
    end.

failed(Text) -> {1, unicode:characters_to_binary(Text)}.

evaluate(1, Text, Bindings) ->
    {ok, Tokens, _} = erl_scan:string(with_dot(unicode:characters_to_list(Text))),
    {ok, Expressions} = erl_parse:parse_exprs(Tokens),
    {value, Value, New} = erl_eval:exprs(Expressions, Bindings),
    {io_lib:format("~0tp", [Value]), New};
evaluate(2, Text, Bindings) ->
    {Value, New} = 'Elixir.Code':eval_string(Text, Bindings),
    Options = [{limit, infinity}, {printable_limit, infinity}, {width, infinity}],
    {'Elixir.Kernel':inspect(Value, Options), New};
evaluate(3, Text, Bindings) ->
    {io_lib:format("~0tp", [load(Text)]), Bindings};
evaluate(4, Code, Bindings) ->
    {ok, {Module, _}} = beam_lib:chunks(Code, []),
    {module, Module} = code:load_binary(Module, atom_to_list(Module) ++ ".beam", Code),
    {io_lib:format("~0tp", [Module]), Bindings}.

with_dot(Text) ->
    Trimmed = string:trim(Text),
    case lists:suffix(".", Trimmed) of
        true -> Trimmed;
        false -> Trimmed ++ "."
    end.

%% Through a file, because only epp on a file knows macros and include_lib.
load(Text) ->
    Unique = integer_to_list(erlang:unique_integer([positive])),
    File = "/tmp/rakka-" ++ os:getpid() ++ "-" ++ Unique ++ ".erl",
    ok = file:write_file(File, Text),
    try compile:file(File, [binary, return_errors, debug_info, no_error_module_mismatch]) of
        {ok, Module, Code} ->
            {module, Module} = code:load_binary(Module, File, Code),
            Module;
        {error, Errors, _} ->
            error({does_not_compile, Errors})
    after
        file:delete(File)
    end.
