// The same scenarios played to a gen_server of the BEAM and to one of C++, the functions of sys among them:
// what their callbacks see, what their callers get, their state after each step, and all messages that come
// to who plays, 'DOWN' and 'EXIT' among them, in their order, must be the same.
//
// Both servers do what they are told: of a request `{do, Result}` the Result is what the callback returns, in
// Erlang's own terms; `{throw, X}`, `{exit, X}` and `{error, X}` in its place are exceptions, and those of
// C++
// `{std, Text}`, `custom` and `odd`. In the place of a result, `wait` never returns.
#include "cpp_exceptions.hpp"
#include "support/otp_test.hpp"
#include "support/rakka_peer.hpp"

#include <rakka/otp.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

const char* const gs_mirror_erl = R"(
-module(gs_mirror).
-behaviour(gen_server).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, handle_continue/2, terminate/2, format_status/1,
         code_change/3, compare/4, twice/1, boom/1]).
init({Tell, Trap, R}) ->
    process_flag(trap_exit, Trap), put(tell, Tell), tell({init}),
    act(R).
handle_call(C, From, S) -> tell({call, C, S}), react(C, From, S, {reply, ok, S}).
handle_cast(C, S) -> tell({cast, C, S}), react(C, none, S, {noreply, S}).
handle_info(timeout, {at_timeout, R}) -> tell({timeout}), act(R);
handle_info(C, S) -> tell({info, C, S}), react(C, none, S, {noreply, S}).
handle_continue(C, S) -> tell({continue, C, S}), react(C, none, S, {noreply, S}).
terminate(R, S) -> tell({terminate, bare(R), S}), case S of {last, X} -> act(X); _ -> ok end.
code_change(Old, S, refuse) -> {error, {Old, S}};
code_change(Old, _, _) -> {ok, {changed, Old}}.
format_status(M) -> maps:update_with(state, fun(S) -> {shown, S} end, M).
react({do, R}, _, _, _) -> act(R);
react({later, R}, From, _, _) -> put(later, From), act(R);
react({answer, X, R}, _, _, _) -> gen_server:reply(erase(later), X), act(R);
react({answer_first, X, R}, From, _, _) -> gen_server:reply(From, X), act(R);
react(_, _, _, Default) -> Default.
act({throw, X}) -> throw(X);
act({exit, X}) -> exit(X);
act({error, X}) -> error(X);
)" RAKKA_CPP_EXCEPTIONS_ERL R"(act(wait) -> receive never -> ok end;
act(R) -> R.
tell(X) -> get(tell) ! {told, X}, ok.
twice(X) -> {X, X}.
boom(_) -> exit(boom).

%% `same`, or what each of the two has done.
compare(Factory, Trap, Init, Steps) ->
    Ours = play(fun(How) -> gen_server:call(Factory, {start, How, self(), Trap, Init}) end, Steps),
    Theirs = play(fun(How) -> start(How, {self(), Trap, Init}) end, Steps),
    case {Ours, Theirs} of
        {Same, Same} -> same;
        {{Seen, A}, {Seen, B}} ->  % dead before it was monitored?
            case (lists:member({'DOWN', noproc}, A) orelse lists:member({'DOWN', noproc}, B))
                andalso [X || {told, _} = X <- A] =:= [X || {told, _} = X <- B] of
                true -> same;
                false -> {cpp, Ours, beam, Theirs}
            end;
        _ -> {cpp, Ours, beam, Theirs}
    end.

start(plain, A) -> gen_server:start(?MODULE, A, []);
start({named, N}, A) -> gen_server:start({local, N}, ?MODULE, A, []);
start({timeout, T}, A) -> gen_server:start(?MODULE, A, [{timeout, T}]);
start({debug, D}, A) -> gen_server:start(?MODULE, A, [{debug, D}]).
play(Start, Steps) ->
    How = case Steps of [{start, H} | _] -> H; _ -> plain end,
    case Start(How) of
        {ok, P} ->
            process_flag(trap_exit, true),
            M = monitor(process, P), link(P),
            Seen = [bare(step(P, S)) || S <- Steps],
            catch gen_server:stop(P),
            {Seen, heard(M)};
        Other -> {not_started, bare(Other), rest(0)}
    end.
%% What has come, in its order; the ends of a monitor and of a link are told at the same time.
heard(M) -> receive {'DOWN', M, _, _, W} -> [{'DOWN', bare(W)} | rest(30)]; X -> [heard_as(X) | heard(M)]
            after 5000 -> [no_down] end.
rest(T) -> receive X -> [heard_as(X) | rest(T)] after T -> [] end.
heard_as({told, X}) -> {told, bare(X)};
heard_as({'EXIT', _, W}) -> {'EXIT', bare(W)};
heard_as(X) -> {message, bare(X)}.
step(_, {start, _}) -> started;
step(P, {cast, C}) -> gen_server:cast(P, C), state(P);
step(P, {info, C}) -> P ! C, state(P);
step(P, {call, C}) -> {outcome(fun() -> gen_server:call(P, C, 1000) end), state(P)};
step(P, {call, C, T}) -> {outcome(fun() -> gen_server:call(P, C, T) end), state(P)};
step(P, {request, C}) -> put(request, gen_server:send_request(P, C)), state(P);
step(_, response) -> gen_server:receive_response(erase(request), 1000);
step(P, {stop, R}) -> outcome(fun() -> gen_server:stop(P, R, 1000) end);
step(P, {exit, R}) -> exit(P, R), gone(P);
step(P, {sys, F, A}) -> outcome(fun() -> shape(F, A, apply(sys, F, [P | A])) end);
step(P, {raw, X}) -> P ! X, state(P);
step(P, {unseen, X}) -> P ! X, ok;  % its state is not asked for
step(_, terminating) -> receive {told, {terminate, _, _}} = X -> self() ! X, ok after 5000 -> never end;
step(_, {wait, T}) -> timer:sleep(T).
state(P) -> try sys:get_state(P) catch exit:_ -> gone end.
gone(P) -> M = monitor(process, P), receive {'DOWN', M, _, _, _} -> gone after 300 -> alive end.
outcome(F) -> try F() catch exit:{R, {M, N, A}} -> {exit, R, M, N, length(A)}; C:R -> {C, R} end.
%% What differs by nature: pids, times, dictionaries.
shape(get_status, _, {status, _, Mod, [Dict, S, _, D, Misc]}) ->
    Keys = lists:sort([K || {K, _} <- Dict, K =/= tell, K =/= later]),
    {Mod, [Keys, S, D, [M || M <- Misc, element(1, M) =/= supervisor]]};
shape(statistics, [get], {ok, L}) when is_list(L) ->
    {[{K, V} || {K, V} <- L, K =:= messages_in orelse K =:= messages_out], [K || {K, _} <- L]};
shape(_, _, R) -> R.
bare(T) when is_tuple(T) -> list_to_tuple([bare(E) || E <- tuple_to_list(T)]);
bare([{M, F, A, L} | _]) when is_atom(M), is_atom(F), is_list(L), (is_integer(A) orelse is_list(A)) -> [];
bare([H | T]) -> [bare(H) | bare(T)];
bare(P) when is_pid(P), P =/= self() -> case P =:= whereis(gs_parent) of true -> P; false -> pid end;
bare(R) when is_reference(R) -> ref;
bare(F) when is_function(F) -> F;
bare(T) -> T.
)";

class mirror : public gen_server {
public:
    mirror(pid tell, bool trap, term first) : tell_(tell), trap_(trap), first_(std::move(first)) {}

private:
    result init() override {
        trap_exit(trap_);
        tell(tuple("init"_a));
        raise(first_);
        if (first_.is_tagged("throw"_a, 2)) throw part(first_, 1);
        if (first_.is_atom("ignore"_a)) return ignore();
        if (first_.is_tagged("stop"_a, 2)) return stop_with(part(first_, 1));
        if (!first_.is_tagged("ok"_a, 2) && !first_.is_tagged("ok"_a, 3)) throw term(first_);
        state_ = part(first_, 1);
        return first_.is_tuple(3) ? then(noreply(), part(first_, 2)) : noreply();
    }
    result handle_call(const term& c, const from& sender) override {
        tell(tuple("call"_a, c, state_));
        return react(c, &sender, [] { return reply("ok"_a); });
    }
    result handle_cast(const term& c) override {
        tell(tuple("cast"_a, c, state_));
        return react(c, nullptr, [] { return noreply(); });
    }
    result handle_timeout() override {
        if (!state_.is_tagged("at_timeout"_a, 2)) return gen_server::handle_timeout();
        tell(tuple("timeout"_a));
        return act(part(state_, 1));
    }
    result handle_info(const term& c) override {
        tell(tuple("info"_a, c, state_));
        return react(c, nullptr, [] { return noreply(); });
    }
    result handle_continue(const term& c) override {
        tell(tuple("continue"_a, c, state_));
        return react(c, nullptr, [] { return noreply(); });
    }
    void terminate(term_view reason) override {
        tell(tuple("terminate"_a, term::copy(reason), state_));
        if (!state_.is_tagged("last"_a, 2)) return;
        raise(part(state_, 1));
        throw part(part(state_, 1), 1);
    }
    term state() const override { return state_; }
    void replace_state(const term& s) override { state_ = s; }
    shown_status format_status(shown_status s) const override {
        s.state = tuple("shown"_a, s.state);
        return s;
    }
    void code_change(const term& old_version, const term& extra) override {
        if (extra.is_atom("refuse"_a)) exit(tuple(old_version, state_));
        state_ = tuple("changed"_a, old_version);
    }

    void tell(term what) const { send(tell_, tuple("told"_a, std::move(what))); }
    static term part(const term& t, std::size_t i) { return t.share(t.tuple()[i]); }
    static void raise(const term& r) {
        if (r.is_tagged("exit"_a, 2)) exit(part(r, 1));
        if (r.is_tagged("error"_a, 2)) error(part(r, 1));
        throw_cpp(r);
        if (r.is_atom("wait"_a)) static_cast<void>(receive_if([](term_view) { return false; }));
    }
    static result then(result decided, const term& what) {
        if (what.is_atom("hibernate"_a)) return std::move(decided).hibernate();
        if (what.is_tagged("continue"_a, 2)) return std::move(decided).then_continue(part(what, 1));
        if (const auto ms = what.as<std::int64_t>())
            return std::move(decided).timeout_after(std::chrono::milliseconds(*ms));
        return decided;
    }

    template <class Default>
    result react(const term& c, const from* sender, Default otherwise) {
        if (c.is_tagged("do"_a, 2)) return act(part(c, 1));
        if (c.is_tagged("later"_a, 2)) {
            later_ = *sender;
            return act(part(c, 1));
        }
        if (c.is_tagged("answer"_a, 3) || c.is_tagged("answer_first"_a, 3)) {
            rakka::reply(c.is_tagged("answer"_a, 3) ? later_ : *sender, part(c, 1));
            return act(part(c, 2));
        }
        return otherwise();
    }
    result act(const term& r) {
        raise(r);
        if (r.is_tagged("throw"_a, 2)) throw act(part(r, 1));
        const std::size_t n = r.is(kind::tuple) ? r.tuple().size() : 0;
        if (r.is_tagged("reply"_a, n) && (n == 3 || n == 4)) {
            state_ = part(r, 2);
            return n == 4 ? then(reply(part(r, 1)), part(r, 3)) : reply(part(r, 1));
        }
        if (r.is_tagged("noreply"_a, n) && (n == 2 || n == 3)) {
            state_ = part(r, 1);
            return n == 3 ? then(noreply(), part(r, 2)) : noreply();
        }
        if (r.is_tagged("stop"_a, 3)) {
            state_ = part(r, 2);
            return stop_with(part(r, 1));
        }
        if (r.is_tagged("stop"_a, 4)) {
            state_ = part(r, 3);
            return stop_with(part(r, 1), part(r, 2));
        }
        throw term(r);
    }

    pid tell_;
    bool trap_;
    term first_;
    term state_ = "none"_a;
    from later_;
};

class factory : public gen_server {
    result handle_call(const term& request, const from&) override {
        const auto part = [&](std::size_t i) { return request.share(request.tuple()[i]); };
        start_options options;
        if (const term how = part(1); how.is_tagged("named"_a, 2)) {
            options.name = how.tuple()[1].as<atom>().value();
        } else if (how.is_tagged("timeout"_a, 2)) {
            options.timeout = std::chrono::milliseconds(how.tuple()[1].as<std::int64_t>().value());
        } else if (how.is_tagged("debug"_a, 2)) {
            options.debug = {sys::log_events{}, sys::count_events{}};
        }
        const auto started = gen_server::start<mirror>(options, part(2).as<pid>().value(),
                                                       part(3).as<bool>().value(), part(4));
        if (started) return reply(tuple("ok"_a, *started));
        const term& why = started.error().reason;
        return reply(why.is_atom("ignore"_a) ? why : term(tuple("error"_a, why)));
    }
};

class gen_server_trace : public otp_test {
protected:
    void SetUp() override {
        otp_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        cpp = std::make_unique<rakka_peer>("cpp", options("any"), epmd());
        cpp->system().exports().add("gs_mirror"_a, "twice"_a,
                                    [](const term& x) { return term(tuple(x, x)); });
        cpp->system().exports().add("gs_mirror"_a, "boom"_a, [](const term&) -> term { exit("boom"_a); });
        cpp->system().run(
            [] { static_cast<void>(gen_server::start<factory>({.name = "factory"_a}).value()); });
        erl = std::make_unique<beam_node>(start_erlang("erl"));
        erl->load_module_source(gs_mirror_erl);
    }
    /// `same`, or what each has done.
    std::string compare(const std::string& steps, const std::string& init = "{ok, s}",
                        const std::string& trap = "false") {
        return erl->eval("gs_mirror:compare({factory, " + cpp->name() + "}, " + trap + ", " + init + ", [" +
                         steps + "])");
    }

    std::unique_ptr<rakka_peer> cpp;
    std::unique_ptr<beam_node> erl;
};
RAKKA_OTP_TEST_SUITE(gen_server_trace);

#define RAKKA_SAME(...) EXPECT_EQ(compare(__VA_ARGS__), "same") << "scenario: " << #__VA_ARGS__

TEST_P(gen_server_trace, starts) {
    RAKKA_SAME("");
    RAKKA_SAME("", "{ok, s, hibernate}");
    RAKKA_SAME("{call, 1}", "{ok, s, {continue, 1}}");
    RAKKA_SAME("{call, 1}", "{ok, s, {continue, {do, {noreply, t, {continue, 2}}}}}");
    RAKKA_SAME("{wait, 60}", "{ok, s, 10}");
    RAKKA_SAME("", "ignore");
    RAKKA_SAME("", "{stop, why}");
    RAKKA_SAME("", "{stop, normal}");
    RAKKA_SAME("", "{stop, {shutdown, 1}}");
    RAKKA_SAME("", "nonsense");
    RAKKA_SAME("", "{exit, gone}");
    RAKKA_SAME("", "{error, broken}");
    RAKKA_SAME("", "{throw, ball}");
    RAKKA_SAME("{start, {named, gs_named}}, {call, 1}, {sys, get_status, []}");
    RAKKA_SAME("{start, {timeout, 5000}}, {call, 1}");
    RAKKA_SAME(
        "{start, {debug, [log, statistics]}}, {call, 1}, {cast, 2}, {sys, log, [get]}, {sys, statistics, "
        "[get]}");
    RAKKA_SAME("{wait, 30}", "{ok, s, {continue, {do, {stop, early, t}}}}");
}

TEST_P(gen_server_trace, calls) {
    RAKKA_SAME("{call, 1}, {call, [a, {b}]}");
    RAKKA_SAME("{call, {do, {reply, x, t}}}, {call, 1}");
    RAKKA_SAME("{call, {do, {reply, x, t, hibernate}}}, {call, 1}");
    RAKKA_SAME("{call, {do, {reply, x, t, {continue, c}}}}, {call, 1}");
    RAKKA_SAME("{call, {do, {reply, x, t, infinity}}}, {call, 1}");
    RAKKA_SAME("{call, {do, {noreply, t}}, 20}, {call, 1}");
    RAKKA_SAME("{request, {later, {noreply, t}}}, {cast, {answer, late, {noreply, u}}}, response");
    RAKKA_SAME("{call, {answer_first, now, {noreply, t}}}");
    RAKKA_SAME("{call, {answer_first, now, {stop, why, t}}}");
    RAKKA_SAME("{call, {answer_first, now, {reply, twice, t}}}, {call, 1}");
    RAKKA_SAME("{call, {do, {stop, why, t}}}");
    RAKKA_SAME("{call, {do, {stop, why, bye, t}}}");
    RAKKA_SAME("{call, {do, {stop, normal, bye, t}}}, {call, 1}");
    RAKKA_SAME("{call, {do, {stop, normal, t}}}, {call, 1}");
    RAKKA_SAME("{call, {do, {stop, shutdown, t}}}");
    RAKKA_SAME("{call, {do, {stop, {shutdown, x}, bye, t}}}");
    RAKKA_SAME("{call, {do, nonsense}}");
    RAKKA_SAME("{call, {do, {nonsense, 1, 2}}}");
    RAKKA_SAME("{call, {do, {exit, gone}}}");
    RAKKA_SAME("{call, {do, {exit, normal}}}");
    RAKKA_SAME("{call, {do, {exit, {shutdown, s}}}}");
    RAKKA_SAME("{call, {do, {error, {bad, thing}}}}");
    RAKKA_SAME("{call, {do, {throw, {noreply, t}}}, 20}");
    RAKKA_SAME("{call, {do, {throw, ball}}}");
    RAKKA_SAME("{request, 1}, response");
    RAKKA_SAME("{request, {do, {stop, why, t}}}, response");
    RAKKA_SAME("{request, {do, {error, e}}}, response");
}

TEST_P(gen_server_trace, casts_and_messages) {
    RAKKA_SAME("{cast, 1}, {cast, {do, {noreply, t}}}, {cast, 2}");
    RAKKA_SAME("{info, 1}, {info, {do, {noreply, t}}}, {info, 2}");
    RAKKA_SAME("{cast, {do, {noreply, t, hibernate}}}, {cast, 1}");
    RAKKA_SAME("{cast, {do, {noreply, t, {continue, c}}}}");
    RAKKA_SAME("{info, {do, {noreply, t, {continue, {do, {noreply, u, {continue, d}}}}}}}");
    RAKKA_SAME("{cast, {do, {stop, why, t}}}");
    RAKKA_SAME("{cast, {do, {stop, normal, t}}}, {cast, 1}");
    RAKKA_SAME("{info, {do, {stop, shutdown, t}}}");
    RAKKA_SAME("{cast, {do, {reply, x, s}}}");
    RAKKA_SAME("{cast, {do, {stop, why, x, s}}}");
    RAKKA_SAME("{info, {do, {noreply, s, {continue, {do, {reply, x, s}}}}}}");
    RAKKA_SAME("{cast, {do, nonsense}}");
    RAKKA_SAME("{info, {do, nonsense}}");
    RAKKA_SAME("{cast, {do, {exit, gone}}}");
    RAKKA_SAME("{info, {do, {error, broken}}}");
    RAKKA_SAME("{cast, {do, {throw, {noreply, t}}}}, {cast, 1}");
    RAKKA_SAME("{info, {do, {throw, ball}}}");
    RAKKA_SAME("{cast, {do, {noreply, t, {continue, {do, {stop, in_continue, u}}}}}}");
    RAKKA_SAME("{cast, {do, {noreply, t, {continue, {do, {exit, in_continue}}}}}}");
    RAKKA_SAME("{raw, {'$gen_cast', raw}}, {raw, timeout}");
    RAKKA_SAME("{raw, {'EXIT', self(), why}}, {call, 1}");
}

TEST_P(gen_server_trace, timeouts) {
    RAKKA_SAME("{cast, {do, {noreply, t, 0}}}, {call, 1}");
    RAKKA_SAME("{cast, {do, {noreply, t, 20}}}, {wait, 120}, {call, 1}");
    RAKKA_SAME("{call, {do, {reply, x, t, 20}}}, {wait, 120}, {wait, 60}");
    RAKKA_SAME("{cast, {do, {noreply, t, 60000}}}, {cast, 1}, {wait, 20}");
    RAKKA_SAME("{call, {do, {reply, x, t, infinity}}}, {wait, 20}");
}

TEST_P(gen_server_trace, ends) {
    RAKKA_SAME("{stop, normal}");
    RAKKA_SAME("{stop, why}");
    RAKKA_SAME("{stop, {shutdown, 1}}, {stop, normal}");
    RAKKA_SAME("{exit, why}");
    RAKKA_SAME("{exit, normal}, {call, 1}");
    RAKKA_SAME("{exit, kill}");
    RAKKA_SAME("{exit, why}, {call, 1}", "{ok, s}", "true");
    RAKKA_SAME("{exit, normal}, {call, 1}", "{ok, s}", "true");
    RAKKA_SAME("{exit, kill}", "{ok, s}", "true");
    RAKKA_SAME("{cast, {do, {stop, why, {last, {exit, other}}}}}");
    RAKKA_SAME("{cast, {do, {stop, why, {last, {error, other}}}}}");
    RAKKA_SAME("{cast, {do, {stop, why, {last, {throw, other}}}}}");
    RAKKA_SAME("{stop, why}", "{ok, {last, {exit, other}}}");
    RAKKA_SAME("{call, {do, {stop, why, bye, {last, {exit, other}}}}}");
    RAKKA_SAME("{call, {do, {exit, first}}}", "{ok, {last, {exit, second}}}");
}

TEST_P(gen_server_trace, exceptions_of_every_kind) {
    for (const std::string what :
         {"{exit, x}", "{error, e}", "{throw, t}", "{std, <<\"bad\">>}", "custom", "odd"}) {
        RAKKA_SAME("", what);
        RAKKA_SAME("{call, {do, " + what + "}}, {call, 1}");
        RAKKA_SAME("{request, {do, " + what + "}}, response");
        RAKKA_SAME("{cast, {do, " + what + "}}, {cast, 1}");
        RAKKA_SAME("{info, {do, " + what + "}}");
        RAKKA_SAME("{cast, {do, {noreply, t, {continue, {do, " + what + "}}}}}");
        RAKKA_SAME("{wait, 30}", "{ok, s, {continue, {do, " + what + "}}}");
        RAKKA_SAME("{unseen, {'$gen_cast', {do, {noreply, {at_timeout, " + what + "}, 0}}}}, {wait, 60}");
        RAKKA_SAME("{cast, {do, {stop, why, {last, " + what + "}}}}");
        RAKKA_SAME("{stop, why}", "{ok, {last, " + what + "}}");
        RAKKA_SAME("{call, {do, {exit, first}}}", "{ok, {last, " + what + "}}");
    }
}

TEST_P(gen_server_trace, signals_during_terminate) {
    const std::string stop = "{unseen, {'$gen_cast', {do, {stop, why, {last, wait}}}}}, terminating, ";
    RAKKA_SAME(stop + "{exit, kill}");
    RAKKA_SAME(stop + "{exit, kill}", "{ok, s}", "true");
    RAKKA_SAME(stop + "{exit, other}");
    RAKKA_SAME(stop + "{exit, other}, {exit, kill}", "{ok, s}", "true");
    RAKKA_SAME("{unseen, {do, {exit, first}}}, terminating, {exit, kill}", "{ok, {last, wait}}");
}

TEST_P(gen_server_trace, sys_functions) {
    RAKKA_SAME("{start, {named, gs_named}}, {sys, get_state, []}, {sys, get_status, []}");
    RAKKA_SAME(
        "{start, {named, gs_named}}, {sys, suspend, []}, {sys, get_status, []}, {cast, 1}, {sys, resume, "
        "[]}, {call, 1}");
    RAKKA_SAME("{sys, suspend, []}, {sys, suspend, []}, {call, 1, 20}, {sys, resume, []}, {call, 2}");
    RAKKA_SAME("{sys, resume, []}, {call, 1}");
    RAKKA_SAME("{sys, replace_state, [fun gs_mirror:twice/1]}, {call, 1}");
    RAKKA_SAME("{sys, change_code, [gs_mirror, 1, x]}");
    RAKKA_SAME("{sys, suspend, []}, {sys, change_code, [gs_mirror, 1, x]}, {sys, resume, []}, {call, 1}");
    RAKKA_SAME(
        "{sys, suspend, []}, {sys, change_code, [gs_mirror, 1, refuse]}, {sys, resume, []}, {call, 1}");
    RAKKA_SAME("{sys, suspend, []}, {exit, why}");
    RAKKA_SAME("{sys, suspend, []}, {sys, terminate, [why]}");
    RAKKA_SAME("{sys, terminate, [why]}");
    RAKKA_SAME("{sys, suspend, []}, {stop, why}");
    RAKKA_SAME("{sys, log, [true]}, {cast, 1}, {call, 2}, {info, 3}, {sys, log, [get]}");
    RAKKA_SAME(
        "{sys, log, [{true, 2}]}, {cast, 1}, {cast, 2}, {sys, log, [get]}, {sys, log, [false]}, {sys, log, "
        "[get]}");
    RAKKA_SAME("{sys, log, [true]}, {cast, {do, {noreply, t, {continue, c}}}}, {sys, log, [get]}");
    RAKKA_SAME("{sys, log, [true]}, {call, {do, {noreply, t}}, 20}, {sys, log, [get]}");
    RAKKA_SAME(
        "{sys, statistics, [get]}, {sys, statistics, [true]}, {cast, 1}, {call, 2}, {sys, statistics, "
        "[get]}");
    RAKKA_SAME("{sys, statistics, [true]}, {sys, statistics, [false]}, {sys, statistics, [get]}");
    RAKKA_SAME("{sys, log, [true]}, {sys, no_debug, []}, {cast, 1}, {sys, log, [get]}");
    RAKKA_SAME("{sys, log_to_file, [\"/no/such/folder/file\"]}, {sys, log_to_file, [false]}");
    RAKKA_SAME("{sys, remove, [fun gs_mirror:twice/1]}, {call, 1}");
    RAKKA_SAME(
        "{sys, get_state, [20]}, {sys, suspend, [20]}, {sys, get_state, []}, {sys, resume, [infinity]}");
}

}  // namespace
}  // namespace rakka::interop
