// What a supervisor needs to know of a child: how it is started, when it is started again, how it is stopped.
//
//     child_spec{.id = "cache"_a, .start = [] { return gen_server::start_link<cache>({.name = "cache"_a}); }}
//     child_of<cache>("cache"_a, {.name = "cache"_a})              // the same, with the class's name for
//     people child_spec{.id = 1, .start = mfargs{"counter"_a, "start_link"_a, list(7)}}   // an exported
//     function
//
// [protocol §7.4] Erlang: supervisor:child_spec().
#pragma once

#include <rakka/actors/exports.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/term.hpp>
#include <rakka/otp/start.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

namespace rakka {

class supervisor;
class dynamic_supervisor;

/// Which children are stopped and started again when one has ended. Erlang: `strategy()`.
enum class restart_strategy : std::uint8_t {
    one_for_one,         ///< it alone
    one_for_all,         ///< all
    rest_for_one,        ///< it, and those that were started after it
    simple_one_for_one,  ///< it alone; all children are of one kind, and are added while the supervisor runs
};

/// When a child that has ended is started again. Erlang: `restart()`.
enum class restart_type : std::uint8_t {
    permanent,  ///< always
    transient,  ///< unless its reason was `normal`, `shutdown` or `{shutdown, _}`
    temporary,  ///< never; its specification is forgotten
};

/// Erlang: `worker()`.
enum class child_type : std::uint8_t { worker, supervisor };

/// When a supervisor ends with `shutdown` because significant children have ended by themselves. Erlang:
/// `auto_shutdown()`.
enum class auto_shutdown_mode : std::uint8_t { never, any_significant, all_significant };

/// How long a child has after `exit(Child, shutdown)` before it is killed. Implicit from a time and from
/// `infinity`; the default is 5 seconds for a worker, infinity for a supervisor. Erlang: `shutdown()`.
class child_shutdown {
public:
    enum class kind : std::uint8_t { by_default, brutal_kill, infinity, timed };

    constexpr child_shutdown() noexcept = default;
    constexpr child_shutdown(std::nullopt_t) noexcept : kind_(kind::infinity) {}
    /// Negative: the specification is refused, `{invalid_shutdown, Time}`.
    constexpr child_shutdown(std::chrono::milliseconds time) noexcept : kind_(kind::timed), time_(time) {}
    /// Killed at once.
    [[nodiscard]] static constexpr child_shutdown brutal_kill() noexcept {
        child_shutdown s;
        s.kind_ = kind::brutal_kill;
        return s;
    }

    [[nodiscard]] constexpr kind what() const noexcept { return kind_; }
    /// Precondition: timed.
    [[nodiscard]] constexpr std::chrono::milliseconds time() const noexcept { return time_; }
    friend constexpr bool operator==(const child_shutdown&, const child_shutdown&) noexcept = default;

private:
    kind kind_ = kind::by_default;
    std::chrono::milliseconds time_{};
};

/// What a start function says. Implicit from a pid and from what the `start_link` of a behaviour gives.
/// Erlang:
/// `{ok, Pid}`, `{ok, Pid, Info}`, `ignore`, `{error, Reason}`.
class start_answer {
public:
    start_answer(const pid& child) : child_(child) {}
    /// A start_error of `ignore` is no error.
    start_answer(const start_result<pid>& started);
    /// `info` goes to who called supervisor::start_child(); the supervisor does not look at it.
    [[nodiscard]] static start_answer with_info(const pid& child, term info);
    [[nodiscard]] static start_answer ignore();
    [[nodiscard]] static start_answer failed(term reason);
    /// Takes Erlang's form; what has another one has failed with itself as the reason.
    [[nodiscard]] static start_answer read(const term& answer);

    /// The child; nothing: ignored or failed.
    [[nodiscard]] const std::optional<pid>& child() const noexcept { return child_; }
    /// No value: none.
    [[nodiscard]] const term& info() const noexcept { return info_; }
    /// Why it has failed; no value: it has not.
    [[nodiscard]] const term& error() const noexcept { return error_; }
    /// Erlang's form.
    [[nodiscard]] term to_term() const;

private:
    start_answer() = default;
    std::optional<pid> child_;
    term info_;
    term error_;
};

/// A start function by name: one that is exported in this system (system::exports()), which gives what
/// Erlang's start functions give, or a start_answer. Looked up at each start; not there: `{'EXIT', {undef,
/// …}}`. Erlang: `mfargs()`.
struct mfargs {
    atom module;
    atom function;
    term arguments = list();  ///< a proper list
};

namespace detail {

using start_function = std::function<start_answer(const std::vector<term>& arguments)>;

[[noreturn]] void no_such_start_function(const term& module, const term& function,
                                         const std::vector<term>& arguments);

template <class F>
concept startable = requires {
    typename signature_of<std::decay_t<F>>::parameters;
}
&&all_readable<typename signature_of<std::decay_t<F>>::parameters>&& signature_of<std::decay_t<F>>::by_value&&
    std::convertible_to<typename signature_of<std::decay_t<F>>::result, start_answer>;

template <class F, class... P, std::size_t... N>
start_answer start_typed(const F& f, atom module, atom function, const std::vector<term>& given,
                         std::tuple<P...>* /*parameters*/, std::index_sequence<N...> /*places*/) {
    if (given.size() != sizeof...(P)) no_such_start_function(module, function, given);
    std::tuple<std::optional<P>...> values;
    [[maybe_unused]] const auto read = [&]<class T>(std::optional<T>& value, std::size_t n) {
        value = read_argument<T>(given[n]);
        return value.has_value();
    };
    if (!(read(std::get<N>(values), N) && ...)) no_function_clause(module, function, given);
    return f(std::move(*std::get<N>(values))...);
}

/// In the place of Erlang's name of a module.
[[nodiscard]] atom class_name(const std::type_info& type);
template <class T>
[[nodiscard]] atom name_of_class() {
    return class_name(typeid(T));
}

}  // namespace detail

/// How a child is started: a function of this program, or mfargs.
///
/// The function runs in the supervisor's process, which serves nobody meanwhile. It must start a process
/// linked to its caller (any `start_link`, spawn_link() here or on another node) and give its pid, which may
/// be of any node. Called again at each restart, so it must be able to run more than once. Its parameters are
/// read from the arguments given to start_child() of a simple_one_for_one or dynamic supervisor; elsewhere it
/// has none. What it throws is a failure:
/// `{'EXIT', Reason}`.
class child_start {
public:
    /// Shown as `{cpp, start, []}`.
    template <detail::startable F>
    child_start(F&& f) : child_start(atoms::known<"cpp">, "start"_a, std::forward<F>(f)) {}
    /// Shown as `{module, function, []}` in reports and to tools.
    template <detail::startable F>
    child_start(atom module, atom function, F&& f)
        : module_(module),
          function_(function),
          arguments_(list()),
          call_([module, function,
                 callee = std::decay_t<F>(std::forward<F>(f))](const std::vector<term>& given) {
              using parameters = typename detail::signature_of<std::decay_t<F>>::parameters;
              return detail::start_typed(callee, module, function, given, static_cast<parameters*>(nullptr),
                                         std::make_index_sequence<std::tuple_size_v<parameters>>{});
          }) {}
    child_start(mfargs named);
    /// A function that takes the arguments shown here, and those of start_child() behind them, as they are.
    child_start(mfargs shown, detail::start_function call);

    [[nodiscard]] const term& module() const noexcept { return module_; }
    [[nodiscard]] const term& function() const noexcept { return function_; }
    /// Those that come before the ones of start_child(). A proper list.
    [[nodiscard]] const term& arguments() const noexcept { return arguments_; }
    /// Empty for mfargs.
    [[nodiscard]] const detail::start_function& call() const noexcept { return call_; }

private:
    term module_;
    term function_;
    term arguments_;
    detail::start_function call_;
};

/// One child of a supervisor, or one kind of children. Checked when it is given to a supervisor, with OTP's
/// errors:
/// `{invalid_shutdown, Time}`, `{bad_combination, …}`, `{invalid_modules, …}`. Erlang: `child_spec()`.
struct child_spec {
    term id{};  ///< any term; no two children of a supervisor have the same (`=:=`)
    child_start start;
    restart_type restart = restart_type::permanent;
    /// Ends the supervisor as its auto_shutdown says. Not of a permanent child, nor where that is `never`.
    bool significant = false;
    child_shutdown shutdown{};
    child_type type = child_type::worker;
    /// A list of atoms, or `dynamic`; no value: a list of the start function's module.
    term modules{};
};

/// Many children of one kind: the specification is held once. Any thread.
using shared_child_spec = std::shared_ptr<const child_spec>;

/// A child that is a server of class `Server`, constructed from copies of `args` at each start: a gen_server,
/// or whatever has a static `start_link<Server>(options, args…)`. Classes derived from supervisor and
/// dynamic_supervisor are children of type supervisor.
template <class Server, class... Args>
[[nodiscard]] child_spec child_of(term id, start_options options = {}, Args... args) {
    const auto start = [options = std::move(options), held = std::tuple<Args...>(std::move(args)...)]() {
        return std::apply(
            [&](const auto&... a) -> start_result<pid> {
                return Server::template start_link<Server>(options, Args(a)...);
            },
            held);
    };
    constexpr bool supervises =
        std::is_base_of_v<supervisor, Server> || std::is_base_of_v<dynamic_supervisor, Server>;
    return {.id = std::move(id),
            .start = child_start(detail::name_of_class<Server>(), "start_link"_a, start),
            .type = supervises ? child_type::supervisor : child_type::worker};
}

/// Erlang's names of them.
[[nodiscard]] atom to_atom(restart_strategy s) noexcept;
[[nodiscard]] atom to_atom(restart_type r) noexcept;
[[nodiscard]] atom to_atom(child_type t) noexcept;
[[nodiscard]] atom to_atom(auto_shutdown_mode m) noexcept;

}  // namespace rakka

/// A start function that is exported may give a start_answer.
template <>
struct rakka::etf::term_traits<rakka::start_answer> {
    static std::size_t size(const start_answer& a) { return term_traits<term>::size(a.to_term()); }
    static detail::word write(builder& b, const start_answer& a) {
        return term_traits<term>::write(b, a.to_term());
    }
};
