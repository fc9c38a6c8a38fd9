// dynamic_supervisor: children that come and go, each of its own kind, any number of them. Elixir's
// DynamicSupervisor.
//
//     dynamic_supervisor::start_link({.max_children = 100'000}, {.name = "sessions"_a}).value();
//     const auto kind = std::make_shared<const child_spec>(child_spec{
//         .start = [](std::int64_t user) { return gen_server::start_link<session>({}, user); },
//         .restart = restart_type::temporary});
//     auto child = dynamic_supervisor::start_child("sessions"_a, kind, {term(42)});
//
// Children have no id: their pid is what they are known by. They are started when asked for, and stopped all
// at once. To start, end and start again one of them takes the same time however many there are, and each
// costs some 60 bytes here. Elixir uses it as its own: `DynamicSupervisor.start_child({:sessions, node},
// {Session, 42})`, with `Session.start_link/1` an exported function (system::exports()). [protocol §7.6]
#pragma once

#include <rakka/otp/supervisor.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace rakka {

/// Elixir: the options of DynamicSupervisor.init/1, with its defaults.
struct dynamic_supervisor_options {
    std::int64_t max_restarts = 3;        ///< within max_seconds; see supervisor_flags::intensity
    std::chrono::seconds max_seconds{5};  ///< at least 1
    /// More are refused, `max_children`.
    std::size_t max_children = std::numeric_limits<std::size_t>::max();
    /// Come before the arguments of every start function.
    std::vector<term> extra_arguments{};
};

/// Functions and errors as in supervisor, with what differs said here.
class dynamic_supervisor {
public:
    virtual ~dynamic_supervisor() = default;
    /// For a class that is a supervisor: its options; nothing: `ignore`. Asked when it starts, and for each
    /// sys::change_code(): children stay as they are, and come again with the new extra_arguments. Elixir:
    /// the callback init/1.
    [[nodiscard]] virtual std::optional<dynamic_supervisor_options> init() = 0;

    /// Starts one, linked to the caller, without children. Errors: `{supervisor_data, {invalid_intensity, _}
    /// | {invalid_period, _}}`, `{already_started, Pid}`. Blocks. Owner process. Elixir:
    /// DynamicSupervisor.start_link/1.
    [[nodiscard]] static start_result<pid> start_link(dynamic_supervisor_options limits = {},
                                                      start_options options = {});
    template <class Supervisor, class... Args>
    [[nodiscard]] static start_result<pid> start_link(start_options options = {}, Args&&... args) {
        auto held = std::make_shared<std::tuple<std::decay_t<Args>...>>(std::forward<Args>(args)...);
        return start_module(
            [held]() -> std::unique_ptr<dynamic_supervisor> {
                return std::apply([](auto&... a) { return std::make_unique<Supervisor>(std::move(a)...); },
                                  *held);
            },
            detail::name_of_class<Supervisor>(), std::move(options));
    }

    /// Starts a child; its id is not looked at. `arguments` come behind those of the specification. `process`
    /// is empty when the start function gave `ignore`: nothing is kept. Errors: `max_children`,
    /// `{invalid_shutdown, _}` and the like, the reason of the start function, what it threw without
    /// `'EXIT'`. For a supervisor of this system; for another one the caller exits with badarg. Elixir:
    /// start_child/2.
    static start_result<started_child> start_child(const server_ref& server, shared_child_spec kind,
                                                   std::vector<term> arguments = {});
    static start_result<started_child> start_child(const server_ref& server, const child_spec& spec,
                                                   std::vector<term> arguments = {});
    /// The same on any node, for a BEAM's too, with `{{M, F, A}, Restart, Shutdown, Type, Modules}`.
    static start_result<started_child> start_child(const server_ref& server, const term& spec);
    /// Error: `not_found`. Elixir: terminate_child/2.
    static start_result<void> terminate_child(const server_ref& server, const pid& child);
    /// In no order. Elixir: which_children/1.
    [[nodiscard]] static std::vector<child_info> which_children(const server_ref& server);
    /// `specs` is the number of children. Elixir: count_children/1.
    [[nodiscard]] static child_counts count_children(const server_ref& server);

private:
    using factory = std::function<std::unique_ptr<dynamic_supervisor>()>;
    static start_result<pid> start_module(factory make, atom module, start_options options);
};

}  // namespace rakka
