%% A carrier for `-proto_dist rakka_uds`: distribution over Unix sockets, with the sockets of gen_tcp. The socket of a
%% node is the part of its name before the @, in the directory that `-rakka_uds_directory` names.
-module(rakka_uds_dist).
-export([listen/1, listen/2, address/0, accept/1, accept_connection/5, setup/5, close/1, select/1]).
-export([tick/1, getstat/1]).
-include_lib("kernel/include/net_address.hrl").
-include_lib("kernel/include/dist_util.hrl").

-define(OPTIONS, [binary, {active, false}, {packet, 2}]).

path(Node) ->
    {ok, [[Directory]]} = init:get_argument(rakka_uds_directory),
    {local, filename:join(Directory, hd(string:split(atom_to_list(Node), "@")))}.

address() -> address([]).
address(Socket) -> #net_address{address = Socket, host = localhost, family = local, protocol = stream}.

select(_Node) -> true.

listen(Name, _Host) -> listen(Name).
listen(Name) ->
    case gen_tcp:listen(0, [{ifaddr, path(Name)} | ?OPTIONS]) of
        {ok, Socket} -> {ok, {Socket, address(path(Name)), 3 + rand:uniform(1 bsl 31)}};
        Error -> Error
    end.

close(Listening) -> gen_tcp:close(Listening).

accept(Listening) ->
    Kernel = self(),
    spawn_opt(fun() -> accept_loop(Kernel, Listening) end, [link, {priority, max}]).

accept_loop(Kernel, Listening) ->
    {ok, Socket} = gen_tcp:accept(Listening),
    Kernel ! {accept, self(), Socket, local, stream},
    receive
        {Kernel, controller, Pid} ->
            ok = gen_tcp:controlling_process(Socket, Pid),
            Pid ! {self(), controller};
        {Kernel, unsupported_protocol} ->
            exit(unsupported_protocol)
    end,
    accept_loop(Kernel, Listening).

accept_connection(Acceptor, Socket, MyNode, Allowed, SetupTime) ->
    Kernel = self(),
    spawn_opt(
        fun() ->
            receive {Acceptor, controller} -> ok end,
            Timer = dist_util:start_timer(SetupTime),
            dist_util:handshake_other_started((handshake(Kernel, MyNode, Socket, Timer))#hs_data{allowed = Allowed})
        end,
        [link, {priority, max}]).

setup(Node, Type, MyNode, _LongOrShortNames, SetupTime) ->
    Kernel = self(),
    spawn_opt(
        fun() ->
            Timer = dist_util:start_timer(SetupTime),
            case gen_tcp:connect(path(Node), 0, ?OPTIONS) of
                {ok, Socket} ->
                    Data = handshake(Kernel, MyNode, Socket, Timer),
                    dist_util:handshake_we_started(
                        Data#hs_data{other_node = Node, other_version = 6, request_type = Type});
                {error, Why} ->
                    dist_util:shutdown(?MODULE, ?LINE, Node, {connect_failed, Why})
            end
        end,
        [link, {priority, max}]).

handshake(Kernel, MyNode, Socket, Timer) ->
    #hs_data{
        kernel_pid = Kernel, this_node = MyNode, socket = Socket, timer = Timer, this_flags = 0,
        f_send = fun gen_tcp:send/2,
        f_recv = fun(S, Size, Time) ->
                     case gen_tcp:recv(S, Size, Time) of
                         {ok, Bytes} -> {ok, binary_to_list(Bytes)};
                         Error -> Error
                     end
                 end,
        f_setopts_pre_nodeup = fun(S) -> inet:setopts(S, [{active, false}, {packet, 4}]) end,
        f_setopts_post_nodeup = fun(S) -> inet:setopts(S, [{active, true}, {deliver, port}, {packet, 4}, binary]) end,
        f_getll = fun(S) -> {ok, S} end,
        f_address = fun(_, _) -> address([]) end,
        mf_tick = fun ?MODULE:tick/1,
        mf_getstat = fun ?MODULE:getstat/1
    }.

tick(Socket) ->
    case gen_tcp:send(Socket, [], [force]) of
        {error, closed} -> self() ! {tcp_closed, Socket}, {error, closed};
        Done -> Done
    end.

getstat(Socket) ->
    case inet:getstat(Socket, [recv_cnt, send_cnt, send_pend]) of
        {ok, Stat} -> list_to_tuple([ok | [proplists:get_value(K, Stat) || K <- [recv_cnt, send_cnt, send_pend]]]);
        Error -> Error
    end.
