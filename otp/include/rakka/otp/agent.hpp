// agent: a value with a process around it, so that others can read and change it one at a time.
//
//     agent::start_link([] { return std::map<std::string, int>(); }, {.name = "visits"_a}).value();
//     agent::update("visits"_a, [](std::map<std::string, int>& m) { ++m["home"]; });
//     int n = agent::get("visits"_a, [](const std::map<std::string, int>& m) { return m.at("home"); });
//
// The functions run in the agent's process: what they refer to must live as long, and one that takes long
// holds up all others. A state with a form as a term is also read and changed from BEAMs, with exported
// functions
// (`Agent.get({:visits, node}, Mod, :fun, args)`), and by sys. [protocol §7.6] Elixir: Agent.
#pragma once

#include <rakka/actors/exports.hpp>
#include <rakka/otp/carried.hpp>
#include <rakka/otp/child_spec.hpp>
#include <rakka/otp/gen_server.hpp>

#include <chrono>
#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace rakka {
namespace detail {

/// The state of an agent, of whatever type.
class agent_state {
public:
    virtual ~agent_state() = default;
    /// The object if it is of this type; else null.
    [[nodiscard]] virtual void* object(const std::type_info& type) noexcept = 0;
    /// No value: it has no form as a term.
    [[nodiscard]] virtual term to_term() const = 0;
    /// False when `t` is no such state.
    [[nodiscard]] virtual bool assign(const term& t) = 0;
};

template <class State>
class agent_state_of final : public agent_state {
    static constexpr bool has_term =
        std::constructible_from<term, const State&> && (std::same_as<State, term> || etf::readable<State>);

public:
    explicit agent_state_of(State s) : state_(std::move(s)) {}
    [[nodiscard]] void* object(const std::type_info& type) noexcept override {
        return type == typeid(State) ? &state_ : nullptr;
    }
    [[nodiscard]] term to_term() const override {
        if constexpr (has_term) return term(state_);
        return {};
    }
    [[nodiscard]] bool assign(const term& t) override {
        if constexpr (has_term) {
            auto read = read_argument<State>(t);
            if (read) state_ = *std::move(read);
            return read.has_value();
        }
        return false;
    }

private:
    State state_;
};

/// A C++ function on its way to the agent. Nothing: the state is of another type.
class agent_function {
public:
    virtual ~agent_function() = default;
    [[nodiscard]] virtual std::optional<term> run(agent_state& state) = 0;
};

template <class State, class F>
class agent_function_of final : public agent_function {
public:
    template <class G>
    explicit agent_function_of(std::in_place_t, G&& f) : f_(std::forward<G>(f)) {}
    std::optional<term> run(agent_state& state) override {
        auto* const object = static_cast<State*>(state.object(typeid(State)));
        if (object == nullptr) return std::nullopt;
        return carry_result(f_, *object);
    }

private:
    F f_;
};

/// A function of the state alone, whose type its parameter tells.
template <class F>
concept state_function = requires {
    typename signature_of<std::decay_t<F>>::parameters;
}
&&std::tuple_size_v<typename signature_of<std::decay_t<F>>::parameters> == 1;
template <state_function F>
using state_of = std::tuple_element_t<0, typename signature_of<std::decay_t<F>>::parameters>;

using agent_factory = std::function<std::unique_ptr<agent_state>()>;

template <state_function F>
[[nodiscard]] std::shared_ptr<agent_function> to_agent_function(F&& f) {
    return std::make_shared<agent_function_of<state_of<F>, std::decay_t<F>>>(std::in_place,
                                                                             std::forward<F>(f));
}
template <class F>
[[nodiscard]] agent_factory to_agent_factory(F&& f) {
    using state = std::decay_t<std::invoke_result_t<std::decay_t<F>&>>;
    auto held = std::make_shared<std::decay_t<F>>(std::forward<F>(f));
    return [held]() -> std::unique_ptr<agent_state> {
        return std::make_unique<agent_state_of<state>>((*held)());
    };
}

start_result<pid> start_agent(agent_factory make, const start_options& options, bool link);
/// `{What, F}`; exits with badarg for an agent of another type, or of another node.
term call_agent(const server_ref& agent, atom what, std::shared_ptr<agent_function> f,
                gen_server::wait_time timeout);
term call_agent(const server_ref& agent, atom what, const mfargs& f, gen_server::wait_time timeout);
void cast_agent(const server_ref& agent, std::shared_ptr<agent_function> f);

}  // namespace detail

/// A C++ function takes the state as its only parameter, by which its type is known: a lambda without `auto`.
/// For an agent whose state has another type the caller exits with `{badarg, []}`, as for one of another
/// node, where no C++ function can be sent. An mfargs names a function exported on the agent's node, which
/// gets the state as its first argument. What a function throws ends the agent, and the caller with it:
/// `{Reason, {gen_server, call, …}}`, as when the time is over. All functions: owner process; they block, but
/// for cast().
class agent {
public:
    using wait_time = gen_server::wait_time;

    /// Starts an agent with the state that `init`, run in its process, gives. Errors: the exit reason of
    /// init, and those of gen_server::start(). Elixir: start/2.
    template <std::invocable F>
    [[nodiscard]] static start_result<pid> start(F&& init, const start_options& options = {}) {
        return detail::start_agent(detail::to_agent_factory(std::forward<F>(init)), options, false);
    }
    /// The same, linked to the caller. Elixir: start_link/2.
    template <std::invocable F>
    [[nodiscard]] static start_result<pid> start_link(F&& init, const start_options& options = {}) {
        return detail::start_agent(detail::to_agent_factory(std::forward<F>(init)), options, true);
    }

    /// What f(state) gives. Elixir: get/3.
    template <detail::state_function F>
    static auto get(const server_ref& agent, F&& f, wait_time timeout = gen_server::default_timeout) {
        return ask<const detail::state_of<F>>(agent, "get"_a, std::forward<F>(f), timeout);
    }
    /// The result as a term. Elixir: get/5.
    static term get(const server_ref& agent, const mfargs& f,
                    wait_time timeout = gen_server::default_timeout) {
        return detail::call_agent(agent, "get"_a, f, timeout);
    }
    /// Runs f(state), which changes it in place, and waits until it has. Elixir: update/3.
    template <detail::state_function F>
    requires std::is_void_v < std::invoke_result_t < std::decay_t<F>
    &, detail::state_of<F>& >> static void update(const server_ref& agent, F&& f,
                                                  wait_time timeout = gen_server::default_timeout) {
        ask<detail::state_of<F>>(agent, "update"_a, std::forward<F>(f), timeout);
    }
    /// What the function gives is the new state. Elixir: update/5.
    static void update(const server_ref& agent, const mfargs& f,
                       wait_time timeout = gen_server::default_timeout) {
        static_cast<void>(detail::call_agent(agent, "update"_a, f, timeout));
    }
    /// As update(), and gives what `f` gives. Elixir: get_and_update/3.
    template <detail::state_function F>
    static auto get_and_update(const server_ref& agent, F&& f,
                               wait_time timeout = gen_server::default_timeout) {
        return ask<detail::state_of<F>>(agent, "get_and_update"_a, std::forward<F>(f), timeout);
    }
    /// The function gives `{Value, NewState}`; anything else ends the agent, `{bad_return_value, …}`. Elixir:
    /// get_and_update/5.
    static term get_and_update(const server_ref& agent, const mfargs& f,
                               wait_time timeout = gen_server::default_timeout) {
        return detail::call_agent(agent, "get_and_update"_a, f, timeout);
    }
    /// As update(), without waiting; nothing tells whether the agent is there. Elixir: cast/2.
    template <detail::state_function F>
    static void cast(const server_ref& agent, F&& f) {
        detail::cast_agent(agent, detail::to_agent_function(std::forward<F>(f)));
    }
    static void cast(const server_ref& agent, const mfargs& f);
    /// Elixir: stop/3.
    static void stop(const server_ref& agent, const term& reason = term(atoms::known<"normal">),
                     wait_time timeout = infinity) {
        gen_server::stop(agent, reason, timeout);
    }

private:
    template <class State, class F>
    static auto ask(const server_ref& agent, atom what, F&& f, wait_time timeout) {
        using value = std::decay_t<std::invoke_result_t<std::decay_t<F>&, State&>>;
        const term answer =
            detail::call_agent(agent, what, detail::to_agent_function(std::forward<F>(f)), timeout);
        if constexpr (!std::is_void_v<value>) return *detail::take_carried<value>(answer);
    }
};

}  // namespace rakka
