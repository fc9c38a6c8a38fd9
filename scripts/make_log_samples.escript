#!/usr/bin/env escript
%%! +pc unicode -kernel logger_level none
%% Prints otp/tests/samples/log_reports.txt: reports of OTP's behaviours, and the texts that logger_formatter makes of
%% them, in several lines and in one. Run by hand, by an OTP 25: `escript scripts/make_log_samples.escript`.
main(_) ->
    io:setopts([{encoding, unicode}]),
    P = list_to_pid("<0.9.3>"),
    Stack = [{lists,foo,[a,b],[]}, {gen_server,try_handle_call,4,[{file,"gen_server.erl"},{line,721}]},
             {proc_lib,init_p_do_apply,3,[{file,"proc_lib.erl"},{line,226}]}],
    lists:foreach(fun({Name, Report}) -> show(Name, Report) end,
                  servers(P, Stack) ++ machines(P, Stack) ++ managers(Stack) ++ crashes(P, Stack) ++
                      supervisors(P, Stack) ++ applications() ++ plain()).

show(Name, Report) ->
    io:format("@@@ ~s~n~0tp~n", [Name, Report]),
    lists:foreach(
      fun({Kind, Single}) ->
              io:format("--- ~s~n~ts", [Kind, text(Report, Single)])
      end, [{lines, false}, {line, true}]).

text(Report, Single) ->
    logger_formatter:format(#{level => error, msg => {report, Report}, meta => meta(Report)},
                            #{single_line => Single, template => [msg, "\n"]}).

meta(#{label := {Module, _}}) when Module =:= proc_lib -> #{report_cb => fun proc_lib:report_cb/2};
meta(#{label := {my, _}}) -> #{};
meta(#{label := {Module, _}}) -> #{report_cb => fun Module:format_log/2};
meta(_) -> #{}.

servers(P, Stack) ->
    S = #{label => {gen_server,terminate}, name => my_server, last_message => {crash,now},
          state => #{a => 1, b => [1,2,3]}, log => [], reason => {badarg,Stack}, client_info => undefined},
    [{server, S},
     {server_with_client, S#{client_info => {P,{clienty,[{m,f,1,[]}]}}}},
     {server_with_dead_client,
      S#{client_info => {P,dead}, reason => {{cpp_exception,<<"std::runtime_error">>,<<"boom">>},[]}}},
     {server_with_remote_client, S#{client_info => {P,remote}, log => [{in,x},{out,y}], reason => shut}},
     {server_with_undef, S#{reason => {undef,[{nomod,nofun,[1],[]},{lists,map,2,[]}]}}},
     {server_with_long_reason, S#{reason => lists:seq(1,100)}},
     {server_unhandled, #{label => {gen_server,no_handle_info}, module => my_mod, message => {hello,1}}}].

machines(P, Stack) ->
    M = #{label => {gen_statem,terminate}, name => door,
          queue => [{{call,{P,tag}},{push,1}},{cast,other}], postponed => [{info,later}], modules => [door_mod],
          callback_mode => state_functions, state_enter => false, state => {locked,#{code => [1,2]}},
          timeouts => {1,[{state_timeout,lock}]}, log => [{in,x}], reason => {error,badarg,Stack},
          client_info => {P,{door_client,[{m,f,1,[]}]}}},
    [{machine, M},
     {machine_that_exits, M#{queue => [{info,go}], postponed => [], log => [], timeouts => {0,[]},
                             client_info => undefined, state_enter => true, reason => {exit,bye,[]}}},
     {machine_without_event, M#{queue => [], postponed => [], log => [], modules => [b,a], timeouts => {0,[]},
                                client_info => {P,remote}, reason => {error,{cpp_exception,<<"t">>,<<"w">>},[]}}}].

managers(Stack) ->
    E = #{label => {gen_event,terminate}, handler => {my_handler,1}, name => my_mgr, last_message => {ev,1},
          state => {s,1}, reason => {'EXIT',{badarg,Stack}}},
    [{event_handler, E}, {event_handler_returns, E#{handler => my_handler, reason => {return_value,bad}}},
     {event_unhandled, #{label => {gen_event,no_handle_info}, module => my_mod, message => {hello,1}}}].

crashes(P, Stack) ->
    Rest = [{ancestors,[my_sup,P]}, {message_queue_len,2}, {messages,[a,{b,"text"}]}, {links,[P]}, {dictionary,[{a,b}]},
            {trap_exit,false}, {status,running}, {heap_size,610}, {stack_size,28}, {reductions,200}],
    Crash = fun(Call, Class, Reason, St, Neighbours) ->
                    #{label => {proc_lib,crash},
                      report => [[{initial_call,Call}, {pid,P}, {registered_name,[]}, {error_info,{Class,Reason,St}}
                                  | Rest], Neighbours]}
            end,
    Neighbour = {neighbour,
                 [{pid,P}, {registered_name,[]}, {initial_call,{a,b,1}}, {current_function,{gen_server,loop,7}},
                  {ancestors,[]}, {message_queue_len,0}, {links,[P]}, {trap_exit,true}, {status,waiting},
                  {heap_size,233}, {stack_size,5}, {reductions,20},
                  {current_stacktrace,[{gen_server,loop,7,[{file,"gen_server.erl"},{line,394}]}]}]},
    Init = {my_server,init,['Argument__1']},
    Frame = [{m,f,2,[{file,"m.cpp"},{line,7}]}],
    [{crash, Crash(Init, error, badarg, Stack, [])},
     {crash_of_cpp,
      Crash({my_server,init,1}, exit, {cpp_exception,<<"std::runtime_error">>,<<"boom">>}, [], [Neighbour])},
     {crash_with_neighbours, Crash(Init, exit, {{x,y},z}, [], [Neighbour, Neighbour])},
     {crash_of_throw, Crash({my_server,init,1}, throw, {odd,"thing",lists:seq(1,60)}, Frame, [])}
     | [{list_to_atom("crash_by_" ++ atom_to_list(N)), Crash(Init, error, R, S, [])}
        || {N, R, S} <- [{badarith, badarith, Frame}, {badmatch, {badmatch,{a,1}}, Frame},
                         {case_clause, {case_clause,[1,2]}, Frame}, {try_clause, {try_clause,x}, Frame},
                         {if_clause, if_clause, Frame}, {undef, undef, [{m,f,[a,"b"],[]}]},
                         {badfun, {badfun,x}, Frame},
                         {badmap, {badmap,x}, Frame}, {badkey, {badkey,x}, Frame},
                         {system_limit, system_limit, Frame}, {timeout_value, timeout_value, Frame},
                         {other, {my,reason,lists:seq(1,40)}, Frame}]]].

supervisors(P, Stack) ->
    Child = [{pid,P}, {id,child1}, {mfargs,{my_server,start_link,[1,"x"]}}, {restart_type,permanent},
             {significant,false}, {shutdown,5000}, {child_type,worker}],
    [{supervisor_error, #{label => {supervisor,child_terminated},
                          report => [{supervisor,{local,my_sup}}, {errorContext,child_terminated},
                                     {reason,{badarg,Stack}}, {offender,Child}]}},
     {supervisor_start_error, #{label => {supervisor,start_error},
                                report => [{supervisor,{P,my_mod}}, {errorContext,start_error}, {reason,bad},
                                           {offender,[{pid,undefined} | tl(Child)]}]}},
     {supervisor_shutdown, #{label => {supervisor,shutdown},
                             report => [{supervisor,{local,my_sup}}, {errorContext,shutdown},
                                        {reason,reached_max_restart_intensity}, {offender,Child}]}},
     {supervisor_shutdown_error, #{label => {supervisor,shutdown_error},
                             report => [{supervisor,{local,my_sup}}, {errorContext,shutdown_error}, {reason,killed},
                                        {offender,[{nb_children,3},{id,x},{mfargs,{a,b,[]}},{restart_type,temporary},
                                                   {significant,false},{shutdown,5},{child_type,worker}]}]}},
     {supervisor_progress, #{label => {supervisor,progress},
                             report => [{supervisor,{local,my_sup}}, {started,Child}]}}].

applications() ->
    [{application_progress, #{label => {application_controller,progress},
                              report => [{application,my_app}, {started_at,node()}]}},
     {application_exit, #{label => {application_controller,exit},
                          report => [{application,my_app}, {exited,stopped}, {type,temporary}]}}].

plain() ->
    [{a_map, #{what => "text", b => <<"bin">>, c => [1,2], n => lists:seq(1,60), u => "ä€"}},
     {a_label, #{label => my_label, report => [{a,1},{b,"s"}]}},
     {a_label_of_two, #{label => {my,y}, report => #{a => 1}}},
     {a_list, [{a,1}, {b,"s"}, single, {c,lists:seq(1,60)}]},
     {a_string, "just text"},
     {an_empty_list, []},
     {other, [1,2,3]}].
