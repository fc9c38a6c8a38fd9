// A state machine whose callbacks a test writes where it needs them, and what such tests share.
#pragma once

#include <rakka/actors/gen_protocol.hpp>
#include <rakka/actors/links.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/match.hpp>
#include <rakka/otp/gen_statem.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace rakka::statem_tests {

using namespace std::chrono_literals;
using statem::event;
using statem::event_type;
using statem::result;

class machine;

/// What a machine does; `next` makes its decisions and actions.
struct script {
    std::function<result(machine&, const event&, const term& state)> handle;
    std::function<result(machine&)> init{};  // default: starts in state a
    bool state_enter = false;
    std::function<void(term_view reason, const term& state)> terminate{};
    term data = "data"_a;
};

class machine : public gen_statem {
public:
    explicit machine(script s) : script_(std::move(s)) {}

    using gen_statem::cancel;
    using gen_statem::change_callback_module;
    using gen_statem::event_timeout;
    using gen_statem::fail_with;
    using gen_statem::generic_timeout;
    using gen_statem::hibernate;
    using gen_statem::ignore;
    using gen_statem::keep_state;
    using gen_statem::next_event;
    using gen_statem::next_state;
    using gen_statem::pop_callback_module;
    using gen_statem::postpone;
    using gen_statem::push_callback_module;
    using gen_statem::repeat_state;
    using gen_statem::reply;
    using gen_statem::state_timeout;
    using gen_statem::stop_with;
    using gen_statem::update;

private:
    statem::callback_mode callback_mode() const override { return {.state_enter = script_.state_enter}; }
    result init() override { return script_.init ? script_.init(*this) : next_state("a"_a); }
    result handle_event(const event& e, const term& state) override {
        return script_.handle(*this, e, state);
    }
    void terminate(term_view reason, const term& state) override {
        if (script_.terminate) script_.terminate(reason, state);
    }
    term data() const override { return script_.data; }

    script script_;
};

/// `{Type, Content, State}`; of a call the type is `call` alone.
inline term seen(const event& e, const term& state) {
    return tuple(e.is_call() ? term("call"_a) : e.type_term(), e.content(), state);
}

inline pid start(script s, start_options options = {}) {
    return gen_statem::start<machine>(std::move(options), std::move(s)).value();
}

struct shape {
    const char* name;
    system_options options;
};
inline const auto shapes = testing::Values(
    shape{"one_worker", {.workers = 1}}, shape{"four_workers", {.workers = 4}},
    shape{"four_shuffled", {.workers = 4, .seed = 7}}, shape{"simulation", {.simulation = true, .seed = 11}});

class statem_test : public testing::TestWithParam<shape> {
protected:
    /// Runs `body` in a process; what it is told by tell() is text in the order of arrival.
    void in_process(const std::function<void()>& body) {
        rakka::system s(GetParam().options);
        s.run([&] {
            me = self();
            body();
        });
    }
    /// From anywhere: one more line for the test.
    [[nodiscard]] std::function<void(term)> teller() const {
        return [to = me](term what) { send(to, tuple("told"_a, std::move(what))); };
    }
    static bool is_told(term_view m) { return m.is_tagged("told"_a, 2); }
    static std::string told() {
        const auto m = receive_if(is_told, 20s);
        return m ? m->tuple()[1].to_string() : "nothing came";
    }
    static std::vector<std::string> told(std::size_t n) {
        std::vector<std::string> out;
        while (out.size() < n)
            out.push_back(told());
        return out;
    }
    static bool told_nothing(std::chrono::nanoseconds span = 0ms) { return !receive_if(is_told, span); }
    /// When it answers, it has handled what was sent to it before; a machine that takes only timeouts and
    /// events it knows answers all calls alike.
    static void settle(const pid& server) {
        static_cast<void>(gen::call(server, "system"_a, term("get_state"_a), 20s));
    }
    static term down_reason(const reference& ref) {
        const auto down = receive_if(
            ref, [&](term_view m) { return is_down(ref, m); }, 20s);
        return down ? down->share(down->tuple()[4]) : term("no_down"_a);
    }
    /// The reason with which `f` exits, as text.
    template <class F>
    static std::string exit_of(F&& f) {
        try {
            f();
        } catch (const process_exit& e) {
            return e.reason.to_string();
        }
        return "no exit";
    }

    pid me;
};

using lines = std::vector<std::string>;

}  // namespace rakka::statem_tests
