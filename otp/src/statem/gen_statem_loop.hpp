// The process behind a gen_statem: takes messages apart, calls the callbacks, carries out what they decide.
#pragma once

#include "behaviour/behaviour.hpp"
#include "statem/statem_queue.hpp"

#include <rakka/otp/gen_statem.hpp>

#include <algorithm>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace rakka::detail {

/// Why a machine ends. Erlang: Class, Reason and Stacktrace of gen_statem:terminate/7.
struct machine_end {
    term reason;       // what terminate() is told
    term exit_reason;  // the process's: of an error `{reason, Stack}`
    bool error = false;
    [[nodiscard]] static machine_end exit(term reason) { return {reason, reason}; }
    [[nodiscard]] static machine_end error_of(term reason);
    [[nodiscard]] static machine_end of(const std::exception_ptr& exception);
};

/// One per machine; every function runs in its process. Erlang: the loop functions of gen_statem.
class gen_statem_loop final : public behaviour, private statem_timers {
public:
    /// What is needed until the machine has started: how to make it, or, for enter_loop(), where to begin.
    struct beginning {
        std::function<std::unique_ptr<gen_statem>()> make{};
        term state{};
        std::vector<statem::action> actions{};
    };
    gen_statem_loop(beginning how, std::unique_ptr<gen_statem> module,
                    std::optional<milliseconds> hibernate_after)
        : beginning_(std::make_unique<beginning>(std::move(how))),
          module_(std::move(module)),
          hibernate_after_(hibernate_after ? std::max(*hibernate_after, milliseconds(0)) : forever) {}

    next handle(term message) override;
    next handle_timeout() override;

private:
    using event = statem::event;
    using result = statem::result;
    using action = statem::action;

    /// One event on its way through the state function and the state enter calls to its transition.
    struct turn {
        event& current;
        statem_effects effects{};
        term next_state{};  // no value: the same
        bool hibernate = false;
        bool enters = false;        // a state enter call follows
        bool in_state_call = true;  // not a state enter call
    };
    using ending = std::optional<machine_end>;

    // -- starting
    next begin() override;
    [[nodiscard]] result asked_to_init();
    next enter(term state, std::span<action> actions);

    // -- events
    next on(event e);
    template <class First>
    next run(First&& first);
    ending take(event& current);
    ending enter_state(turn& t);
    [[nodiscard]] result ask(const event& e, const term& state) {
        if (!in_sight()) [[likely]]
            return ask_module(e, state);
        return ask_in_sight(e, state);
    }
    [[nodiscard]] result ask_module(const event& e, const term& state);
    /// The same, of whose callbacks a trace of calls may want to see some.
    [[nodiscard]] result ask_in_sight(const event& e, const term& state);
    [[nodiscard]] result init_in_sight();
    void terminate_in_sight(const term& reason);
    [[nodiscard]] const statem::state_function& function_for(const event& e, const term& state) const;
    ending follow(result& decided, turn& t);
    ending carry_out(std::span<action> actions, turn& t);
    void finish(turn& t);
    [[nodiscard]] ending decide(result& decided, turn& t);
    [[nodiscard]] machine_end stop(result& decided);
    [[nodiscard]] const term& state_of(const turn& t) const noexcept {
        return t.next_state.has_value() ? t.next_state : state_;
    }
    ending act(action::reply_to& what, const action& a, turn& t);
    ending act(action::postpone_event& what, const action& a, turn& t);
    ending act(action::hibernation& what, const action& a, turn& t);
    ending act(action::insert_event& what, const action& a, turn& t);
    ending act(action::set_timeout& what, const action& a, turn& t);
    ending act(action::set_module& what, const action& a, turn& t);

    // -- waiting and ending
    next wait() override;
    next end(term reason) override { return end(machine_end::exit(std::move(reason))); }
    next end(machine_end why);
    [[nodiscard]] term end_report(const machine_end& why) const;

    // -- timers
    reference start(const statem::timeout_key& key, const statem::timeout_time& time) override;
    void cancel(const reference& timer) override;
    [[nodiscard]] std::optional<event> timeout_of(const term& message);

    // -- for sys
    [[nodiscard]] atom behaviour_module() const noexcept override;
    [[nodiscard]] atom callback_module() const override;
    [[nodiscard]] bool knows_module() const noexcept override { return module_ != nullptr; }
    [[nodiscard]] term state() const override;
    term replace_state(const std::function<term(const term&)>& change) override;
    [[nodiscard]] term status(term_view running_or_suspended, const term& logged) override;
    [[nodiscard]] std::optional<term> change_code(const term& module, const term& old_version,
                                                  const term& extra) override;
    [[nodiscard]] event_format format() const noexcept override;
    [[nodiscard]] std::vector<term> modules() const;
    [[nodiscard]] gen_statem::shown_status shown() const;

    static constexpr milliseconds forever{-1};

    // Idle machines are many: nothing here that is not needed later.
    std::unique_ptr<beginning> beginning_;  // gone when it has started
    std::unique_ptr<gen_statem> module_;    // the newest; the others are below it
    term state_;
    statem_queue queue_;
    statem::callback_mode mode_;
    const statem::state_function* function_ = nullptr;  // of the state, when it has been looked for
    const event* current_ = nullptr;                    // the event that is being handled
    milliseconds hibernate_after_;
    bool hibernate_ = false;  // before the next wait
    bool idle_ = false;       // the timeout that runs is hibernate_after_
};

}  // namespace rakka::detail
