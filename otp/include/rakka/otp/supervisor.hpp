// supervisor: a process that starts others in order, starts them again when they end, and stops them in
// reverse.
//
//     auto top = supervisor::start_link({.strategy = restart_strategy::rest_for_one},
//                                       {child_of<store>("store"_a), child_of<front>("front"_a, {.name =
//                                       "front"_a})},
//                                       {.name = "top"_a});
//
// or as a class whose init() says the same, which makes it a child_of<my_supervisor>() of another one:
//
//     class my_supervisor : public rakka::supervisor {
//         std::optional<setup> init() override {
//             return setup{{.intensity = 3}, {child_of<store>("store"_a), child_of<front>("front"_a)}};
//         }
//     };
//
// Erlang and Elixir use it as their own (`supervisor:which_children({top, Node})`,
// `Supervisor.count_children/1`); it has children of other nodes, and can be a child of a BEAM's supervisor.
// To the outside it is a gen_server, as OTP's is. The functions below are for supervisors of C++ and of a
// BEAM alike. [protocol §7.4] Erlang: supervisor.
#pragma once

#include <rakka/otp/child_spec.hpp>
#include <rakka/otp/server_name.hpp>
#include <rakka/otp/start.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace rakka {

/// How long a supervisor has nothing to do before it hibernates: gives memory back. Implicit from a time and
/// from `infinity`; the default is a second, and infinity for simple_one_for_one. Erlang: `hibernate_after`
/// (OTP 28).
class supervisor_hibernation {
public:
    enum class kind : std::uint8_t { by_default, infinity, timed };

    constexpr supervisor_hibernation() noexcept = default;
    constexpr supervisor_hibernation(std::nullopt_t) noexcept : kind_(kind::infinity) {}
    /// Negative: the supervisor is not started, `{supervisor_data, {invalid_hibernate_after, Time}}`.
    constexpr supervisor_hibernation(std::chrono::milliseconds time) noexcept
        : kind_(kind::timed), time_(time) {}

    [[nodiscard]] constexpr kind what() const noexcept { return kind_; }
    /// Precondition: timed.
    [[nodiscard]] constexpr std::chrono::milliseconds time() const noexcept { return time_; }

private:
    kind kind_ = kind::by_default;
    std::chrono::milliseconds time_{};
};

/// Erlang: `sup_flags()`, with its defaults.
struct supervisor_flags {
    restart_strategy strategy = restart_strategy::one_for_one;
    /// More restarts than this within `period`: all children and the supervisor end, with `shutdown`. Not
    /// negative.
    std::int64_t intensity = 1;
    std::chrono::seconds period{5};  ///< at least 1
    /// Not for simple_one_for_one.
    auto_shutdown_mode auto_shutdown = auto_shutdown_mode::never;
    supervisor_hibernation hibernate_after{};
};

/// A child as which_children() tells. Erlang: `{Id, Child, Type, Modules}`.
struct child_info {
    enum class state : std::uint8_t { stopped, running, restarting };
    term id;      ///< `undefined` for one of a simple_one_for_one or dynamic supervisor
    pid process;  ///< when it is running
    state what = state::stopped;
    child_type type = child_type::worker;
    term modules;  ///< a list of atoms, or `dynamic`
};

/// Erlang: what supervisor:count_children/1 gives.
struct child_counts {
    std::size_t specs = 0;        ///< of a simple_one_for_one supervisor: 1
    std::size_t active = 0;       ///< that run
    std::size_t supervisors = 0;  ///< of this type, running or not
    std::size_t workers = 0;      ///< likewise
};

/// A child that has been started. `process` is empty when its start function gave `ignore`.
struct started_child {
    pid process;
    term info;  ///< of `{ok, Pid, Info}`; else no value
};

/// Children by specification.
///
/// The static functions call a supervisor, wherever it is, and wait for its answer without end; errors are
/// `start_error`s with OTP's terms. When there is no answer the caller exits with `{Reason, {gen_server,
/// call, […]}}`, thrown as process_exit. Owner process; they block. A supervisor serves nobody while it
/// starts or stops a child.
class supervisor {
public:
    struct setup {
        supervisor_flags flags;
        std::vector<child_spec> children;
    };
    using auto_mode = auto_shutdown_mode;

    virtual ~supervisor() = default;
    /// What to supervise; nothing: the supervisor is not started, `ignore`. Runs in its process, when it
    /// starts and again for each sys::change_code(), so it must give the same or what is to be from then on.
    /// Erlang: Module:init/1.
    [[nodiscard]] virtual std::optional<setup> init() = 0;
    /// The same as a function.
    using init_function = std::function<std::optional<setup>()>;

    /// Starts a supervisor linked to the caller, and its children in their order; returns when all have
    /// started. Blocks. Errors: `{supervisor_data, {invalid_intensity, _} | {invalid_period, _} |
    /// {invalid_hibernate_after, _} | {bad_combination, [{auto_shutdown, _}, {strategy,
    /// simple_one_for_one}]}}`; `{start_spec, Bad}`, Bad as for check_childspecs(); `{bad_start_spec,
    /// Children}` for simple_one_for_one without exactly one specification;
    /// `{shutdown, {failed_to_start_child, Id, Reason}}`, those started before it having been stopped;
    /// `{already_started, Pid}`. Erlang: supervisor:start_link/2,3.
    [[nodiscard]] static start_result<pid> start_link(supervisor_flags flags,
                                                      std::vector<child_spec> children,
                                                      start_options options = {});
    /// The same for a class, constructed from `args` inside the new process; its init() asked there.
    template <class Supervisor, class... Args>
    [[nodiscard]] static start_result<pid> start_link(start_options options = {}, Args&&... args) {
        // Shared, because std::function copies; unpacked in the new process.
        auto held = std::make_shared<std::tuple<std::decay_t<Args>...>>(std::forward<Args>(args)...);
        return start_module(
            [held]() -> std::unique_ptr<supervisor> {
                return std::apply([](auto&... a) { return std::make_unique<Supervisor>(std::move(a)...); },
                                  *held);
            },
            detail::name_of_class<Supervisor>(), std::move(options));
    }

    /// The same for an init function, which is asked as a class's init() is:
    ///
    ///     supervisor::start_link([] { return supervisor::setup{{.intensity = 3}, specs()}; })
    template <class Init>
    requires std::is_invocable_r_v<std::optional<setup>, Init&> [[nodiscard]] static start_result<pid>
    start_link(Init init, start_options options = {}) {
        return start_function(init_function(std::move(init)), std::move(options));
    }
    /// The same for a function that is exported in this system (system::exports()): what
    /// `Module:init(Argument)` gives is `{ok, {Flags, ChildSpecs}}` or `ignore`, as in Erlang; specifications
    /// may also be child_specs made into terms by make_native(). It is looked up each time it is asked, so
    /// that another one can take its place. Further errors: `{bad_return, {Module, init, Answer}}`, those of
    /// Erlang's flags, `{undef, …}`. Erlang: supervisor:start_link(Module, Argument).
    [[nodiscard]] static start_result<pid> start_exported(atom module, term argument,
                                                          start_options options = {});

    // While a supervisor is suspended, sys::change_code() asks init again, as in Erlang. The new flags hold
    // at once. Children whose ids are among the new specifications keep their processes, and come again as
    // those say; new ones are there without a process until restart_child(); the others stay, behind them.
    // Nobody is started or stopped. `ignore` changes nothing. Errors, with nothing changed: of flags and
    // specifications as for start_link(), without the tuples around them, and `{bad_flags, F}`; what init
    // throws becomes `{'EXIT', Reason}`.

    /// Adds a child and starts it. Errors: `already_present`, `{already_started, Pid}` (the id is there),
    /// `{Bad…}` as for check_childspecs(), `{Reason, {child, undefined, Id, …}}` when it does not start: it
    /// is not added then. A specification with a C++ function can only be given to a supervisor of this
    /// system: for another one the caller exits with badarg. Erlang: supervisor:start_child/2.
    static start_result<started_child> start_child(const server_ref& server, const child_spec& spec);
    /// The same with a term: a specification as Erlang has it; for simple_one_for_one a list of arguments,
    /// which come behind those of its one specification.
    static start_result<started_child> start_child(const server_ref& server, const term& spec_or_arguments);
    /// Stops a child; it can be started again by restart_child(), unless it is temporary, whose specification
    /// is gone. For simple_one_for_one by pid. Errors: `not_found`, `simple_one_for_one`. Erlang:
    /// terminate_child/2.
    static start_result<void> terminate_child(const server_ref& server, const term& id);
    /// Starts a child that does not run. Errors: `running`, `restarting`, `not_found`, `simple_one_for_one`,
    /// or why it does not start. Erlang: restart_child/2.
    static start_result<started_child> restart_child(const server_ref& server, const term& id);
    /// Forgets a child that does not run. Errors as above. Erlang: delete_child/2.
    static start_result<void> delete_child(const server_ref& server, const term& id);

    /// The last started first; time and memory in proportion to their number. Erlang: which_children/1.
    [[nodiscard]] static std::vector<child_info> which_children(const server_ref& server);
    /// One of them, by id, or by pid for simple_one_for_one. Error: `not_found`. Not of a BEAM before OTP 28.
    /// Erlang: which_child/2.
    [[nodiscard]] static start_result<child_info> which_child(const server_ref& server, const term& id);
    /// Erlang: count_children/1.
    [[nodiscard]] static child_counts count_children(const server_ref& server);
    /// The specification as a map with all its keys. Error: `not_found`. Erlang: get_childspec/2.
    [[nodiscard]] static start_result<term> get_childspec(const server_ref& server, const term& id);

    /// Whether these could be given to start_link(). Errors: `{duplicate_child_name, Id}`,
    /// `{invalid_shutdown, T}`,
    /// `{bad_combination, [{auto_shutdown, never}, {significant, true}]}`, `{bad_combination, [{restart,
    /// permanent}, {significant, true}]}`, `{invalid_modules, M}`, `{invalid_module, M}`, and for terms
    /// `{invalid_child_spec, T}`, `missing_id`, `missing_start`, `{invalid_mfa, F}`, `{invalid_restart_type,
    /// R}`, `{invalid_child_type, T}`,
    /// `{invalid_significant, S}`, `{badarg, T}`. With no mode, significant children are allowed. Any thread.
    /// Erlang: check_childspecs/1,2.
    [[nodiscard]] static start_result<void> check_childspecs(const std::vector<child_spec>& children,
                                                             std::optional<auto_mode> mode = std::nullopt);
    [[nodiscard]] static start_result<void> check_childspecs(const term& children,
                                                             std::optional<auto_mode> mode = std::nullopt);

private:
    using factory = std::function<std::unique_ptr<supervisor>()>;
    static start_result<pid> start_module(factory make, atom module, start_options options);
    static start_result<pid> start_function(init_function init, start_options options);
};

}  // namespace rakka
