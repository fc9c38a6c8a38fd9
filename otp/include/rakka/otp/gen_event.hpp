// gen_event: a manager process with any number of handlers, each of which sees every event.
//
//     const pid bus = gen_event::start({.name = "bus"_a}).value();
//     gen_event::add_handler<counts>(bus).value();
//     gen_event::notify(bus, tuple("order"_a, 17));
//     const term n = gen_event::call(bus, handler_id::of<counts>(), "get"_a);
//
// Managers and handlers of a BEAM and of C++ understand each other: a C++ process can notify, call, supervise
// and add by name the handlers of an Erlang manager, and the other way round. Handlers run in the order in
// which they were added, the newest first; a manager traps exits. event_handler.hpp says how handlers are
// written. [protocol §7.2, §7.3] Erlang: gen_event.
#pragma once

#include <rakka/actors/exports.hpp>
#include <rakka/actors/gen_protocol.hpp>
#include <rakka/otp/event_handler.hpp>
#include <rakka/otp/requests.hpp>
#include <rakka/otp/start.hpp>

#include <chrono>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace rakka {

/// All functions: from inside a process. Those that wait do so without end unless they take a time, and exit
/// with the reason of the manager (`noproc`, `{nodedown, Node}`, …) when it is not there or ends meanwhile,
/// thrown as process_exit.
class gen_event {
public:
    using wait_time = std::optional<std::chrono::milliseconds>;
    static constexpr std::chrono::milliseconds default_timeout{5000};

    gen_event() = delete;

    // -- managers
    // ---------------------------------------------------------------------------------------------------------

    /// Starts a manager without handlers and waits until it is there. Blocks. Erlang: gen_event:start/0..2.
    [[nodiscard]] static start_result<pid> start(const start_options& options = {});
    /// The same, linked to the caller, whose end ends the manager. Erlang: gen_event:start_link/0..2.
    [[nodiscard]] static start_result<pid> start_link(const start_options& options = {});
    /// The same, with a monitor. Erlang: gen_event:start_monitor/0..2.
    [[nodiscard]] static start_result<std::pair<pid, reference>> start_monitor(
        const start_options& options = {});
    /// Every handler's terminate() gets `stop`, supervising processes `{gen_event_EXIT, Handler, shutdown}`;
    /// then the manager ends with `reason`. Waits for it, and exits as gen_server::stop(). Erlang:
    /// gen_event:stop/1,3.
    static void stop(const server_ref& manager, const term& reason = term(atoms::known<"normal">),
                     wait_time timeout = infinity);

    // -- events
    // -----------------------------------------------------------------------------------------------------------

    /// Never waits for handlers. An unknown local name ends the caller with `badarg`; all else that is not
    /// there is no error. Erlang: gen_event:notify/2.
    static void notify(const destination& manager, const term& event);
    static void notify(const registry_name& manager, const term& event);
    /// Waits until every handler has had the event. Erlang: gen_event:sync_notify/2.
    static void sync_notify(const server_ref& manager, const term& event);

    /// Asks one handler. `{error, bad_module}` when the manager has no such one, `{error, {'EXIT', Reason}}`
    /// or
    /// `{error, Term}` when the handler has failed over it. When no reply comes, the caller exits with
    /// `{Reason, {gen_event, call, [Manager, Handler, Request, Timeout]}}`. Erlang: gen_event:call/3,4.
    static term call(const server_ref& manager, const handler_id& handler, const term& request,
                     wait_time timeout);
    /// The same with default_timeout, which `[Manager, Handler, Request]` does not mention.
    static term call(const server_ref& manager, const handler_id& handler, const term& request);
    /// As call(), with the reason returned when there is no reply.
    [[nodiscard]] static response try_call(const server_ref& manager, const handler_id& handler,
                                           const term& request, wait_time timeout = default_timeout);
    /// A call whose reply is taken later: receive_response() and its kin. Erlang: gen_event:send_request/3.
    [[nodiscard]] static request_id send_request(const server_ref& manager, const handler_id& handler,
                                                 const term& request);

    // -- handlers
    // ---------------------------------------------------------------------------------------------------------

    /// Adds a handler in front of the others, even if there is one of that id. The error: what init gave
    /// instead:
    /// `{error, Reason}`, `{'EXIT', Reason}`, a thrown term; `{'EXIT', {undef, …}}` when there is no such
    /// module; `badarg` for a C++ class and a manager of another node. Erlang: gen_event:add_handler/3.
    [[nodiscard]] static start_result<void> add_handler(const server_ref& manager, const new_handler& what);
    template <class Handler, class... Args>
    [[nodiscard]] static start_result<void> add_handler(const server_ref& manager, Args&&... args) {
        return add_handler(manager, new_handler::of<Handler>(std::forward<Args>(args)...));
    }
    /// The same, supervised by the caller: manager and caller are linked; when the caller ends the handler
    /// goes, its terminate() gets `{stop, Reason}`. When the handler ends first the caller gets
    /// `{gen_event_EXIT, Handler, Why}`, Why being `normal` (deleted, or by its own decision), `shutdown`
    /// (the manager ends), `{swapped, NewHandler, Pid}` or the error. Erlang: gen_event:add_sup_handler/3.
    [[nodiscard]] static start_result<void> add_sup_handler(const server_ref& manager,
                                                            const new_handler& what);
    template <class Handler, class... Args>
    [[nodiscard]] static start_result<void> add_sup_handler(const server_ref& manager, Args&&... args) {
        return add_sup_handler(manager, new_handler::of<Handler>(std::forward<Args>(args)...));
    }
    /// What its terminate() gives for `args`: `{'EXIT', Reason}` when that fails; `{error, module_not_found}`
    /// when there is no such handler. Erlang: gen_event:delete_handler/3.
    static term delete_handler(const server_ref& manager, const handler_id& handler, const term& args);
    /// Puts `by`, in front of the others, in place of `handler`, whose terminate() gets `args` and its result
    /// take_over() of the new one. `by` is added even if there is no `handler`, which is gone even if `by`
    /// fails: the error is then what init gave, as of add_handler(). Supervision passes on. Erlang:
    /// gen_event:swap_handler/3.
    [[nodiscard]] static start_result<void> swap_handler(const server_ref& manager, const handler_id& handler,
                                                         const term& args, const new_handler& by);
    /// The same, supervised by the caller. Erlang: gen_event:swap_sup_handler/3.
    [[nodiscard]] static start_result<void> swap_sup_handler(const server_ref& manager,
                                                             const handler_id& handler, const term& args,
                                                             const new_handler& by);
    /// The order is that in which they are called. Erlang: gen_event:which_handlers/1.
    [[nodiscard]] static std::vector<handler_id> which_handlers(const server_ref& manager);

    /// Makes a C++ class known by the name of a module, so that anybody can add it to a manager of this
    /// system: `gen_event:add_handler(Manager, Module, Args)` on a BEAM, new_handler(Module, Args) here. It
    /// is constructed from the Args term, or from nothing if it has no such constructor. Takes the place of a
    /// function `Module:init/1` in the table. Any thread.
    template <class Handler>
    static void export_handler(export_table& exports, atom module) {
        exports.add(module, "init"_a, 1, exported_function([](const std::vector<term>& arguments) {
                        if constexpr (std::is_constructible_v<Handler, const term&>) {
                            return new_handler::of<Handler>(arguments.front()).args();
                        } else {
                            return new_handler::of<Handler>().args();
                        }
                    }));
    }
};

}  // namespace rakka
