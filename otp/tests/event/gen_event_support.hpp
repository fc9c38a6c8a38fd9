// A handler that does what it is told and tells what happens to it, for the tests of gen_event.
#pragma once

#include "behaviour/behaviour_support.hpp"

#include <rakka/actors/links.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/otp/gen_event.hpp>
#include <rakka/otp/sys.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace rakka {

/// Tells `observer` of each callback: `{Name, {event, E}}`, … As events, requests and messages it obeys
/// commands, when they are `{Name, Command}`, its name first.
class obedient_handler : public event_handler {
public:
    obedient_handler(atom name, pid observer) : name_(name), observer_(observer) {}
    /// As the handler of an exported module: from `{Name, Observer}`.
    explicit obedient_handler(const term& args) {
        if (!args.is_tuple(2)) rakka::error("badarg"_a);
        name_ = args.tuple()[0].as<atom>().value();
        observer_ = args.tuple()[1].as<pid>().value();
    }

    /// One that is named `name` and has it as its id.
    [[nodiscard]] static new_handler make(atom name, pid observer) {
        return new_handler::of<obedient_handler>(name, observer).as({"h"_a, name});
    }

    result init() override {
        tell("init"_a);
        if (name_ == "refuses"_a) return fail_with("no_way"_a);
        if (name_ == "exits"_a) rakka::exit("broken"_a);
        if (name_ == "throws"_a) throw term("a_term"_a);
        if (name_ == "sleepy"_a) return ok().hibernate();
        return ok();
    }
    result take_over(const term& last_words) override {
        tell(tuple("took_over"_a, last_words));
        return init();
    }
    result handle_event(const term& event) override {
        tell(tuple("event"_a, event));
        return obey(event);
    }
    answer handle_call(const term& request) override {
        if (request.is_atom("state"_a)) return reply(state_);
        if (request.is_atom("unknown"_a)) return event_handler::handle_call(request);
        tell(tuple("call"_a, request));
        return reply(tuple("did"_a, request)).then(obey(tuple(name_, request)));
    }
    result handle_info(const term& message) override {
        tell(tuple("info"_a, message));
        return obey(message);
    }
    term terminate(const term& args) override {
        tell(tuple("terminate"_a, args));
        if (args.is_tagged("exit"_a, 2)) rakka::exit(args.share(args.tuple()[1]));
        if (args.is_tagged("throw"_a, 2)) throw args.share(args.tuple()[1]);
        return tuple("bye_from"_a, name_);
    }
    [[nodiscard]] term state() const override { return state_; }
    void replace_state(const term& state) override {
        if (state.is_atom("not this"_a)) throw std::runtime_error("no");
        state_ = state;
    }
    void code_change(const term& old_version, const term& extra) override {
        if (extra.is_atom("refuse"_a)) rakka::exit("cannot"_a);
        state_ = tuple("changed"_a, old_version, extra);
    }
    [[nodiscard]] shown_status format_status(shown_status s) const override {
        if (state_.is_atom("secret"_a)) s.state = "hidden"_a;
        return s;
    }

private:
    void tell(const term& what) const { send(observer_, tuple(name_, what)); }
    result obey(const term& command) {
        if (!command.is_tagged(name_, 2)) return ok();
        const term what = command.share(command.tuple()[1]);
        if (what.is_atom("remove"_a)) return remove_handler();
        if (what.is_atom("hibernate"_a)) return ok().hibernate();
        if (what.is_atom("fail"_a)) return fail_with("odd"_a);
        if (what.is_atom("throw result"_a)) throw remove_handler();
        if (what.is_atom("exit"_a)) rakka::exit("on_request"_a);
        if (what.is_atom("error"_a)) rakka::error("on_request"_a);
        if (what.is_atom("exception"_a)) throw std::runtime_error("broken");
        if (what.is_atom("odd exception"_a)) throw 17;
        if (what.is_atom("throw"_a)) throw term("on_request"_a);
        if (what.is_tagged("swap"_a, 2))
            return swap_handler("swap_args"_a, make(what.tuple()[1].as<atom>().value(), observer_));
        if (what.is_tagged("state"_a, 2)) state_ = what.share(what.tuple()[1]);
        return ok();
    }

    atom name_;
    pid observer_;
    term state_ = "fresh"_a;
};

class gen_event_test_base : public behaviour_test {
protected:
    static pid manager(start_options options = {}) { return gen_event::start(options).value(); }
    static handler_id h(atom name) { return {"h"_a, name}; }
    /// Adds one that tells the caller of its life, except of its start.
    static void add(const server_ref& to, atom name) {
        gen_event::add_handler(to, obedient_handler::make(name, self())).value();
        static_cast<void>(heard());
    }
    static void add_supervised(const server_ref& to, atom name) {
        gen_event::add_sup_handler(to, obedient_handler::make(name, self())).value();
        static_cast<void>(heard());
    }
    static term to(atom name, const term& command) { return tuple(name, command); }
    /// All messages that are here, as text.
    static std::string heard() {
        std::string out;
        while (const auto m = receive_if([](term_view) { return true; }, std::chrono::nanoseconds(0))) {
            if (!out.empty()) out += ' ';
            out += m->to_string();
        }
        return out;
    }
    static std::string installed(const server_ref& at) {
        std::string out;
        for (const handler_id& id : gen_event::which_handlers(at)) {
            if (!out.empty()) out += ' ';
            out += id.to_term().to_string();
        }
        return out;
    }
    /// The reason of the monitored process.
    static std::string end_of(const reference& ref) {
        const auto m = receive_if(
            ref, [&](term_view v) { return is_down(ref, v); }, std::chrono::seconds(20));
        return m ? m->tuple()[4].to_string() : "it lives";
    }
};

}  // namespace rakka
