// A supervisor of the BEAM and one of C++ that are told the same, for supervisor_trace_test.cpp: the module
// that plays scenarios to both and compares, and what it has on the C++ side.
#pragma once

#include <rakka/rakka.hpp>

#include <string>

namespace rakka::interop {

inline constexpr const char* sup_child_erl = R"(
-module(sup_child).
-export([start_link/3, start_link/4, act/1]).
%% Words of a script, the last of which counts again and again: `ok`, `plain` (does not trap exits), `deaf` (to
%% all but kill), `{ends, R}` (when told to), `{info, I}`, `ignore`, `{error, R}`,
%% `{raise, Class, R}`, anything else is the answer. More arguments are shown.
start_link(Tell, Label, Script, More) ->
    Tell ! {told, {arguments, Label, More}},
    start_link(Tell, Label, Script).
start_link(Tell, Label, Script) ->
    N = case get({starts, Label}) of undefined -> 1; K -> K + 1 end,
    put({starts, Label}, N),
    Word = lists:nth(min(N, length(Script)), Script),
    Tell ! {told, {start, Label, Word}},
    case Word of
        {info, I} -> {ok, run(Tell, Label, ok), I};
        {ends, _} -> {ok, run(Tell, Label, Word)};
        W when W =:= ok; W =:= plain; W =:= deaf -> {ok, run(Tell, Label, W)};
        Other -> act(Other)
    end.
act({raise, exit, R}) -> exit(R);
act({raise, error, R}) -> error(R);
act({raise, throw, R}) -> throw(R);
act(Answer) -> Answer.
run(Tell, Label, Word) ->
    Sup = self(),
    P = spawn_link(fun() ->
        process_flag(trap_exit, Word =/= plain), Sup ! {ready, self()}, loop(Tell, Label, Word)
    end),
    receive {ready, P} -> ok end,
    Tell ! {told, {runs, Label, P}},
    P.
loop(Tell, Label, Word) ->
    receive
        {exit, R} -> exit(R);
        {unlink, From} ->
            [Sup | _] = element(2, process_info(self(), links)),
            unlink(Sup), From ! unlinked, loop(Tell, Label, Word);
        {'EXIT', _, _} when Word =:= deaf -> loop(Tell, Label, Word);
        {'EXIT', _, R} ->
            Tell ! {told, {ended, Label, R}},
            case Word of {ends, Other} -> exit(Other); _ -> exit(R) end
    end.
)";

inline constexpr const char* sup_mirror_erl = R"(
-module(sup_mirror).
-behaviour(supervisor).
-export([init/1, compare/5, c/1, c/2, c/3, kind/1, kind/2]).
init({_, Answers}) ->
    N = case get(asked) of undefined -> 1; K -> K + 1 end,
    put(asked, N),
    sup_child:act(lists:nth(min(N, length(Answers)), Answers)).

%% Specifications.
c(Id) -> c(Id, [ok]).
c(Id, Script) -> c(Id, Script, #{}).
c(Id, Script, More) -> maps:merge(#{id => Id, start => {sup_child, start_link, [self(), Id, Script]}}, More).
kind(More) -> kind(k, More).
kind(Id, More) -> maps:merge(#{id => Id, start => {sup_child, start_link, [self()]}}, More).

%% `same`, or what each of the two has done. Sorted: children have no order.
compare(Factory, Name, Sorted, Answers, Steps) ->
    put(sorted, Sorted),
    Start = fun(To) ->
        Ref = make_ref(),
        To ! {start, self(), Ref, Name, {argument, Answers}},
        receive {Ref, Result, Starter} -> {Result, Starter} after 10000 -> exit(no_start) end
    end,
    Ours = play(fun() -> Start(Factory) end, Steps),
    Theirs = play(fun() -> Start(spawn(fun starter/0)) end, Steps),
    case {Ours, Theirs} of
        {Same, Same} -> same;
        {{F, S, A, T}, {F, S, B, T}} when A =:= noproc; B =:= noproc -> same;  % dead before the monitor
        _ -> {cpp, Ours, beam, Theirs}
    end.
starter() ->
    receive {start, Driver, Ref, Name, Argument} ->
        process_flag(trap_exit, true),
        Result = case Name of
            none -> supervisor:start_link(?MODULE, Argument);
            _ -> supervisor:start_link({local, Name}, ?MODULE, Argument)
        end,
        Driver ! {Ref, Result, self()},
        wait()
    end.
wait() -> receive {exit, R} -> exit(R); stop -> ok; _ -> wait() end.

play(Start, Steps) ->
    case Start() of
        {{ok, P}, Starter} ->
            M = monitor(process, P),
            First = {look(P), told()},
            Seen = [play_step(P, Starter, S) || S <- Steps],
            Starter ! {exit, shutdown},
            Why = receive {'DOWN', M, _, _, W} -> bare(W) after 10000 -> alive end,
            {First, Seen, Why, told()};
        {Other, Starter} -> Starter ! stop, {not_started, bare(Other), told()}
    end.
play_step(P, Starter, S) ->
    R = bare(outcome(fun() -> step(P, Starter, S) end)),
    L = look(P),
    {name_of(S), R, L, told()}.
name_of(S) when is_tuple(S) -> element(1, S);
name_of(S) -> S.
step(P, _, {start, Spec}) -> supervisor:start_child(P, Spec);
step(P, _, {terminate, Id}) -> supervisor:terminate_child(P, Id);
step(P, _, {terminate_pid, L}) -> supervisor:terminate_child(P, pid_of(L));
step(P, _, {restart, Id}) -> supervisor:restart_child(P, Id);
step(P, _, {delete, Id}) -> supervisor:delete_child(P, Id);
step(P, _, {spec, Id}) -> supervisor:get_childspec(P, Id);
step(P, _, {spec_pid, L}) -> supervisor:get_childspec(P, pid_of(L));
step(P, _, {call, C}) -> gen_server:call(P, C, 5000);
step(P, _, {call_pid, F, L}) -> gen_server:call(P, {F, pid_of(L)}, 5000);
step(P, _, {cast, C}) -> gen_server:cast(P, C), gone_or_not(P);
step(P, _, {send, M}) -> P ! M, ok;
step(P, _, {crash, L, R}) -> Q = pid_of(L), down(Q, fun() -> Q ! {exit, R} end), settle(P, Q, 5000);
step(P, _, {kill, L}) -> Q = pid_of(L), down(Q, fun() -> exit(Q, kill) end), settle(P, Q, 5000);
step(_, _, {unlink, L}) -> pid_of(L) ! {unlink, self()}, receive unlinked -> ok after 5000 -> no_answer end;
step(P, S, {parent, R}) -> down(P, fun() -> S ! {exit, R} end);
step(P, _, {signal, R}) -> exit(P, R), gone_or_not(P);
step(P, _, {stop, R}) -> gen_server:stop(P, R, 5000);
step(P, _, {sys, F, A}) -> shape(F, apply(sys, F, [P | A]));
step(P, _, change) ->
    sys:suspend(P), R = sys:change_code(P, ?MODULE, 1, x), sys:resume(P), R;
step(P, S, {suspended, Steps}) ->
    sys:suspend(P), R = [step(P, S, X) || X <- Steps], (catch sys:resume(P)), R;
step(_, _, {wait, T}) -> timer:sleep(T).
pid_of(L) -> told_so_far(), get({pid, L}).
down(Q, F) -> M = monitor(process, Q), F(), receive {'DOWN', M, _, _, R} -> R after 5000 -> no_down end.
gone_or_not(P) ->
    M = monitor(process, P),
    receive {'DOWN', M, _, _, _} -> gone after 40 -> demonitor(M, [flush]), lives end.
%% Until its end has been dealt with, and nobody waits for a restart.
settle(_, _, 0) -> not_settled;
settle(P, Gone, N) ->
    try [x || {_, C, _, _} <- supervisor:which_children(P), C =:= Gone orelse C =:= restarting] of
        [] -> ok;
        _ -> timer:sleep(2), settle(P, Gone, N - 1)
    catch exit:_ -> gone end.
outcome(F) -> try F() catch exit:{R, {M, N, A}} -> {exit, R, M, N, length(A)}; C:R -> {C, R} end.
look(P) ->
    try {sorted([{I, shown(C), T, Ms} || {I, C, T, Ms} <- gen_server:call(P, which_children)]),
         gen_server:call(P, count_children)}
    catch exit:_ -> gone end.
shown(C) when is_pid(C) -> runs;
shown(C) -> C.
sorted(L) -> case get(sorted) of sorted -> lists:sort(L); _ -> L end.
%% The state has more fields in later releases.
shape(get_state, S) ->
    Dynamics = case element(5, S) of undefined -> undefined; {Kind, _} -> Kind end,
    {element(1, S), element(2, S), element(3, S), element(1, element(4, S)), Dynamics, element(6, S), element(7, S),
     element(tuple_size(S) - 1, S)};
shape(get_status, {status, _, Mod, [Dict, S, _, _, _]}) -> {Mod, S, proplists:get_value('$initial_call', Dict)};
shape(_, R) -> R.
told_so_far() ->
    receive
        {told, {runs, L, P}} -> put({pid, L}, P), told_so_far();
        {told, X} -> put(heard, [bare(X) | heard()]), told_so_far()
    after 0 -> ok end.
heard() -> case get(heard) of undefined -> []; L -> L end.
told() -> told_so_far(), L = lists:reverse(heard()), erase(heard), sorted(L).
bare(M) when is_map(M) -> maps:map(fun(_, V) -> bare(V) end, M);
bare(T) when is_tuple(T) -> list_to_tuple([bare(E) || E <- tuple_to_list(T)]);
bare([{M, F, A, L} | _]) when is_atom(M), is_atom(F), is_list(L), (is_integer(A) orelse is_list(A)) -> [];
bare([H | T]) -> [bare(H) | bare(T)];
bare(P) when is_pid(P) -> pid;
bare(R) when is_reference(R) -> ref;
bare(T) -> T.
)";

inline term part(const term& t, std::size_t i) {
    return t.share(t.tuple()[i]);
}

/// What a function of Erlang would return or raise.
inline term act(const term& answer) {
    if (!answer.is_tagged("raise"_a, 3)) return answer;
    const term reason = part(answer, 2);
    if (answer.tuple()[1].is_atom("exit"_a)) exit(reason);
    if (answer.tuple()[1].is_atom("error"_a)) error(reason);
    throw term(reason);
}

/// The next of a list of words for `key`, counted in the process dictionary; the last one counts again and
/// again.
inline term next_word(const term& key, const term& words) {
    const term before = get(key);
    const std::int64_t n = before.has_value() ? before.as<std::int64_t>().value() : 0;
    put(key, n + 1);
    std::int64_t at = 0;
    term word;
    for (const term_view w : words.list()) {
        word = words.share(w);
        if (at++ == n) break;
    }
    return word;
}

/// As sup_child:loop/3.
inline void child_loop(const pid& tell, const term& label, const term& word) {
    for (;;) {
        const term m = receive();
        if (m.is_tagged("exit"_a, 2)) exit(part(m, 1));
        if (m.is_tagged("unlink"_a, 2)) {
            unlink(process_info(self())->links.at(0));
            send(m.tuple()[1].as<pid>().value(), "unlinked"_a);
        }
        if (!m.is_tagged("EXIT"_a, 3) || word.is_atom("deaf"_a)) continue;
        send(tell, tuple("told"_a, tuple("ended"_a, label, part(m, 2))));
        exit(word.is_tagged("ends"_a, 2) ? part(word, 1) : part(m, 2));
    }
}

inline term run_child(const pid& tell, const term& label, const term& word) {
    const pid child = spawn_link([sup = self(), tell, label, word] {
        trap_exit(!word.is_atom("plain"_a));
        send(sup, tuple("ready"_a, self()));
        child_loop(tell, label, word);
    });
    const term ready = tuple("ready"_a, child);
    static_cast<void>(receive_if([&](term_view m) { return m == ready.view(); }));
    send(tell, tuple("told"_a, tuple("runs"_a, label, child)));
    return term(child);
}

/// As sup_child:start_link/3.
inline term start_scripted_child(const std::vector<term>& arguments) {
    const pid tell = arguments[0].as<pid>().value();
    const term& label = arguments[1];
    const term word = next_word(tuple("starts"_a, label), arguments[2]);
    send(tell, tuple("told"_a, tuple("start"_a, label, word)));
    if (word.is_tagged("info"_a, 2)) return tuple("ok"_a, run_child(tell, label, "ok"_a), part(word, 1));
    if (word.is_tagged("ends"_a, 2) || word.is_atom("ok"_a) || word.is_atom("plain"_a) ||
        word.is_atom("deaf"_a))
        return tuple("ok"_a, run_child(tell, label, word));
    return act(word);
}

/// As sup_mirror:starter/0: `{start, Driver, Ref, Name, Argument}`.
inline void start_supervisor_for(const term& order) {
    trap_exit(true);
    start_options options;
    const atom name = order.tuple()[3].as<atom>().value();
    if (name != "none"_a) options.name = name;
    const auto started = supervisor::start_exported("sup_mirror"_a, part(order, 4), options);
    term result;
    if (started) {
        result = tuple("ok"_a, *started);
    } else {
        const term& why = started.error().reason;
        result = why.is_atom("ignore"_a) ? why : term(tuple("error"_a, why));
    }
    send(order.tuple()[1].as<pid>().value(), tuple(part(order, 2), result, self()));
    for (;;) {
        const term m = receive();
        if (m.is_tagged("exit"_a, 2)) exit(part(m, 1));
        if (m.is_atom("stop"_a)) return;
    }
}

/// What the driver needs of the C++ node: sup_mirror:init/1, sup_child:start_link/3,4, and a process
/// registered as `factory` that starts supervisors.
inline void export_mirror(rakka::system& s) {
    export_table& exports = s.exports();
    exports.add("sup_mirror"_a, "init"_a, 1,
                [](const std::vector<term>& a) { return act(next_word("asked"_a, part(a[0], 1))); });
    exports.add("sup_child"_a, "start_link"_a, 3, start_scripted_child);
    exports.add("sup_child"_a, "start_link"_a, 4, [](const std::vector<term>& a) {
        send(a[0].as<pid>().value(), tuple("told"_a, tuple("arguments"_a, a[1], a[3])));
        return start_scripted_child(a);
    });
    const pid factory = s.spawn([] {
        for (;;)
            spawn([order = receive()] { start_supervisor_for(order); });
    });
    static_cast<void>(s.register_name("factory"_a, factory));
}

}  // namespace rakka::interop
