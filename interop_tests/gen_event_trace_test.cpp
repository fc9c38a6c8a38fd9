// The same scenarios played to a gen_event manager of the BEAM and to one of C++: what each step gives, the
// state after it, what the handlers see, and the messages that come to who plays ('gen_event_EXIT', 'EXIT'
// and 'DOWN' among them), in their order, must be the same.
#include "gen_event_mirror.hpp"
#include "support/otp_test.hpp"
#include "support/rakka_peer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

namespace rakka::interop {
namespace {

constexpr const char* player_erl = R"(
-module(ge_play).
-export([compare/3]).

%% `same`, or what each of the two has done.
compare(Factory, How, Steps) ->
    Ours = alone(fun() -> play(gen_server:call(Factory, {start, How}), Steps) end),
    Theirs = alone(fun() -> play(start(How), Steps) end),
    case Ours =:= Theirs of
        true -> case element(1, Ours) =:= played andalso not has(never, Ours) of true -> same; _ -> {both, Ours} end;
        false -> {cpp, Ours, beam, Theirs}
    end.
%% In a process of its own, which traps exits.
alone(F) ->
    {P, R} = spawn_monitor(fun() ->
        process_flag(trap_exit, true), register(ge_player, self()), exit({ran, F()}) end),
    receive {'DOWN', R, _, _, {ran, X}} -> X; {'DOWN', R, _, _, Why} -> {failed, Why}
    after 20000 -> {hangs, process_info(P, [current_stacktrace, messages])} end.
has(A, A) -> true;
has(A, T) when is_tuple(T) -> has(A, tuple_to_list(T));
has(A, [H | T]) -> has(A, H) orelse has(A, T);
has(_, _) -> false.
start(plain) -> gen_event:start();
start({named, N}) -> gen_event:start({local, N});
start({hibernate_after, T}) -> gen_event:start([{hibernate_after, T}]);
start({debug, D}) -> gen_event:start([{debug, D}]).
play({ok, M}, Steps) ->
    put(m, M), put(down, monitor(process, M)),
    Seen = [seen(S) || S <- Steps],
    {played, Seen, seen(stop), seen(which)};
play(Other, _) -> {not_started, bare(Other)}.
seen({unseen, X} = S) -> get(m) ! X, {S, unseen};  % nobody asks for the state
seen(terminating = S) -> receive {told, {terminate, _, _}} = X -> self() ! X, S after 5000 -> never end;
seen(S) ->
    Given = bare(outcome(fun() -> step(get(m), S) end)),
    State = state(get(m)),
    {S, Given, State, mail(State)}.
%% Also while it is suspended; later than all that it has sent.
state(M) -> try bare(sys:get_state(M)) catch exit:_ -> gone end.
mail(gone) -> case get(down) of undefined -> rest(0); Ref -> erase(down), until(Ref) end;
mail(_) -> rest(0).
until(Ref) ->
    receive {'DOWN', Ref, _, _, _} = X -> [bare(X) | rest(30)]; X -> [bare(X) | until(Ref)]
    after 5000 -> [never] end.
rest(T) -> receive X -> [bare(X) | rest(T)] after T -> [] end.

step(M, {add, H, A}) -> gen_event:add_handler(M, H, A);
step(M, {add_sup, H, A}) -> gen_event:add_sup_handler(M, H, A);
step(M, {delete, H, A}) -> gen_event:delete_handler(M, H, A);
step(M, {swap, Old, New}) -> gen_event:swap_handler(M, Old, New);
step(M, {swap_sup, Old, New}) -> gen_event:swap_sup_handler(M, Old, New);
step(M, {call, H, C}) -> gen_event:call(M, H, C);
step(M, {call, H, C, T}) -> gen_event:call(M, H, C, T);
step(M, {request, H, C}) -> R = gen_event:send_request(M, H, C), gen_event:receive_response(R, 5000);
step(M, {notify, E}) -> gen_event:notify(M, E);
step(M, {sync, E}) -> gen_event:sync_notify(M, E);
step(M, which) -> gen_event:which_handlers(M);
step(M, modules) -> gen:call(M, self(), get_modules);
step(M, {info, I}) -> M ! I, ok;
step(M, {exit_of_me, R}) -> M ! {'EXIT', self(), R}, ok;
step(M, {exit, R}) -> exit(M, R), sys_or_gone(M);
step(M, {sys, get_status}) ->
    {status, _, Mod, [D, S, _, Dbg, [{header, _}, {data, Data}, Items]]} = sys:get_status(M),
    {Mod, proplists:get_value('$initial_call', D), S, Dbg, [K || {K, _} <- Data], Items};
step(M, {sys, F, A}) -> apply(sys, F, [M | A]);
step(M, {owner, H, A, How}) -> owner(M, fun() -> gen_event:add_sup_handler(M, H, A) end, How);
step(M, {heir, Old, New, How}) -> owner(M, fun() -> gen_event:swap_sup_handler(M, Old, New) end, How);
step(M, stop) -> gen_event:stop(M);
step(M, {stop, R}) -> gen_event:stop(M, R, 5000);
step(_, {wait, T}) -> timer:sleep(T).
sys_or_gone(M) -> try sys:get_state(M), alive catch exit:_ -> gone end.
%% Another process becomes the supervisor of a handler, and ends.
owner(M, F, How) ->
    Me = self(),
    {P, R} = spawn_monitor(fun() -> Me ! {self(), F()}, receive {P, go} when P =:= Me -> exit(How) end end),
    Given = receive {P, X} -> X end,
    Before = gen_event:which_handlers(M),
    P ! {Me, go},
    receive {'DOWN', R, _, _, _} -> ok end,
    {Given, Before, soon(M, Before, 200)}.
%% The manager hears of the end a moment after us.
soon(_, Same, 0) -> {never, Same};
soon(M, Before, N) ->
    case gen_event:which_handlers(M) of
        Before -> timer:sleep(10), soon(M, Before, N - 1);
        Other -> Other
    end.
outcome(F) -> try F() catch exit:{R, {Mod, N, A}} when is_list(A) -> {exit, R, Mod, N, length(A)}; C:R -> {C, R} end.
%% What differs by nature: pids, references, the stacks of C++.
bare(T) when is_tuple(T) -> list_to_tuple([bare(E) || E <- tuple_to_list(T)]);
bare([{M, F, A, L} | _]) when is_atom(M), is_atom(F), is_list(L), (is_integer(A) orelse is_list(A)) -> [];
bare([alias | R]) when is_reference(R) -> ref;  % of a call over the net alone
bare([H | T]) -> [bare(H) | bare(T)];
bare(P) when is_pid(P) -> case {P =:= self(), P =:= get(m)} of {true, _} -> me; {_, true} -> m; _ -> pid end;
bare(R) when is_reference(R) -> ref;
bare(T) -> T.
)";

class factory : public gen_server {
    result handle_call(const term& request, const from&) override {
        start_options options;
        const term how = request.share(request.tuple()[1]);
        const auto value = [&] { return how.share(how.tuple()[1]); };
        if (how.is_tagged("named"_a, 2)) options.name = value().as<atom>().value();
        if (how.is_tagged("hibernate_after"_a, 2))
            options.hibernate_after = std::chrono::milliseconds(value().as<std::int64_t>().value());
        if (how.is_tagged("debug"_a, 2)) options.debug = {sys::log_events{}, sys::count_events{}};
        const auto started = gen_event::start(options);
        if (started) return reply(tuple("ok"_a, *started));
        return reply(tuple("error"_a, started.error().reason));
    }
};

class gen_event_trace : public otp_test {
protected:
    void SetUp() override {
        otp_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        gen_event_mirror::listener = registered_name{"ge_player"_a, "erl@127.0.0.1"_a};
        cpp = std::make_unique<rakka_peer>("cpp", options("any"), epmd());
        gen_event_mirror::export_to(cpp->system().exports());
        cpp->system().run(
            [] { static_cast<void>(gen_server::start<factory>({.name = "factory"_a}).value()); });
        erl = std::make_unique<beam_node>(start_erlang("erl"));
        erl->load_module_source(gen_event_mirror_erl);
        erl->load_module_source(player_erl);
    }
    void TearDown() override { gen_event_mirror::listener.reset(); }
    /// `same`, or what each has done.
    std::string compare(const std::string& steps, const std::string& how) {
        return erl->eval("ge_play:compare({factory, " + cpp->name() + "}, " + how + ", [" + steps + "])");
    }
    void same(const char* scenario, const std::string& steps, const std::string& how = "plain") {
        EXPECT_EQ(compare(steps, how), "same") << "scenario: " << scenario;
    }

    std::unique_ptr<rakka_peer> cpp;
    std::unique_ptr<beam_node> erl;
};
RAKKA_OTP_TEST_SUITE(gen_event_trace);

TEST_P(gen_event_trace, handlers_come_and_go) {
    same("without handlers", "which, modules, {notify, e}, {sync, e}, {info, i}, {call, h, x}");
    same("added by module and by module and id, the newest first",
         "{add, h, one}, {add, {h, 2}, two}, {add, {h, {3}}, three}, which, modules, {sync, e}");
    same("two of one id: the newest is meant",
         "{add, {h, 1}, old}, {add, {h, 1}, new}, which, {call, {h, 1}, get}, {delete, {h, 1}, a}, which, "
         "{call, {h, 1}, get}, {delete, {h, 1}, a}, which");
    same("the id false is none", "{add, {h, false}, s}, which, {call, h, get}, {call, {h, false}, get}");
    same("init refuses", "{add, h, {do, {error, no}}}, which, {add_sup, h, {do, {error, no}}}, which");
    same("init fails in every way",
         "{add, h, {do, {throw, t}}}, {add, h, {do, {exit, x}}}, {add, h, {do, {error_of, e}}}, which");
    same("init fails with C++ exceptions",
         "{add, h, {do, {std, <<\"bad\">>}}}, {add, h, {do, custom}}, {add, h, {do, odd}}, which");
    same("init hibernates", "{add, h, {do, {ok, s, hibernate}}}, {call, h, get}");
    same("handlers that cannot be",
         "{add, nomod, a}, {add, {nomod, 1}, a}, {add, 17, a}, {add, {1, 2}, a}, {add_sup, nomod, a}, which");
    same("ids that nobody has",
         "{add, {h, 1}, s}, {call, h, x}, {call, {h, 2}, x}, {call, 17, x}, {delete, h, a}, {delete, {h, 2}, "
         "a}, {delete, 17, a}, {delete, nobody, a}");
    same("last words go to who deletes", "{add, h, s}, {delete, h, args}, {delete, h, args}, which");
    same(
        "last words that fail",
        "{add, h, {last, {exit, x}}}, {delete, h, a}, {add, h, {last, {throw, t}}}, {delete, h, a}, {add, h, "
        "{last, {error_of, e}}}, {delete, h, a}, which");
    same("last words that fail with C++ exceptions",
         "{add, h, {last, {std, <<\"bad\">>}}}, {delete, h, a}, {add, h, {last, custom}}, {delete, h, a}, "
         "{add, h, {last, odd}}, {delete, h, a}, which");
}

TEST_P(gen_event_trace, events_and_messages) {
    same("every handler sees each event once", "{add, {h, 1}, a}, {add, {h, 2}, b}, {notify, x}, {sync, y}");
    same("events change states",
         "{add, h, a}, {add, {h, 2}, b}, {notify, {set, #{k => [1, 2.5, <<3>>]}}}, which");
    same("other messages are handle_info's",
         "{add, h, a}, {info, hello}, {info, {notify}}, {info, {set, b}}");
    same("messages that almost have a form",
         "{add, h, a}, {info, {notify, 1, 2}}, {info, {system, 1}}, {info, {me, {1, 2}, odd}}, {info, "
         "{'EXIT', 1, 2}}, {info, {'$gen_call', x}}");
    same("a request of no form is a message", "{add, h, a}, {info, {self(), {self(), tag}, odd}}, which");
    same("a handler leaves", "{add, h, a}, {add, {h, 2}, b}, {sync, {only, a, remove_handler}}, which");
    same("a handler leaves over a message", "{add, h, a}, {info, {do, remove_handler}}, which");
    same("a handler hibernates", "{add, h, a}, {sync, {do, {ok, b, hibernate}}}, {call, h, get}, {sync, e}");
    same("hibernates when idle", "{add, h, a}, {wait, 30}, {sync, e}, {call, h, get}",
         "{hibernate_after, 1}");
}

TEST_P(gen_event_trace, calls) {
    same("answers", "{add, h, a}, {call, h, get}, {call, h, {set, b}}, {call, h, get, 1000}");
    same("answers and hibernates", "{add, h, a}, {call, h, {do, {ok, r, b, hibernate}}}, {call, h, get}");
    same("answers and leaves", "{add_sup, h, a}, {call, h, {do, {remove_handler, bye}}}, which");
    same(
        "answers and is swapped",
        "{add_sup, h, a}, {call, h, {do, {swap_handler, r, a1, s, {h, 2}, a2}}}, which, {call, {h, 2}, get}");
    same("only the handler that is asked hears", "{add, h, a}, {add, {h, 2}, b}, {call, {h, 2}, x}");
    same("asked without waiting",
         "{add, h, a}, {request, h, get}, {request, nobody, get}, {request, h, {do, {exit, x}}}, which");
    same("what is thrown is no answer", "{add, h, a}, {call, h, {do, {throw, nonsense}}}, which");
    same("a thrown answer counts", "{add, h, a}, {sync, {do, {throw, {ok, b}}}}, {call, h, get}");
}

TEST_P(gen_event_trace, crashes) {
    for (const std::string how : {"{exit, x}", "{error_of, e}", "{throw, t}", "{std, <<\"bad\">>}", "custom",
                                  "odd", "{error, unexpected}"}) {
        same(("an event crashes one handler with " + how).c_str(),
             "{add, h, a}, {add_sup, {h, 2}, b}, {add, {h, 3}, c}, {sync, {only, b, " + how + "}}, which");
        same(("a message crashes one handler with " + how).c_str(),
             "{add_sup, h, a}, {add, {h, 2}, b}, {info, {only, a, " + how + "}}, which");
        if (how != "{error, unexpected}")
            same(("a request crashes the handler with " + how).c_str(),
                 "{add_sup, h, a}, {add, {h, 2}, b}, {call, h, {do, " + how + "}}, which");
    }
    same("all crash at once",
         "{add_sup, h, a}, {add_sup, {h, 2}, b}, {sync, {do, {exit, x}}}, which, {sync, e}");
    same("a crash whose last words crash",
         "{add_sup, h, {last, {exit, second}}}, {sync, {do, {exit, first}}}, which, {sync, e}");
}

TEST_P(gen_event_trace, swaps) {
    same("last words go to the heir",
         "{add, {h, 1}, a}, {swap, {{h, 1}, go}, {{h, 2}, come}}, which, {call, {h, 2}, get}");
    same("last words that fail go to the heir",
         "{add, h, {last, {exit, x}}}, {swap, {h, go}, {{h, 2}, come}}, {call, {h, 2}, get}");
    same("nobody to swap with",
         "{swap, {nobody, go}, {h, come}}, {call, h, get}, {swap, {17, go}, {{h, 2}, c}}");
    same("the heir refuses", "{add_sup, h, a}, {swap, {h, go}, {{h, 2}, {do, {error, no}}}}, which");
    same("the heir fails",
         "{add_sup, h, a}, {swap, {h, go}, {{h, 2}, {do, {exit, x}}}}, which, {add, h, b}, {swap, {h, go}, "
         "{nomod, come}}, {add, h, b}, {swap, {h, go}, {17, come}}, which");
    same("the heir is in front",
         "{add, {h, 1}, a}, {add, {h, 2}, b}, {swap, {{h, 1}, go}, {{h, 3}, c}}, which");
    same("supervision passes on",
         "{add_sup, h, a}, {swap, {h, go}, {{h, 2}, come}}, {sync, {do, {exit, x}}}");
    same("supervision is taken over",
         "{add, h, a}, {swap_sup, {h, go}, {{h, 2}, come}}, {delete, {h, 2}, a}, which");
    same("an event swaps in place",
         "{add, {h, 1}, a}, {add_sup, {h, 2}, b}, {add, {h, 3}, c}, {sync, {only, b, {swap_handler, a1, s, "
         "{h, "
         "4}, a2}}}, which, {call, {h, 4}, get}");
    same("an event swaps and the heir fails",
         "{add_sup, h, a}, {sync, {do, {swap_handler, a1, s, {h, 2}, {do, {error, no}}}}}, which, {add_sup, "
         "h, "
         "a}, {sync, {do, {swap_handler, a1, s, {nomod, 2}, x}}}, which");
    same("a message swaps",
         "{add, h, a}, {info, {do, {swap_handler, a1, s, {h, 2}, a2}}}, {call, {h, 2}, get}");
}

TEST_P(gen_event_trace, supervised_handlers) {
    same("deleted", "{add_sup, h, a}, {delete, h, args}, which");
    same("leaves", "{add_sup, h, a}, {sync, {do, remove_handler}}, which");
    same("the owner ends with its reason", "{add, {h, b}, base}, {owner, h, a, gone}, {call, {h, b}, get}");
    same("the owner ends normally", "{add, {h, b}, base}, {owner, h, a, normal}, which");
    same("the owner is killed", "{add, {h, b}, base}, {owner, {h, 2}, a, killed}, which");
    same("the owner of an heir ends", "{add_sup, h, a}, {heir, {h, go}, {{h, 2}, come}, gone}, which");
    same("the owner ends, and last words crash", "{owner, h, {last, {exit, x}}, gone}, which, {sync, e}");
    same("the end of others is a message", "{add, h, a}, {info, {'EXIT', self(), why}}, which");
    same("an end of the owner that is none is believed",
         "{add_sup, h, a}, {add, {h, 2}, b}, {exit_of_me, why}, which");
}

TEST_P(gen_event_trace, ends) {
    same("stopped",
         "{add, h, a}, {add_sup, {h, 2}, b}, stop, stop, which, {call, h, x}, {sync, e}, {notify, e}");
    same("stopped with a reason", "{add_sup, h, a}, {stop, why}, {request, h, get}");
    same("stopped with shutdown", "{add_sup, h, a}, {stop, {shutdown, 1}}, {add, h, a}, {delete, h, a}");
    same("stopped under its name", "{add, h, a}, stop, which", "{named, ge_named}");
    same("killed", "{add_sup, h, a}, {exit, kill}, which, {swap, {h, go}, {h, come}}");
    same("an exit signal is a message", "{add, h, a}, {exit, why}, {exit, normal}, which");
    same("last words that crash hold nobody up",
         "{add_sup, h, {last, {exit, x}}}, {add_sup, {h, 2}, {last, custom}}, {add, {h, 3}, c}, stop");
    same("killed while last words are said",
         "{add_sup, h, {last, wait}}, {unseen, {system, {self(), tag}, {terminate, why}}}, terminating, "
         "{exit, "
         "kill}");
    same(
        "a signal while last words are said",
        "{add, {h, 2}, b}, {add, h, {last, wait}}, {unseen, {notify, {only, {last, wait}, remove_handler}}}, "
        "terminating, {unseen, {'EXIT', self(), x}}, {exit, kill}");
    same("told to end by sys", "{add_sup, h, a}, {sys, terminate, [why]}, which");
}

TEST_P(gen_event_trace, sys_functions) {
    same("get_state and get_status",
         "{add, h, a}, {add_sup, {h, 2}, b}, {sys, get_state, []}, {sys, get_status}", "{named, ge_named}");
    same("replace_state",
         "{add, h, a}, {add, {h, 2}, b}, {sys, replace_state, [fun h:twice/1]}, {sys, replace_state, [fun "
         "h:boom/1]}, {sys, replace_state, [fun h:odd/1]}, {call, h, get}");
    same("suspended: events wait",
         "{add, h, a}, {sys, suspend, []}, {sys, suspend, []}, {notify, e}, {info, i}, {sys, get_status}, "
         "{sys, "
         "resume, []}, {sys, resume, []}, {call, h, get}");
    same("change_code",
         "{add, h, a}, {add, {h, 2}, b}, {sys, change_code, [h, v, x]}, {sys, suspend, []}, {sys, "
         "change_code, "
         "[h, v, x]}, {sys, change_code, [nobody, v, x]}, {sys, change_code, [h, v, {refuse, {exit, no}}]}, "
         "{sys, resume, []}, {call, h, get}");
    same("ended while suspended", "{add_sup, h, a}, {sys, suspend, []}, {sys, terminate, [why]}");
    same("log",
         "{sys, log, [true]}, {add, h, a}, {notify, e}, {call, h, get}, {info, i}, {sys, log, [get]}, {sys, "
         "log, "
         "[false]}, {sys, log, [get]}");
    same("statistics begin and end",
         "{sys, statistics, [get]}, {sys, statistics, [true]}, {sys, statistics, "
         "[false]}, {sys, statistics, [get]}, {sys, no_debug, []}");
    same("debug from the start", "{add, h, a}, {notify, e}, {sys, log, [get]}", "{debug, [log, statistics]}");
    EXPECT_EQ(compare("which", "{named, global_name_server}"),
              "{both,{not_started,{error,{already_started,pid}}}}");
}

}  // namespace
}  // namespace rakka::interop
