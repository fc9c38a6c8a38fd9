// One handler of gen_event in both worlds: module `h` of a BEAM and a class of C++, which do the same. Both
// do what they are told: of an event, a message, a request or arguments `{do, Result}` the Result is what the
// callback returns, in Erlang's own terms, or an exception: `{throw, X}`, `{exit, X}`, `{error_of, X}`, and
// those of C++, `{std, Text}`, `custom` and `odd`; `wait` never returns.
#pragma once

#include "cpp_exceptions.hpp"

#include <rakka/rakka.hpp>

#include <optional>
#include <utility>

namespace rakka::interop {

inline constexpr const char* gen_event_mirror_erl = R"(
-module(h).
-behaviour(gen_event).
-export([init/1, handle_event/2, handle_call/2, handle_info/2, terminate/2, code_change/3, format_status/1,
         twice/1, boom/1, odd/1]).
init(A) -> tell({init, A}), case A of {{do, R}, _} -> act(R); {do, R} -> act(R); _ -> {ok, A} end.
handle_event(E, S) -> tell({event, E, S}), react(E, S, {ok, S}).
handle_call(C, S) -> tell({call, C, S}), react(C, S, {ok, S, S}).
handle_info(I, S) -> tell({info, I, S}), react(I, S, {ok, S}).
terminate(A, S) -> tell({terminate, A, S}), case S of {last, R} -> act(R); _ -> {terminated, A, S} end.
code_change(_, _, {refuse, R}) -> act(R);
code_change(V, S, X) -> tell({code_change, V, S, X}), {ok, {changed, V, X}}.
format_status(#{state := {secret, R}}) -> act(R);
format_status(M) -> maps:update_with(state, fun(S) -> {shown, S} end, M).
react({do, R}, _, _) -> act(R);
react({only, S, R}, S, _) -> act(R);
react({set, S}, _, Default) -> setelement(tuple_size(Default), Default, S);
react(_, _, Default) -> Default.
act({throw, X}) -> throw(X);
act({exit, X}) -> exit(X);
act({error_of, X}) -> error(X);
)" RAKKA_CPP_EXCEPTIONS_ERL R"(act(wait) -> receive never -> ok end;
act(R) -> R.
tell(X) -> catch ge_player ! {told, X}, ok.
twice({h, Id, S}) -> {h, Id, {S, S}}.
boom({h, _, S}) -> exit({boom, S}).
odd(_) -> odd.
)";

class gen_event_mirror : public event_handler {
public:
    explicit gen_event_mirror(const term& args) : state_(args) {}
    /// Who hears of each callback. Set before there are handlers.
    static inline std::optional<registered_name> listener;

    /// Everything of module `h`.
    static void export_to(export_table& exports) {
        gen_event::export_handler<gen_event_mirror>(exports, "h"_a);
        exports.add("h"_a, "twice"_a, [](const term& h) {
            const term state = part(h, 2);
            return term(tuple("h"_a, part(h, 1), tuple(state, state)));
        });
        exports.add("h"_a, "boom"_a, [](const term& h) -> term { rakka::exit(tuple("boom"_a, part(h, 2))); });
        exports.add("h"_a, "odd"_a, [](const term&) { return term("odd"_a); });
    }

private:
    static term part(const term& t, std::size_t n) { return t.share(t.tuple()[n]); }
    static void tell(term what) {
        if (listener) send(*listener, tuple("told"_a, std::move(what)));
    }

    result init() override {
        tell(tuple("init"_a, state_));
        return begin(state_);
    }
    result take_over(const term& last_words) override {
        const term args = std::exchange(state_, tuple(state_, last_words));
        tell(tuple("init"_a, state_));
        return begin(args);
    }
    result begin(const term& args) { return args.is_tagged("do"_a, 2) ? act(part(args, 1)) : ok(); }
    result handle_event(const term& event) override {
        tell(tuple("event"_a, event, state_));
        return react(event);
    }
    answer handle_call(const term& request) override {
        tell(tuple("call"_a, request, state_));
        if (!request.is_tagged("do"_a, 2)) {
            const term before = state_;
            result then = react(request);
            return reply(before).then(std::move(then));
        }
        const term r = part(request, 1);
        raise(r);
        if (r.is_tagged("remove_handler"_a, 2)) return reply(part(r, 1)).then(remove_handler());
        if (r.is_tagged("swap_handler"_a, 6)) return reply(part(r, 1)).then(swapped(r, 2));
        if (!r.is_tagged("ok"_a, 3) && !r.is_tagged("ok"_a, 4)) throw term(r);
        state_ = part(r, 2);
        return reply(part(r, 1)).then(r.is_tuple(4) ? ok().hibernate() : ok());
    }
    result handle_info(const term& message) override {
        tell(tuple("info"_a, message, state_));
        return react(message);
    }
    term terminate(const term& args) override {
        tell(tuple("terminate"_a, args, state_));
        if (!state_.is_tagged("last"_a, 2)) return tuple("terminated"_a, args, state_);
        raise(part(state_, 1));
        return part(state_, 1);
    }
    [[nodiscard]] term state() const override { return state_; }
    void replace_state(const term& state) override { state_ = state; }
    [[nodiscard]] shown_status format_status(shown_status s) const override {
        if (s.state.is_tagged("secret"_a, 2)) raise(part(s.state, 1));
        s.state = tuple("shown"_a, s.state);
        return s;
    }
    void code_change(const term& old_version, const term& extra) override {
        if (extra.is_tagged("refuse"_a, 2)) raise(part(extra, 1));
        tell(tuple("code_change"_a, old_version, state_, extra));
        state_ = tuple("changed"_a, old_version, extra);
    }

    result react(const term& what) {
        if (what.is_tagged("do"_a, 2)) return act(part(what, 1));
        if (what.is_tagged("only"_a, 3) && part(what, 1) == state_) return act(part(what, 2));
        if (what.is_tagged("set"_a, 2)) state_ = part(what, 1);
        return ok();
    }
    static void raise(const term& r) {
        if (r.is_tagged("throw"_a, 2)) throw part(r, 1);
        if (r.is_tagged("exit"_a, 2)) rakka::exit(part(r, 1));
        if (r.is_tagged("error_of"_a, 2)) rakka::error(part(r, 1));
        throw_cpp(r);
        if (r.is_atom("wait"_a)) static_cast<void>(receive_if([](term_view) { return false; }));
    }
    result act(const term& r) {
        if (r.is_tagged("throw"_a, 2)) throw act(part(r, 1));
        raise(r);
        if (r.is_atom("remove_handler"_a)) return remove_handler();
        if (r.is_tagged("swap_handler"_a, 5)) return swapped(r, 1);
        if (r.is_tagged("error"_a, 2)) return fail_with(part(r, 1));
        if (!r.is_tagged("ok"_a, 2) && !r.is_tagged("ok"_a, 3)) throw term(r);
        state_ = part(r, 1);
        return r.is_tuple(3) ? ok().hibernate() : ok();
    }
    /// `{…, Args, State, Handler, NewArgs}`, from the place of Args on.
    result swapped(const term& r, std::size_t at) {
        const term args = part(r, at);
        state_ = part(r, at + 1);
        return swap_handler(args, {handler_id::read(part(r, at + 2)).value(), part(r, at + 3)});
    }

    term state_;
};

}  // namespace rakka::interop
