%% Does on an Erlang node what Phoenix.PubSub and its default adapter do there, as far as other nodes can see: a member
%% in the group of the adapter, subscribers of topics, broadcasts. Used by the test of this example, and by hand:
%%
%%     erlc pubsub_demo.erl
%%     erl -name erl@127.0.0.1 -setcookie COOKIE -run pubsub_demo start MyApp.PubSub
%%     1> pubsub_demo:subscribe("MyApp.PubSub", <<"room:lobby">>).
%%     2> pubsub_demo:broadcast("MyApp.PubSub", <<"room:lobby">>, {hello, world}).
%%     3> flush().
-module(pubsub_demo).
-export([start/1, subscribe/2, broadcast/3]).

-define(SCOPE, 'Elixir.Phoenix.PubSub').

start([Name]) when is_list(Name) -> start(Name);
start(Name) ->
    _ = pg:start(?SCOPE),
    Me = self(),
    Adapter = adapter(Name),
    spawn(fun() ->
        true = register(Adapter, self()),
        ok = pg:join(?SCOPE, Adapter, self()),
        Me ! {Adapter, joined},
        adapter_loop([])
    end),
    receive {Adapter, joined} -> ok end.

subscribe(Name, Topic) ->
    adapter(Name) ! {subscribe, Topic, self()},
    ok.

%% Members of other nodes are sent to; those who have subscribed here get it from our own.
broadcast(Name, Topic, Message) ->
    Adapter = adapter(Name),
    Forward = {forward_to_local, Topic, Message, ?SCOPE},
    _ = [Pid ! Forward || Pid <- pg:get_members(?SCOPE, Adapter), node(Pid) =/= node()],
    Adapter ! Forward,
    ok.

adapter(Name) -> list_to_atom("Elixir." ++ Name ++ ".Adapter").

adapter_loop(Subscribers) ->
    receive
        {subscribe, Topic, Pid} ->
            adapter_loop([{Topic, Pid} | Subscribers]);
        {forward_to_local, Topic, Message, _Dispatcher} ->
            _ = [Pid ! Message || {T, Pid} <- Subscribers, T =:= Topic],
            adapter_loop(Subscribers)
    end.
