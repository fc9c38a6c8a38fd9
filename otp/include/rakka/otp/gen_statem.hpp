// gen_statem: a state machine written as a class with callbacks, callable from C++ and from any BEAM.
//
//     class push_button : public rakka::gen_statem {
//         int pushed_ = 0;
//         statem::callback_mode callback_mode() const override {
//             static const state_functions states{{"off"_a, &push_button::off}, {"on"_a, &push_button::on}};
//             return {.functions = &states};
//         }
//         result init() override { return next_state("off"_a); }
//         result off(const event& e) {
//             if (e.is_call("push"_a)) return ++pushed_, next_state("on"_a, reply(e.sender(), "on"_a));
//             return keep_state(postpone());
//         }
//         result on(const event& e) { … }
//     };
//     const pid button = gen_statem::start<push_button>({.name = "button"_a}).value();
//     gen_statem::call(button, "push"_a);
//
// The state is a term that the machine holds; the data are the object's members. What happens when is in
// docs/gen_statem.md. Between two callbacks the process owns no stack, so idle machines are cheap; a callback
// may block (receive, call, …) as any process may. Erlang: gen_statem.
#pragma once

#include <rakka/otp/gen_server.hpp>
#include <rakka/otp/gen_statem_result.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace rakka {

namespace statem {

/// The function of one state.
using state_function = result (gen_statem::*)(const event&);

/// Which member function serves which state. Make one for the class (`static const`), not one for the object.
class state_functions {
public:
    struct entry {
        template <std::derived_from<gen_statem> Machine>
        entry(atom state_name, result (Machine::*f)(const event&))
            : state(state_name), function(static_cast<state_function>(f)) {}
        atom state;
        state_function function;
    };
    state_functions(std::initializer_list<entry> states);

    /// Null for a state that has none.
    [[nodiscard]] const state_function* find(atom state) const noexcept;

private:
    std::vector<entry> entries_;  // by the number of the atom
};

/// How a machine gets its events: with `functions`, each state has a function, and states are atoms; without,
/// handle_event() gets all. Erlang: callback_mode().
struct callback_mode {
    const state_functions* functions = nullptr;  ///< lives as long as machines that use it
    bool state_enter = false;  ///< an `enter` event whenever a state is entered. Erlang: `state_enter`
};

/// How long a call waits; the two forms differ in the exit reason of one that fails, as they do since OTP 24.
struct clean_timeout {
    explicit clean_timeout(std::optional<std::chrono::milliseconds> t) noexcept : limit(t) {}
    std::optional<std::chrono::milliseconds> limit;
};
struct dirty_timeout {
    explicit dirty_timeout(std::optional<std::chrono::milliseconds> t) noexcept : limit(t) {}
    std::optional<std::chrono::milliseconds> limit;
};

}  // namespace statem

/// The base of a state machine. Every callback runs in the machine's own process, one at a time: no member
/// needs a lock.
///
/// An exception that leaves a callback ends the machine; its reason is the exception's exit reason
/// (exit_reason.hpp), and terminate() has been called before, with the reason alone where the exit reason is
/// `{Reason, Stack}`. A result that is thrown counts as returned; a term that is thrown ends the machine with
/// `{bad_return_from_state_function, Term}`.
class gen_statem {
public:
    using event = statem::event;
    using event_type = statem::event_type;
    using result = statem::result;
    using action = statem::action;
    using state_functions = statem::state_functions;
    using milliseconds = std::chrono::milliseconds;

    // -- starting and using machines: from inside any process
    // --------------------------------------------------------------------------------------------------

    /// Starts a `Machine`, constructed from `args` inside its own process, and waits until its init() has
    /// returned. Blocks the calling process. Owner process. Erlang: gen_statem:start/3,4.
    template <std::derived_from<gen_statem> Machine, class... Args>
    [[nodiscard]] static start_result<pid> start(start_options options = {}, Args&&... args) {
        return pid_of(start_machine(factory<Machine>(std::forward<Args>(args)...), options, mode::plain));
    }
    /// As start(), linked to the caller. Erlang: gen_statem:start_link/3,4.
    template <std::derived_from<gen_statem> Machine, class... Args>
    [[nodiscard]] static start_result<pid> start_link(start_options options = {}, Args&&... args) {
        return pid_of(start_machine(factory<Machine>(std::forward<Args>(args)...), options, mode::link));
    }
    /// As start(), with a monitor that is in place before anything can go wrong. Erlang:
    /// gen_statem:start_monitor/3,4.
    template <std::derived_from<gen_statem> Machine, class... Args>
    [[nodiscard]] static start_result<std::pair<pid, reference>> start_monitor(start_options options = {},
                                                                               Args&&... args) {
        return start_machine(factory<Machine>(std::forward<Args>(args)...), options, mode::monitor);
    }
    /// Makes the calling process, which has done its own start, a machine in `state`, and never returns: its
    /// end is an exit, thrown as process_exit. init() is not called; `actions` are what it would have
    /// returned; of the options name, hibernate_after and debug count. Owner process. Erlang:
    /// gen_statem:enter_loop/4,5,6.
    [[noreturn]] static void enter_loop(std::unique_ptr<gen_statem> machine, term state,
                                        std::vector<action> actions = {}, const start_options& options = {});

    using wait_time = std::optional<milliseconds>;
    using call_timeout = std::variant<wait_time, statem::clean_timeout, statem::dirty_timeout>;

    /// Calls a machine anywhere, or any other behaviour, and waits for ever, or as long as `timeout` says.
    /// Blocks the calling process. When no reply comes, the caller exits with `{Reason, {gen_statem, call,
    /// [Machine, Request, Timeout]}}`, thrown as process_exit; to handle that instead use try_call. A late
    /// reply never arrives. Erlang: gen_statem:call/2,3.
    static term call(const destination& machine, const term& request, const call_timeout& timeout = infinity);
    static term call(const registry_name& machine, const term& request,
                     const call_timeout& timeout = infinity);
    /// As call(), with the reason returned when there is no reply.
    [[nodiscard]] static boost::system::result<term, gen::no_reply> try_call(const destination& machine,
                                                                             const term& request,
                                                                             wait_time timeout = infinity) {
        return gen_server::try_call(machine, request, timeout);
    }
    [[nodiscard]] static boost::system::result<term, gen::no_reply> try_call(const registry_name& machine,
                                                                             const term& request,
                                                                             wait_time timeout = infinity) {
        return gen_server::try_call(machine, request, timeout);
    }
    /// Never waits for an answer, never fails visibly. Erlang: gen_statem:cast/2.
    static void cast(const destination& machine, const term& content) { gen_server::cast(machine, content); }
    static void cast(const registry_name& machine, const term& content) {
        gen_server::cast(machine, content);
    }
    /// As gen_server::stop(). For requests that are answered later see requests.hpp. Erlang:
    /// gen_statem:stop/1,3.
    static void stop(const server_ref& machine, const term& reason = term(atoms::known<"normal">),
                     wait_time timeout = infinity) {
        gen_server::stop(machine, reason, timeout);
    }

    // -- callbacks
    // --------------------------------------------------------------------------------------------------

    virtual ~gen_statem();

    /// Which callbacks get the events. Asked once, after init(), and of each module that takes over.
    [[nodiscard]] virtual statem::callback_mode callback_mode() const { return {}; }
    /// Runs before start() returns to the starter. next_state(first, actions…) = started: the actions are
    /// carried out, then comes the state enter call; stop_with(reason) = start() fails with the reason, which
    /// also is the process's; ignore() and fail_with(reason) = the process ends normally and start() fails
    /// with `ignore` or the reason. Anything else, and a thrown term: `{bad_return_from_init, …}`. Erlang:
    /// init/1 (its arguments are the class's constructor's).
    virtual result init() = 0;
    /// One event in `state`, when callback_mode() has no functions. The default ends the machine with
    /// `{undef, …}`. Erlang: handle_event/4.
    virtual result handle_event(const event& e, const term& state);
    /// Last words: after stop(), an exception, or the parent's exit when trapping exits. Not called for exits
    /// that are not trapped, nor for kill. What it throws becomes the reason, unless it is a term. Erlang:
    /// terminate/3.
    virtual void terminate(term_view reason, const term& state) {
        static_cast<void>(reason);
        static_cast<void>(state);
    }
    /// The data shown in sys:get_state/1 (`{State, Data}`) and in reports; by default `undefined`.
    [[nodiscard]] virtual term data() const { return term(atoms::known<"undefined">); }
    /// Data for sys:replace_state/2, in the form of data(); the state is replaced all the same. The default
    /// has none to take: the caller gets `{callback_failed, …}`, unless the data are as before.
    virtual void replace_data(const term& data);
    /// What others see of a machine: in sys:get_status, and when it has crashed (then also reason and queue).
    struct shown_status {
        term state{};
        term data{};
        term reason{};              ///< no value in get_status
        std::vector<term> queue{};  ///< `{Type, Content}`: the event that was handled, then those that wait
        std::vector<term> postponed{};  ///< likewise, the newest first
        std::vector<term> timeouts{};   ///< `{Type, Content}` of those that run
        std::vector<term> log{};        ///< what sys:log keeps
    };
    /// Takes out what is secret or too long. Erlang: format_status/1.
    [[nodiscard]] virtual shown_status format_status(shown_status s) const { return s; }
    /// Another version of the code takes over, while suspended: gives the state to go on in. An exception
    /// refuses: its reason is the error, and the state stays as it was. Erlang: code_change/4.
    [[nodiscard]] virtual term code_change(const term& old_version, const term& old_state,
                                           const term& extra) {
        static_cast<void>(old_version);
        static_cast<void>(extra);
        return old_state;
    }
    /// This module serves again, because `above`, which has been pushed on it, is popped: the place to take
    /// over the data. Erlang's modules share their data and need no such callback.
    virtual void popped(gen_statem& above) { static_cast<void>(above); }

protected:
    // -- decisions: each takes its actions, in order, as further arguments
    // --------------------------------------------------------------------------------------------------

    /// Goes to `state`. When that is another (`=/=`): the state timeout stops, postponed events come again,
    /// and the new state gets its `enter`. Erlang: `{next_state, State, Data, Actions}`.
    template <std::convertible_to<action>... Actions>
    static result next_state(term state, Actions&&... actions) {
        return result(result::decision::next_state, std::move(state), std::forward<Actions>(actions)...);
    }
    /// Erlang: `{keep_state, Data, Actions}`, `keep_state_and_data`.
    template <std::convertible_to<action>... Actions>
    static result keep_state(Actions&&... actions) {
        return result(result::decision::keep_state, term(), std::forward<Actions>(actions)...);
    }
    /// Stays, with the state's `enter` once more; nothing is retried or stopped. Erlang: `repeat_state`.
    template <std::convertible_to<action>... Actions>
    static result repeat_state(Actions&&... actions) {
        return result(result::decision::repeat_state, term(), std::forward<Actions>(actions)...);
    }
    /// Ends with `reason`; `normal`, `shutdown` and `{shutdown, _}` are no crash. `replies` are sent before
    /// terminate() is called. Erlang: `{stop, Reason}`, `{stop_and_reply, Reason, Replies}`.
    template <std::convertible_to<action>... Replies>
    static result stop_with(term reason, Replies&&... replies) {
        return result(result::decision::stop, std::move(reason), std::forward<Replies>(replies)...);
    }
    /// For init only. Erlang: `ignore`.
    static result ignore() { return fail_with(atoms::known<"ignore">); }
    /// For init only. Erlang: `{error, Reason}`.
    static result fail_with(term reason) { return result(result::decision::fail, std::move(reason)); }

    // -- actions
    // --------------------------------------------------------------------------------------------------

    static constexpr statem::cancel_t cancel{};
    static constexpr statem::update_t update{};

    /// Answers a call; rakka::reply() does at once, and from anywhere. Erlang: `{reply, From, Value}`.
    [[nodiscard]] static action reply(from to, term value) {
        return action::form(action::reply_to{std::move(to), std::move(value)});
    }
    /// Keeps the event until the state has changed. Not in enter calls; nothing to keep in init. Erlang:
    /// `postpone`.
    [[nodiscard]] static action postpone(bool on = true) { return action::form(action::postpone_event{on}); }
    /// Gives memory back before the next wait. Erlang: `hibernate`.
    [[nodiscard]] static action hibernate(bool on = true) { return action::form(action::hibernation{on}); }
    /// Comes before all that is queued or in the mailbox; several in the order given. Not in enter calls.
    /// Erlang: `{next_event, Type, Content}`.
    [[nodiscard]] static action next_event(event e) {
        return action::form(action::insert_event{std::move(e)});
    }

    /// An event of type timeout unless another event comes first. Erlang: `{timeout, Time, Content}`.
    [[nodiscard]] static action event_timeout(statem::timeout_time time, term content) {
        return timeout_action({event_type::timeout, {}}, time, std::move(content));
    }
    [[nodiscard]] static action event_timeout(statem::cancel_t) {
        return event_timeout(infinity, undefined());
    }
    /// An event of type state_timeout unless the state changes first. Erlang: `{state_timeout, Time,
    /// Content}`.
    [[nodiscard]] static action state_timeout(statem::timeout_time time, term content) {
        return timeout_action({event_type::state_timeout, {}}, time, std::move(content));
    }
    [[nodiscard]] static action state_timeout(statem::cancel_t) {
        return state_timeout(infinity, undefined());
    }
    /// An event of type generic_timeout with this name; nothing stops it but another action for the name.
    /// Erlang: `{{timeout, Name}, Time, Content}`.
    [[nodiscard]] static action generic_timeout(term name, statem::timeout_time time, term content) {
        return timeout_action({event_type::generic_timeout, std::move(name)}, time, std::move(content));
    }
    [[nodiscard]] static action generic_timeout(term name, statem::cancel_t) {
        return generic_timeout(std::move(name), infinity, undefined());
    }

    /// From now on `module` has the callbacks, and this object is gone. Not in enter calls, as the two below.
    /// Erlang: `change_callback_module`.
    [[nodiscard]] static action change_callback_module(std::unique_ptr<gen_statem> module) {
        return module_action(action::set_module::way::change, std::move(module));
    }
    /// The same; this object stays below, for pop_callback_module(). Erlang: `push_callback_module`.
    [[nodiscard]] static action push_callback_module(std::unique_ptr<gen_statem> module) {
        return module_action(action::set_module::way::push, std::move(module));
    }
    /// The object below serves again: see popped(). Erlang: `pop_callback_module`.
    [[nodiscard]] static action pop_callback_module() {
        return module_action(action::set_module::way::pop, nullptr);
    }

private:
    friend class detail::gen_statem_loop;

    static term undefined() { return atoms::known<"undefined">; }
    static action timeout_action(statem::timeout_key key, statem::timeout_time time, term content) {
        return action::form(action::set_timeout{std::move(key), time, std::move(content)});
    }
    static action module_action(action::set_module::way how, std::unique_ptr<gen_statem> module) {
        using pointer = std::unique_ptr<gen_statem, action::delete_module>;
        return action::form(action::set_module{how, pointer(module.release())});
    }

    using factory_function = std::function<std::unique_ptr<gen_statem>()>;
    enum class mode { plain, link, monitor };
    static start_result<std::pair<pid, reference>> start_machine(factory_function make,
                                                                 const start_options& options, mode how);
    static start_result<pid> pid_of(const start_result<std::pair<pid, reference>>& started) {
        if (!started) return started.error();
        return started->first;
    }
    template <class Machine, class... Args>
    static factory_function factory(Args&&... args) {
        // Shared, because std::function copies; unpacked in the new process, so that a constructor may use
        // self().
        auto held = std::make_shared<std::tuple<std::decay_t<Args>...>>(std::forward<Args>(args)...);
        return [held]() -> std::unique_ptr<gen_statem> {
            return std::apply([](auto&... a) { return std::make_unique<Machine>(std::move(a)...); }, *held);
        };
    }

    std::unique_ptr<gen_statem> below_;  // what pop_callback_module() returns to
};

}  // namespace rakka
