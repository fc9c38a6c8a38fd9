// Fuzzes what anybody can send to a gen_statem: one term, a list. Its first element is what init decides, the
// others are messages. The machine answers afterwards, unless it has ended.
//
// The content of an event, and the old state of a state enter call, decide what the callback gives:
//
//     {Decision, [Action]}    Decision: keep | repeat | {next, State} | {stop, R} | {fail, R}
#include "conversation.hpp"

#include <rakka/otp/gen_statem.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace {

using namespace rakka;
using namespace std::chrono_literals;
using fuzzing::part;

/// Decisions of one input: events that postpone and change the state may call each other for ever.
constexpr int most_decisions = 500;
int decisions_left = 0;

class machine : public gen_statem {
public:
    machine(term first, bool by_functions) : first_(std::move(first)), by_functions_(by_functions) {}

private:
    term first_;
    term data_ = "none"_a;
    bool by_functions_;

    statem::callback_mode callback_mode() const override {
        static const state_functions states{{"a"_a, &machine::decide}, {"b"_a, &machine::decide}};
        return {.functions = by_functions_ ? &states : nullptr, .state_enter = true};
    }
    result init() override {
        if (first_.is_atom("ignore"_a)) return ignore();
        if (!first_.is_tuple(2)) return next_state("a"_a);
        return decided_by(first_, from());
    }
    result handle_event(const event& e, const term&) override { return decide(e); }
    void terminate(term_view reason, const term&) override {
        if (reason.is_tagged("late"_a, 2)) throw std::runtime_error("last words");
    }
    term data() const override { return data_; }
    void replace_data(const term& data) override { data_ = data; }
    term code_change(const term& old_version, const term&, const term& extra) override {
        if (extra.is_atom("refuse"_a)) rakka::exit(old_version);
        return extra;
    }
    void popped(gen_statem& above) override { data_ = static_cast<machine&>(above).data_; }

    result decide(const event& e) {
        if (e.is_call("ping"_a)) return keep_state(reply(e.sender(), "ping"_a));
        if (--decisions_left < 0) return keep_state();
        const term& what = e.content();
        if (what.is_tagged("throw"_a, 2)) throw part(what, 1);
        if (what.is_tagged("exit"_a, 2)) rakka::exit(part(what, 1));
        if (what.is_atom("throw"_a)) throw std::runtime_error("thrown");
        if (what.is_atom("odd"_a)) throw 17;
        data_ = what;
        return what.is_tuple(2) ? decided_by(what, e.sender()) : keep_state();
    }

    static result decided_by(const term& what, const from& asked) {
        result decided = decision(part(what, 0));
        const term actions = part(what, 1);
        if (!actions.is(kind::list)) return decided;
        for (const term_view a : actions.list())
            if (auto read = action_in(actions.share(a), asked)) decided.add(*std::move(read));
        return decided;
    }
    static result decision(const term& d) {
        if (d.is_tagged("next"_a, 2)) return next_state(part(d, 1));
        if (d.is_tagged("stop"_a, 2)) return stop_with(part(d, 1));
        if (d.is_tagged("fail"_a, 2)) return fail_with(part(d, 1));
        return d.is_atom("repeat"_a) ? repeat_state() : keep_state();
    }
    static std::optional<action> action_in(const term& a, const from& asked) {
        if (a.is_atom("postpone"_a)) return postpone();
        if (a.is_tagged("postpone"_a, 2)) return postpone(part(a, 1).is_atom("true"_a));
        if (a.is_atom("hibernate"_a)) return hibernate();
        if (a.is_tagged("reply"_a, 2)) return reply(asked, part(a, 1));
        if (a.is_tagged("push"_a, 2)) return push_callback_module(another(a));
        if (a.is_tagged("change"_a, 2)) return change_callback_module(another(a));
        if (a.is_atom("pop"_a)) return pop_callback_module();
        if (!a.is_tuple(3)) return std::nullopt;
        if (a.is_tagged("next_event"_a, 3)) return next_event(event_in(part(a, 1), part(a, 2), asked));
        const auto time = time_in(part(a, 1));
        if (!time) return std::nullopt;
        if (a.is_tagged("timeout"_a, 3)) return event_timeout(*time, part(a, 2));
        if (a.is_tagged("state_timeout"_a, 3)) return state_timeout(*time, part(a, 2));
        return generic_timeout(part(a, 0), *time, part(a, 2));
    }
    static std::unique_ptr<gen_statem> another(const term& a) {
        return std::make_unique<machine>(term(), part(a, 1).is_atom("functions"_a));
    }
    static std::optional<statem::timeout_time> time_in(const term& t) {
        if (t.is_atom("update"_a)) return update;
        if (t.is_atom("infinity"_a)) return statem::timeout_time(infinity);
        const bool at = t.is_tagged("at"_a, 2);
        const auto n = (at ? part(t, 1) : t).as<std::int64_t>();
        if (!n) return std::nullopt;
        return at ? statem::timeout_time::at(std::chrono::nanoseconds(*n))
                  : statem::timeout_time(std::chrono::milliseconds(*n));
    }
    static event event_in(const term& type, term content, const from& asked) {
        if (type.is_atom("cast"_a)) return event::cast(std::move(content));
        if (type.is_atom("internal"_a)) return event::internal(std::move(content));
        if (type.is_atom("timeout"_a)) return event::timeout(std::move(content));
        if (type.is_atom("state_timeout"_a)) return event::state_timeout(std::move(content));
        if (type.is_atom("enter"_a)) return event::enter(std::move(content));
        if (type.is_atom("call"_a)) return event::call(asked, std::move(content));
        if (type.is_tagged("timeout"_a, 2)) return event::generic_timeout(part(type, 1), std::move(content));
        return event::info(std::move(content));
    }
};

void talk(const term& messages) {
    decisions_left = most_decisions;
    const term first = messages.share(*messages.list().begin());
    const bool by_functions = first.is_tuple(2) && first.tuple()[0].is_tagged("next"_a, 2);
    const auto started = gen_statem::start<machine>({.hibernate_after = 1s}, first, by_functions);
    if (!started) return;
    bool is_first = true;
    for (const term_view message : messages.list())
        if (!std::exchange(is_first, false)) fuzzing::say(*started, messages.share(message));
    fuzzing::resume(*started);
    fuzzing::let_pass(2s);
    const auto answer = fuzzing::answer_of(*started, "ping"_a);
    RAKKA_CHECK(!answer || answer->is_atom("ping"_a));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto prepare = [](rakka::system& sys) {
        // Of a fixed size, however often a state is replaced.
        sys.exports().add("m"_a, "f"_a, 1, exported_function([](const std::vector<term>& arguments) -> term {
                              if (arguments[0].is_tuple(2)) return tuple("b"_a, "replaced"_a);
                              return "none"_a;
                          }));
    };
    return fuzzing::converse(data, size, prepare, talk);
}
