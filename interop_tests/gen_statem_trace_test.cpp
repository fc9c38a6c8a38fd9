// The same scenarios played to a gen_statem of the BEAM and to one of C++: what their callbacks see, what
// their callers get, and 'DOWN' and 'EXIT' among it, in this order, must be the same, for scenarios written
// by hand and for random ones.
//
// Both machines do what their events say: the content `{do, Result}` is what the callback returns, in
// Erlang's own terms; `{do, Result, Entered}` says also what the next state enter call returns. In the place
// of a result, `{throw, X}`, `{exit, X}`, `{error_of, X}` and those of cpp_exceptions.hpp are exceptions, and
// `wait` never returns.
#include "cpp_exceptions.hpp"
#include "support/otp_test.hpp"
#include "support/rakka_peer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

const char* const mirror_erl = R"(
-module(mirror).
-behaviour(gen_statem).
-export([init/1, callback_mode/0, handle_event/4, terminate/3, compare/3]).
callback_mode() -> [handle_event_function, state_enter].
init({Tell, Result}) -> put(tell, Tell), act(sub(Result, data, Tell)).
handle_event(Type, Content, State, Tell) ->
    Tell ! {told, {kind(Type), sub(Content, Tell, data), State}},
    case {Type, Content} of
        {enter, _} -> case erase(enter) of undefined -> keep_state_and_data; E -> act(E) end;
        {_, {do, R}} -> act(fill(R, Type, Tell));
        {_, {do, R, E}} -> put(enter, fill(E, Type, Tell)), act(fill(R, Type, Tell));
        {{call, From}, _} -> {keep_state_and_data, [{reply, From, ok}]};
        _ -> keep_state_and_data
    end.
terminate(Reason, State, Tell) ->
    Tell ! {told, {terminate, sub(Reason, Tell, data), State}},
    case State of {last, R} -> act(R); _ -> ok end.
act({throw, X}) -> throw(X);
act({exit, X}) -> exit(X);
act({error_of, X}) -> error(X);
)" RAKKA_CPP_EXCEPTIONS_ERL R"(
act(wait) -> receive never -> ok end;
act(R) -> R.
kind({call, _}) -> call;
kind(T) -> T.
fill(R, {call, From}, Tell) -> sub(sub(R, from, From), data, Tell);
fill(R, _, Tell) -> sub(R, data, Tell).
sub(X, X, Y) -> Y;
sub(T, X, Y) when is_tuple(T) -> list_to_tuple([sub(E, X, Y) || E <- tuple_to_list(T)]);
sub([H | T], X, Y) -> [sub(H, X, Y) | sub(T, X, Y)];
sub(T, _, _) -> T.

%% `same`, or what each of the two has done.
compare(Factory, Init, Steps) ->
    Ours = play(fun() -> gen_server:call(Factory, {start, self(), Init}) end, Steps),
    Theirs = play(fun() -> gen_statem:start(?MODULE, {self(), Init}, []) end, Steps),
    case {Ours, Theirs} of
        {Same, Same} -> same;
        {{Answers, A}, {Answers, B}} ->  % dead before it was monitored?
            case (lists:member({'DOWN', noproc}, A) orelse lists:member({'DOWN', noproc}, B))
                andalso [X || {told, _} = X <- A] =:= [X || {told, _} = X <- B] of
                true -> same;
                false -> {cpp, Ours, beam, Theirs}
            end;
        _ -> {cpp, Ours, beam, Theirs}
    end.
play(Start, Steps) ->
    case Start() of
        {ok, P} ->
            process_flag(trap_exit, true),
            M = monitor(process, P), link(P),
            Kills = lists:member(kill, Steps),
            catch sys:suspend(P),
            Asked = [R || S <- Steps, {ask, R} <- [step(P, S)]],
            catch sys:resume(P),
            timer:sleep(lists:sum([T || {wait, T} <- Steps])),
            case Kills of true -> terminating(), exit(P, kill); false -> catch gen_statem:stop(P) end,
            Heard = heard(M),
            {[answer(R) || R <- Asked], Heard};
        Other -> {not_started, sub(bare(Other), self(), data), rest(0)}
    end.
terminating() -> receive {told, {terminate, _, _}} = X -> self() ! X after 5000 -> never end.
%% What has come, in its order, but for answers.
heard(M) ->
    receive {'DOWN', M, _, _, W} -> [{'DOWN', bare(W)} | rest(30)]; {told, X} -> [{told, X} | heard(M)];
            {'EXIT', _, W} -> [{'EXIT', bare(W)} | heard(M)]
    after 5000 -> [no_down] end.
rest(T) ->
    receive {told, X} -> [{told, X} | rest(T)]; {'EXIT', _, W} -> [{'EXIT', bare(W)} | rest(T)]
    after T -> [] end.
step(P, {cast, C}) -> gen_statem:cast(P, C);
step(P, {info, C}) -> P ! C;
step(P, {call, C}) -> {ask, gen_statem:send_request(P, C)};
step(_, kill) -> ok;  % in the end, and in place of a stop
step(_, {wait, _}) -> ok.
answer(R) ->
    case gen_statem:receive_response(R, 100) of
        {error, {Why, _}} -> {error, bare(Why)};
        A -> A
    end.
bare({error, R}) -> {error, bare(R)};
bare({Reason, [{M, F, _, _} | _]}) when is_atom(M), is_atom(F) -> {sub(Reason, self(), data), []};
bare(Reason) -> sub(Reason, self(), data).
)";

/// The C++ mirror: reads Erlang's results and actions.
class mirror : public gen_statem {
public:
    mirror(pid tell, term first) : tell_(tell), init_(std::move(first)) {}

private:
    statem::callback_mode callback_mode() const override { return {.state_enter = true}; }
    result init() override {
        raise(init_);
        return init_.is_tagged("ok"_a, 3) || init_.is_tagged("ok"_a, 4)
                   ? finished(next_state(part(init_, 1)), init_, 3, from())
                   : read(init_, from());
    }
    result handle_event(const event& e, const term& state) override {
        tell(tuple(e.is_call() ? term("call"_a) : e.type_term(), e.content(), state));
        if (e.is_enter()) {
            const term decision = std::exchange(enter_, term());
            return decision.has_value() ? read(decision, entering_) : keep_state();
        }
        const term& c = e.content();
        if (c.is_tagged("do"_a, 3)) {
            enter_ = part(c, 2);
            entering_ = e.sender();
        }
        if (c.is_tagged("do"_a, 2) || c.is_tagged("do"_a, 3)) return read(part(c, 1), e.sender());
        return e.is_call() ? keep_state(reply(e.sender(), "ok"_a)) : keep_state();
    }
    void terminate(term_view reason, const term& state) override {
        tell(tuple("terminate"_a, term::copy(reason), state));
        if (state.is_tagged("last"_a, 2)) raise(part(state, 1));
    }
    static void raise(const term& r) {
        if (r.is_tagged("throw"_a, 2)) throw part(r, 1);
        if (r.is_tagged("exit"_a, 2)) rakka::exit(part(r, 1));
        if (r.is_tagged("error_of"_a, 2)) rakka::error(part(r, 1));
        throw_cpp(r);
        if (r.is_atom("wait"_a)) static_cast<void>(receive_if([](term_view) { return false; }));
    }
    term data() const override { return "data"_a; }
    void tell(term what) const { send(tell_, tuple("told"_a, std::move(what))); }

    static term part(const term& t, std::size_t i) { return t.share(t.tuple()[i]); }

    result read(const term& r, const from& asked) {
        raise(r);
        if (r.is_atom("keep_state_and_data"_a)) return keep_state();
        if (r.is_atom("repeat_state_and_data"_a)) return repeat_state();
        if (r.is_atom("stop"_a)) return stop_with("normal"_a);
        if (r.is_atom("ignore"_a)) return ignore();
        if (r.is_tagged("error"_a, 2)) return fail_with(part(r, 1));
        if (r.is_tagged("next_state"_a, 3) || r.is_tagged("next_state"_a, 4))
            return finished(next_state(part(r, 1)), r, 3, asked);
        if (r.is_tagged("keep_state_and_data"_a, 2)) return finished(keep_state(), r, 1, asked);
        if (r.is_tagged("repeat_state_and_data"_a, 2)) return finished(repeat_state(), r, 1, asked);
        if (r.is_tagged("stop"_a, 2) || r.is_tagged("stop"_a, 3)) return stop_with(part(r, 1));
        if (r.is_tagged("stop_and_reply"_a, 3)) return finished(stop_with(part(r, 1)), r, 2, asked);
        throw term(r);
    }
    static result finished(result decided, const term& r, std::size_t where, const from& asked) {
        if (r.tuple().size() <= where) return decided;
        const term actions = part(r, where);
        if (!actions.is(kind::list) && !actions.is(kind::nil)) {
            decided.add(read_action(actions, asked));
            return decided;
        }
        for (const term_view a : actions.list())
            decided.add(read_action(actions.share(a), asked));
        return decided;
    }
    static action read_action(const term& a, const from& asked) {
        if (a.is_atom("postpone"_a)) return postpone();
        if (a.is_tagged("postpone"_a, 2)) return postpone(part(a, 1) == term(true));
        if (a.is_atom("hibernate"_a)) return hibernate();
        if (a.is_atom("pop_callback_module"_a)) return pop_callback_module();
        if (a.is_tagged("reply"_a, 3)) return reply(asked, part(a, 2));
        if (a.is_tagged("next_event"_a, 3)) return next_event(read_event(part(a, 1), part(a, 2), asked));
        const term type = part(a, 0);
        if (a.is_tuple(2)) return read_timeout(type, infinity, "undefined"_a);
        const term time = part(a, 1);
        if (time.is_atom("update"_a)) return read_timeout(type, update, part(a, 2));
        if (time.is_atom("infinity"_a)) return read_timeout(type, infinity, part(a, 2));
        return read_timeout(type, std::chrono::milliseconds(time.as<std::int64_t>().value()), part(a, 2));
    }
    static action read_timeout(const term& type, statem::timeout_time time, term content) {
        if (type.is_atom("timeout"_a)) return event_timeout(time, std::move(content));
        if (type.is_atom("state_timeout"_a)) return state_timeout(time, std::move(content));
        return generic_timeout(part(type, 1), time, std::move(content));
    }
    static event read_event(const term& type, term content, const from& asked) {
        if (type.is_atom("cast"_a)) return event::cast(std::move(content));
        if (type.is_atom("info"_a)) return event::info(std::move(content));
        if (type.is_atom("internal"_a)) return event::internal(std::move(content));
        if (type.is_atom("timeout"_a)) return event::timeout(std::move(content));
        if (type.is_atom("state_timeout"_a)) return event::state_timeout(std::move(content));
        if (type.is_atom("enter"_a)) return event::enter(std::move(content));
        if (type.is_tagged("call"_a, 2)) return event::call(asked, std::move(content));
        return event::generic_timeout(part(type, 1), std::move(content));
    }

    pid tell_;
    term init_;
    term enter_;     // what the next state enter call decides
    from entering_;  // who is answered by it
};

class factory : public gen_server {
    result handle_call(const term& request, const from&) override {
        const pid tell = request.tuple()[1].as<pid>().value();
        const auto started = gen_statem::start<mirror>({}, tell, request.share(request.tuple()[2]));
        if (started) return reply(tuple("ok"_a, *started));
        const term& why = started.error().reason;
        return reply(why.is_atom("ignore"_a) ? why : term(tuple("error"_a, why)));
    }
};

class gen_statem_trace : public otp_test {
protected:
    void SetUp() override {
        otp_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        cpp = std::make_unique<rakka_peer>("cpp", options("any"), epmd());
        cpp->system().run(
            [] { static_cast<void>(gen_server::start<factory>({.name = "factory"_a}).value()); });
        erl = std::make_unique<beam_node>(start_erlang("erl"));
        erl->load_module_source(mirror_erl);
    }
    /// `same`, or what each has done.
    std::string compare(const std::string& steps, const std::string& init = "{ok, a, data}") {
        return erl->eval("mirror:compare({factory, " + cpp->name() + "}, " + init + ", [" + steps + "])");
    }

    std::unique_ptr<rakka_peer> cpp;
    std::unique_ptr<beam_node> erl;
};
RAKKA_OTP_TEST_SUITE(gen_statem_trace);

#define RAKKA_SAME(...) EXPECT_EQ(compare(__VA_ARGS__), "same") << "scenario: " << #__VA_ARGS__

TEST_P(gen_statem_trace, events_and_states) {
    RAKKA_SAME("{cast, 1}, {info, 2}, {call, 3}");
    RAKKA_SAME("{cast, {do, {next_state, b, data}}}, {call, 1}");
    RAKKA_SAME(
        "{cast, {do, {next_state, {b, [1]}, data}}}, {cast, {do, {next_state, {b, [1]}, data}}}, {cast, 1}");
    RAKKA_SAME("{cast, {do, {next_state, 1, data}}}, {cast, {do, {next_state, 1.0, data}}}");
    RAKKA_SAME("{cast, {do, repeat_state_and_data}}, {cast, {do, {repeat_state_and_data, [hibernate]}}}");
    RAKKA_SAME("{cast, {do, {next_state, b, data}, repeat_state_and_data}}");
    RAKKA_SAME("{call, {do, {keep_state_and_data, {reply, from, one}}}}");
    RAKKA_SAME("{call, {do, {keep_state_and_data, [{reply, from, one}, {reply, from, two}]}}}");
    RAKKA_SAME("{call, {do, {next_state, b, data}, {keep_state_and_data, [{reply, from, entered}]}}}");
}

TEST_P(gen_statem_trace, postponed_and_inserted_events) {
    const std::string wait = "{cast, {do, {keep_state_and_data, postpone}}}";
    RAKKA_SAME(wait + ", {cast, 1}, {cast, {do, {next_state, b, data}}}, {cast, 2}");
    RAKKA_SAME("{cast, {do, {next_state, b, data, [postpone]}}}, {cast, 1}");
    RAKKA_SAME(
        "{cast, {do, {keep_state_and_data, [postpone, {postpone, false}]}}}, {cast, {do, {next_state, b, "
        "data}}}");
    RAKKA_SAME(
        "{cast, {do, {keep_state_and_data, [{next_event, internal, 1}, {next_event, cast, 2}]}}}, {cast, 3}");
    RAKKA_SAME(
        "{cast, {do, {keep_state_and_data, [{next_event, internal, {do, {keep_state_and_data, "
        "postpone}}}]}}}, "
        "{cast, 3}, {cast, {do, {next_state, b, data}}}");
    RAKKA_SAME(wait +
               ", {cast, {do, {next_state, b, data, [{next_event, internal, 1}, {next_event, info, 2}]}}}");
    RAKKA_SAME("{call, {do, {keep_state_and_data, [{next_event, {call, from}, again}]}}}");
    RAKKA_SAME(
        "{cast, {do, {keep_state_and_data, [{next_event, {timeout, n}, 1}, {next_event, timeout, 2}, "
        "{next_event, state_timeout, 3}]}}}");
}

TEST_P(gen_statem_trace, timeouts) {
    RAKKA_SAME("{cast, {do, {keep_state_and_data, [{timeout, 0, 1}]}}}, {cast, 2}");
    RAKKA_SAME("{cast, {do, {keep_state_and_data, [{timeout, 0, 1}, {next_event, internal, 2}]}}}");
    RAKKA_SAME(
        "{cast, {do, {keep_state_and_data, [{state_timeout, 0, 1}, {{timeout, n}, 0, 2}, {timeout, 0, "
        "3}]}}}, {cast, 4}");
    RAKKA_SAME("{cast, {do, {keep_state_and_data, [{state_timeout, 0, 1}, {state_timeout, 0, 2}]}}}");
    RAKKA_SAME(
        "{cast, {do, {keep_state_and_data, [{state_timeout, 0, 1}, {next_event, internal, {do, {next_state, "
        "b, data}}}]}}}");
    RAKKA_SAME(
        "{cast, {do, {keep_state_and_data, [{{timeout, n}, 0, 1}, {next_event, internal, {do, {next_state, "
        "b, data}}}]}}}");
    RAKKA_SAME(
        "{cast, {do, {keep_state_and_data, [{{timeout, n}, 40, 1}]}}}, {cast, {do, {next_state, b, data}}}, "
        "{wait, 120}");
    RAKKA_SAME(
        "{cast, {do, {keep_state_and_data, [{state_timeout, 40, 1}]}}}, {cast, {do, {next_state, b, data}}}, "
        "{wait, 120}");
    RAKKA_SAME("{cast, {do, {keep_state_and_data, [{state_timeout, 40, 1}]}}}, {cast, 1}, {wait, 120}");
    RAKKA_SAME("{cast, {do, {keep_state_and_data, [{timeout, 40, 1}]}}}, {wait, 120}");
    RAKKA_SAME("{cast, {do, {keep_state_and_data, [{timeout, 40, 1}]}}}, {cast, 1}, {wait, 120}");
    RAKKA_SAME(
        "{cast, {do, {keep_state_and_data, [{state_timeout, 40, 1}]}}}, "
        "{cast, {do, {keep_state_and_data, [{state_timeout, update, 2}]}}}, {wait, 120}");
    RAKKA_SAME("{cast, {do, {keep_state_and_data, [{state_timeout, update, 2}, {timeout, update, 3}]}}}");
    RAKKA_SAME(
        "{cast, {do, {keep_state_and_data, [{state_timeout, 40, 1}]}}}, "
        "{cast, {do, {keep_state_and_data, [{state_timeout, cancel}]}}}, {wait, 120}");
    RAKKA_SAME(
        "{cast, {do, {keep_state_and_data, [{{timeout, n}, 40, 1}]}}}, "
        "{cast, {do, {keep_state_and_data, [{{timeout, n}, infinity, 2}]}}}, {wait, 120}");
    RAKKA_SAME(
        "{cast, {do, {next_state, b, data}, {keep_state_and_data, [{state_timeout, 0, 1}]}}}, {cast, 2}");
}

TEST_P(gen_statem_trace, ends_and_errors) {
    RAKKA_SAME("{cast, {do, stop}}, {cast, 1}");
    RAKKA_SAME("{call, {do, {stop, why}}}, {cast, 1}");
    RAKKA_SAME("{call, {do, {stop_and_reply, why, [{reply, from, bye}]}}}");
    RAKKA_SAME("{call, {do, {stop_and_reply, why, [hibernate]}}}");
    RAKKA_SAME("{cast, {do, nonsense}}");
    RAKKA_SAME("{cast, {do, {nonsense, 1}}}");
    RAKKA_SAME("{cast, {do, ignore}}");
    RAKKA_SAME("{cast, {do, {keep_state_and_data, [{state_timeout, -1, x}]}}}");
    RAKKA_SAME(
        "{call, {do, {keep_state_and_data, [{reply, from, 1}, {state_timeout, -1, x}, {reply, from, 2}]}}}");
    RAKKA_SAME("{cast, {do, {keep_state_and_data, [{next_event, enter, x}]}}}");
    RAKKA_SAME("{cast, {do, {keep_state_and_data, [pop_callback_module]}}}");
    RAKKA_SAME("{cast, {do, {next_state, b, data}, {next_state, c, data}}}");
    RAKKA_SAME("{cast, {do, {next_state, b, data}, {next_state, c, data, [hibernate]}}}");
    RAKKA_SAME("{cast, {do, {next_state, b, data}, {keep_state_and_data, [postpone]}}}");
    RAKKA_SAME("{cast, {do, {next_state, b, data}, {keep_state_and_data, [{postpone, false}]}}}");
    RAKKA_SAME("{cast, {do, {next_state, b, data}, {keep_state_and_data, [{next_event, internal, 1}]}}}");
    RAKKA_SAME("{cast, {do, {next_state, b, data}, {keep_state_and_data, [pop_callback_module]}}}");
    RAKKA_SAME("{cast, {do, {next_state, b, data}, {stop, why}}}");
    RAKKA_SAME("{cast, {do, {next_state, b, data}, nonsense}}");
}

TEST_P(gen_statem_trace, exceptions_of_every_kind) {
    for (const std::string what :
         {"{exit, x}", "{error_of, e}", "{throw, t}", "{std, <<\"bad\">>}", "custom", "odd"}) {
        RAKKA_SAME("", what);
        RAKKA_SAME("{call, {do, " + what + "}}, {cast, 1}");
        RAKKA_SAME("{cast, {do, " + what + "}}");
        RAKKA_SAME("{info, {do, " + what + "}}");
        RAKKA_SAME("{cast, {do, {next_state, b, data}, " + what + "}}");
        RAKKA_SAME("{cast, {do, {keep_state_and_data, [{state_timeout, 0, {do, " + what + "}}]}}}");
        RAKKA_SAME("{cast, {do, {keep_state_and_data, [{next_event, internal, {do, " + what + "}}]}}}");
        RAKKA_SAME("{cast, {do, {stop, why}}}", "{ok, {last, " + what + "}, data}");
        RAKKA_SAME("", "{ok, {last, " + what + "}, data}");
        RAKKA_SAME("{call, {do, {exit, first}}}", "{ok, {last, " + what + "}, data}");
    }
    RAKKA_SAME("{cast, {do, {stop, why}}}, kill", "{ok, {last, wait}, data}");
    RAKKA_SAME("{cast, {do, {error_of, first}}}, kill", "{ok, {last, wait}, data}");
}

TEST_P(gen_statem_trace, starts) {
    RAKKA_SAME("", "{ok, a, data}");
    RAKKA_SAME("{cast, 1}", "{ok, {a, 1}, data, [{next_event, internal, 1}, postpone, {timeout, 0, 2}]}");
    RAKKA_SAME("{cast, 1}", "{ok, a, data, {state_timeout, 0, 2}}");
    RAKKA_SAME("{cast, 1}", "{ok, a, data, [{state_timeout, -1, 2}]}");
    RAKKA_SAME("", "{stop, why}");
    RAKKA_SAME("", "ignore");
    RAKKA_SAME("", "nonsense");
}

/// A random transition: what an event says that its callback returns.
class random_scenario {
public:
    explicit random_scenario(std::uint32_t seed) : random_(seed) {}

    std::string steps() {
        std::string out;
        for (std::uint32_t i = 0; i < 12; ++i)
            out += (i ? ", {" : "{") + one_of({"cast", "info", "call"}) + ", " + content(2) + "}";
        return out;
    }

private:
    std::string content(int depth) {
        if (number(5) == 0 || depth <= 0) return std::to_string(++count_);
        const bool enter = number(3) == 0;
        return "{do, " + decision(depth) + (enter ? ", " + entered() : "") + "}";
    }
    // An event that is postponed neither changes the state nor inserts events that do: two of those may call
    // each other for ever.
    std::string decision(int depth) {
        const bool postpones = number(4) == 0;
        const std::string more = actions(postpones ? 0 : depth, postpones);
        switch (number(4)) {
            case 0:
                return "{repeat_state_and_data, " + more + "}";
            case 1:
                return "{keep_state_and_data, " + more + "}";
            default:
                if (postpones) return "{keep_state_and_data, " + more + "}";
                return "{next_state, " + one_of({"a", "b", "{c, 1}"}) + ", data, " + more + "}";
        }
    }
    std::string entered() { return "{keep_state_and_data, [" + timeout() + "]}"; }
    std::string actions(int depth, bool postpones) {
        std::string out = postpones ? "postpone" : "{postpone, false}";
        for (std::uint32_t n = number(4); n > 0; --n) {
            if (number(3) != 0) {
                out += ", " + timeout();
            } else {
                out += ", {next_event, " + one_of({"internal", "cast", "info"}) + ", " + content(depth - 1) +
                       "}";
            }
        }
        return "[" + out + "]";
    }
    std::string timeout() {
        return "{" + one_of({"timeout", "state_timeout", "{timeout, x}", "{timeout, y}"}) + ", " +
               one_of({"0", "0", "infinity", "update", "60000"}) + ", " + std::to_string(++count_) + "}";
    }
    std::uint32_t number(std::uint32_t below) { return static_cast<std::uint32_t>(random_() % below); }
    std::string one_of(const std::vector<const char*>& choices) {
        return choices[number(static_cast<std::uint32_t>(choices.size()))];
    }

    std::mt19937 random_;
    int count_ = 0;
};

TEST_P(gen_statem_trace, random_scenarios) {
    for (std::uint32_t seed = 1; seed <= 100; ++seed) {
        const std::string steps = random_scenario(seed).steps();
        ASSERT_EQ(compare(steps), "same") << "seed " << seed << ": " << steps;
    }
}

}  // namespace
}  // namespace rakka::interop
