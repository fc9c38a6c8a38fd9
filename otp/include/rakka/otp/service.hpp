// Services: the common gen_server, written as a table of functions with types.
//
//     struct counts { std::int64_t total = 0; };
//     const auto counter = service<counts>("counter")
//                              .call("add", [](counts& c, std::int64_t n) { return c.total += n; })
//                              .cast("reset", [](counts& c) { c.total = 0; });
//     auto started = counter.start_link();
//
// From Elixir: `GenServer.call({:counter, node}, {:add, 3})`, `GenServer.cast({:counter, node}, :reset)`. A
// request that fits no entry, or whose arguments have other types, is answered with
// `{error, {bad_request, #{expected => [Text], got => Request}}}`; the server goes on.
#pragma once

#include <rakka/actors/exports.hpp>
#include <rakka/otp/gen_server.hpp>
#include <rakka/otp/type_text.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace rakka {

/// The state of a service that has none.
struct no_state {};

namespace detail {

/// One function of a service. `run` gives nothing when the arguments have other types than its parameters.
struct service_entry {
    enum class how : std::uint8_t { call, deferred_call, cast };
    atom name;
    how kind = how::call;
    std::vector<std::string> parameters;  ///< in the words of a typespec
    std::string result;                   ///< likewise
    std::function<std::optional<term>(void* state, const from& sender, const std::vector<term>& arguments)>
        run;

    /// `{add, integer(), integer()}`
    [[nodiscard]] std::string shape() const;
};

struct service_table {
    atom name;
    std::vector<service_entry> entries;
    std::function<void(void* state, const term& message)> on_info;  ///< empty: other messages are dropped

    /// Replaces one with the same name, number of arguments and direction.
    void add(service_entry entry);
    [[nodiscard]] const service_entry* find(bool call, term_view name, std::size_t arity) const noexcept;
};

/// Owns the state; makes it inside the process.
using service_state = std::shared_ptr<void>;

[[nodiscard]] start_result<std::pair<pid, reference>> start_service(
    std::shared_ptr<const service_table> table, std::function<service_state()> make, start_options options,
    int mode);
void export_service(const std::shared_ptr<const service_table>& table, export_table& exports);
[[nodiscard]] std::string elixir_module_of(const service_table& table, std::string_view module,
                                           std::string_view node);

/// The parameters of `f` behind the ones that a service gives by itself: its state and the caller.
template <class State, class... P>
struct service_parameters {
    using own = std::tuple<P...>;
    static constexpr bool has_state = false, has_sender = false;
};
template <class State, class... P>
requires(!std::same_as<State, no_state>) struct service_parameters<State, State&, P...> {
    using rest = service_parameters<no_state, P...>;
    using own = typename rest::own;
    static constexpr bool has_state = true, has_sender = rest::has_sender;
};
template <class State, class... P>
requires(!std::same_as<State, no_state>) struct service_parameters<State, const State&, P...>
    : service_parameters<State, State&, P...> {
};
template <class State, class... P>
struct service_parameters<State, const from&, P...> {
    using own = std::tuple<P...>;
    static constexpr bool has_state = false, has_sender = true;
};

template <class State, class F>
struct service_signature : service_signature<State, decltype(&F::operator())> {};
template <class State, class R, class C, class... A>
struct service_signature<State, R (C::*)(A...) const> : service_parameters<State, A...> {
    using result = R;
};
template <class State, class R, class C, class... A>
struct service_signature<State, R (C::*)(A...) const noexcept>
    : service_signature<State, R (C::*)(A...) const> {};
template <class State, class R, class... A>
struct service_signature<State, R (*)(A...)> : service_parameters<State, A...> {
    using result = R;
};

template <class Tuple>
struct decayed_parameters;
template <class... P>
struct decayed_parameters<std::tuple<P...>> {
    using type = std::tuple<std::remove_cvref_t<P>...>;
    static std::vector<std::string> texts() { return {type_text<std::remove_cvref_t<P>>::get()...}; }
};

template <class State, class F, class... P, std::size_t... N>
std::optional<term> run_entry(const F& f, void* state, const from& sender, const std::vector<term>& arguments,
                              std::tuple<P...>* /*parameters*/, std::index_sequence<N...> /*places*/) {
    using signature = service_signature<State, F>;
    std::tuple<std::optional<P>...> values;
    [[maybe_unused]] const auto read = [&]<class T>(std::optional<T>& value, std::size_t n) {
        value = read_argument<T>(arguments[n]);
        return value.has_value();
    };
    if (!(read(std::get<N>(values), N) && ...)) return std::nullopt;
    const auto with = [&](auto&&... first) {
        return call_to_term(
            [&](auto&&... more) { return f(first..., std::forward<decltype(more)>(more)...); },
            std::move(*std::get<N>(values))...);
    };
    [[maybe_unused]] auto* const own = static_cast<State*>(state);
    if constexpr (signature::has_state && signature::has_sender) {
        return with(*own, sender);
    } else if constexpr (signature::has_state) {
        return with(*own);
    } else if constexpr (signature::has_sender) {
        return with(sender);
    } else {
        return with();
    }
}

template <class State, class F>
[[nodiscard]] service_entry make_entry(std::string_view name, service_entry::how kind, F f) {
    using signature = service_signature<State, F>;
    using parameters = decayed_parameters<typename signature::own>;
    using types = typename parameters::type;
    static_assert(all_readable<types>,
                  "rakka: every parameter of a service's function must be readable from a term");
    static_assert(a_result<typename signature::result>,
                  "rakka: the result must be void or have a form as a term");
    if (kind == service_entry::how::call && signature::has_sender) kind = service_entry::how::deferred_call;
    return {atom(name), kind, parameters::texts(),
            kind == service_entry::how::deferred_call
                ? std::string("term()")
                : type_text<std::remove_cvref_t<typename signature::result>>::get(),
            [f = std::move(f)](void* state, const from& sender, const std::vector<term>& arguments) {
                return run_entry<State>(f, state, sender, arguments, static_cast<types*>(nullptr),
                                        std::make_index_sequence<std::tuple_size_v<types>>{});
            }};
}

}  // namespace detail

/// A table of functions that a server process serves, one at a time. A value: copies share nothing but the
/// functions.
///
/// A function is a constant callable that is not overloaded. It may take `State&` or `const State&` first,
/// then `const from&` of the caller, and then arguments of types that can be read from terms
/// (etf/convert.hpp; `term` takes anything). Its result is the reply, `ok` for void. One that takes the
/// caller answers itself, with rakka::reply(), now or later. What it throws ends the server, as in any
/// gen_server.
template <class State = no_state>
class service {
public:
    /// `name` is registered when it starts. The state is made in the server's process by `initial`, for each
    /// start anew.
    explicit service(
        std::string_view name,
        std::function<std::unique_ptr<State>()> initial = [] { return std::make_unique<State>(); })
        : table_(std::make_shared<detail::service_table>()), initial_(std::move(initial)) {
        table_->name = atom(name);
    }

    /// Serves calls `{function, Argument, …}`, or the bare atom when there are no arguments.
    template <class F>
    [[nodiscard]] service call(std::string_view function, F f) const {
        return with(detail::make_entry<State>(function, detail::service_entry::how::call, std::move(f)));
    }
    /// Serves casts of the same shapes; the result is dropped. A cast that fits nothing is logged.
    template <class F>
    [[nodiscard]] service cast(std::string_view function, F f) const {
        return with(detail::make_entry<State>(function, detail::service_entry::how::cast, std::move(f)));
    }
    /// Gets all other messages: `f(State&, const term&)`, or `f(const term&)` of a service without a state.
    template <class F>
    [[nodiscard]] service info(F f) const {
        service out = copy();
        out.table_->on_info = [f = std::move(f)](void* state, const term& message) {
            if constexpr (std::same_as<State, no_state>) {
                f(message);
            } else {
                f(*static_cast<State*>(state), message);
            }
        };
        return out;
    }

    /// Starts a server with this table, under the service's name unless `options` has another. Blocks. Owner
    /// process. Erlang: gen_server:start/4.
    [[nodiscard]] start_result<pid> start(start_options options = {}) const {
        return pid_of(started(options, 0));
    }
    /// The same, linked to the caller. Erlang: gen_server:start_link/4.
    [[nodiscard]] start_result<pid> start_link(start_options options = {}) const {
        return pid_of(started(options, 1));
    }
    /// The same, monitored by the caller. Erlang: gen_server:start_monitor/4.
    [[nodiscard]] start_result<std::pair<pid, reference>> start_monitor(start_options options = {}) const {
        return started(options, 2);
    }

    /// Exports each function under the service's name as module, for `erpc:call(Node, counter, add, [3])` and
    /// its like. They call, or cast to, the service that is registered under its name in this system.
    /// Arguments of other types are `function_clause`, as of an Erlang function with guards. Any thread.
    void export_to(export_table& exports) const { detail::export_service(table_, exports); }

    /// Source of an Elixir module with one function for each, typespecs and all, that calls the service on
    /// `node`.
    [[nodiscard]] std::string elixir_module(std::string_view module, std::string_view node) const {
        return detail::elixir_module_of(*table_, module, node);
    }

private:
    [[nodiscard]] service copy() const {
        service out = *this;
        out.table_ = std::make_shared<detail::service_table>(*table_);
        return out;
    }
    [[nodiscard]] service with(detail::service_entry entry) const {
        service out = copy();
        out.table_->add(std::move(entry));
        return out;
    }
    [[nodiscard]] start_result<std::pair<pid, reference>> started(const start_options& options,
                                                                  int mode) const {
        return detail::start_service(
            table_, [make = initial_]() -> detail::service_state { return std::shared_ptr<State>(make()); },
            options, mode);
    }
    static start_result<pid> pid_of(const start_result<std::pair<pid, reference>>& started) {
        if (!started) return started.error();
        return started->first;
    }

    std::shared_ptr<detail::service_table> table_;  // changed only before it is shared
    std::function<std::unique_ptr<State>()> initial_;
};

service(std::string_view)->service<no_state>;

}  // namespace rakka
