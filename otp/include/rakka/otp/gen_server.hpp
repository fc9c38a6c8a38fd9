// gen_server: a server process written as a class with callbacks, callable from C++ and from any BEAM.
//
//     class counter : public rakka::gen_server {
//         std::int64_t n_ = 0;
//         result handle_call(const term& request, const from&) override {
//             if (request.is_atom("next"_a)) return reply(++n_);
//             return stop_with(tuple("bad_request"_a, request));
//         }
//     };
//     auto started = gen_server::start<counter>({.name = "counter"_a});
//     auto n = gen_server::call("counter"_a, "next"_a);
//
// Between two callbacks the process owns no stack, so idle servers are cheap; a callback may block (receive,
// call, …) as any process may. [protocol §7.1, §7.3] Erlang: gen_server.
#pragma once

#include <rakka/actors/gen_protocol.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/otp/factory.hpp>
#include <rakka/otp/requests.hpp>
#include <rakka/otp/start.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

namespace rakka {

namespace detail {
class gen_server_loop;
}

/// The base of a server. Every callback runs in the server's own process, one at a time: no member needs a
/// lock.
///
/// An exception that leaves a callback ends the server; its reason is the exception's exit reason
/// (exit_reason.hpp), of a thrown term `{bad_return_value, Term}`, and terminate() has been called with it
/// before. A thrown result counts as returned. Callbacks and their results are OTP's.
class gen_server {
public:
    using milliseconds = std::chrono::milliseconds;

    /// What a callback decided. Made by reply(), noreply() and stop_with(); refined by the members below.
    class [[nodiscard]] result {
    public:
        /// Call handle_timeout unless a message arrives within `d`. A system message (`sys:get_state` …) does
        /// not count, but starts the time again. Erlang: `{…, Timeout}`.
        result&& timeout_after(milliseconds d) && {
            timeout_ = d;
            return std::move(*this);
        }
        /// Call handle_continue(what) before anything else. Erlang: `{…, {continue, What}}`.
        result&& then_continue(term what) && {
            continue_ = std::move(what);
            return std::move(*this);
        }
        /// Give memory back before waiting. Erlang: `{…, hibernate}`.
        result&& hibernate() && {
            hibernate_ = true;
            return std::move(*this);
        }

    private:
        friend class gen_server;
        friend class detail::gen_server_loop;
        /// Whether there is more to do than to wait for the next message.
        [[nodiscard]] bool asks() const noexcept {
            return reply_.has_value() || reason_.has_value() || continue_.has_value();
        }
        term reply_;     // no value: nothing to reply
        term reason_;    // no value: go on
        term continue_;  // no value: none
        std::optional<milliseconds> timeout_;
        bool hibernate_ = false;
        bool quiet_ = false;  // of init: the reason is told to the starter, the process ends normally
    };

    // -- starting and using servers: from inside any process
    // ----------------------------------------------------------

    /// The default time a call waits. Erlang: 5000.
    static constexpr milliseconds default_timeout{5000};
    using wait_time = std::optional<milliseconds>;

    /// Starts a `Server`, constructed from `args` inside its own process, and waits until its init() has
    /// returned. Blocks the calling process. Owner process. Erlang: gen_server:start/3,4.
    template <class Server, class... Args>
    [[nodiscard]] static start_result<pid> start(start_options options = {}, Args&&... args) {
        return pid_of(start_server(detail::factory_of<gen_server, Server>(std::forward<Args>(args)...),
                                   options, mode::plain));
    }
    /// As start(), linked to the caller. Erlang: gen_server:start_link/3,4.
    template <class Server, class... Args>
    [[nodiscard]] static start_result<pid> start_link(start_options options = {}, Args&&... args) {
        return pid_of(start_server(detail::factory_of<gen_server, Server>(std::forward<Args>(args)...),
                                   options, mode::link));
    }
    /// As start(), with a monitor that is in place before anything can go wrong. Erlang:
    /// gen_server:start_monitor/3,4.
    template <class Server, class... Args>
    [[nodiscard]] static start_result<std::pair<pid, reference>> start_monitor(start_options options = {},
                                                                               Args&&... args) {
        return start_server(detail::factory_of<gen_server, Server>(std::forward<Args>(args)...), options,
                            mode::monitor);
    }

    /// Calls a server anywhere: a C++ or BEAM gen_server, gen_statem or supervisor, by pid, local name,
    /// {name, node}, or a name that a module keeps (global_name(), via()). Blocks the calling process. When
    /// no reply comes, the caller exits with `{Reason, {gen_server, call, [Server, Request, Timeout]}}`,
    /// thrown as process_exit; to handle that instead use try_call. Erlang: gen_server:call/2,3.
    static term call(const destination& server, const term& request, wait_time timeout);
    static term call(const registry_name& server, const term& request, wait_time timeout);
    /// The same with default_timeout, which `[Server, Request]` does not mention.
    static term call(const destination& server, const term& request);
    static term call(const registry_name& server, const term& request);
    /// As call(), with the reason returned when there is no reply.
    [[nodiscard]] static boost::system::result<term, gen::no_reply> try_call(
        const destination& server, const term& request, wait_time timeout = default_timeout);
    [[nodiscard]] static boost::system::result<term, gen::no_reply> try_call(
        const registry_name& server, const term& request, wait_time timeout = default_timeout);
    /// Never waits for an answer, never fails visibly. Erlang: gen_server:cast/2.
    static void cast(const destination& server, const term& request);
    static void cast(const registry_name& server, const term& request);

    /// What became of a multi_call: the replies with the nodes they are from, and the nodes without one.
    struct multi_reply {
        std::vector<std::pair<atom, term>> replies;
        std::vector<atom> bad_nodes;
    };
    /// Calls the servers registered as `name` on all of `nodes` at once and waits until each has answered, is
    /// known not to, or `timeout` is over. Blocks. Erlang: gen_server:multi_call/3,4.
    [[nodiscard]] static multi_reply multi_call(const std::vector<atom>& nodes, atom name,
                                                const term& request, wait_time timeout = std::nullopt);
    /// Casts to the servers registered as `name` on all of `nodes`. Erlang: gen_server:abcast/3.
    static void abcast(const std::vector<atom>& nodes, atom name, const term& request);

    /// Asks any behaviour, local or remote, to end with `reason` and waits until it has. Exits with `noproc`,
    /// `timeout`, `{nodedown, Node}`, the server's reason when that is another, or, when the server ended
    /// before it could be asked, `{Reason, {sys, terminate, [Server, reason, timeout]}}`. Erlang:
    /// gen_server:stop/1,3.
    static void stop(const server_ref& server, const term& reason = term(atoms::known<"normal">),
                     wait_time timeout = infinity);

    /// Makes the calling process, which is no handler's, a server for the rest of its life: no init() is
    /// called. Throws the server's exit reason at its end, as any process body may. `options`: name (one the
    /// process has already, or takes now; else exits with its start_error's reason), hibernate_after and
    /// debug. Erlang: gen_server:enter_loop/3..5.
    [[noreturn]] static void enter_loop(std::unique_ptr<gen_server> server,
                                        const start_options& options = {});

    // -- callbacks
    // ----------------------------------------------------------------------------------------------------

    virtual ~gen_server() = default;

    /// Runs before start() returns to the starter. noreply() = started; stop_with(reason) = start() fails
    /// with the reason, which also is the process's; ignore() and fail_with(reason) = the process ends
    /// normally and start() fails with `ignore` or the reason: a linked starter that does not trap exits
    /// lives on. Erlang: init/1 (its arguments are the class's constructor's).
    virtual result init() { return noreply(); }
    /// A synchronous request. Answer with reply(value), or noreply() and rakka::reply(sender, value) at any
    /// later time. The default ends the server with `{bad_call, Request}`, so that the caller learns of it at
    /// once.
    virtual result handle_call(const term& request, const from& sender);
    /// An asynchronous request. The default ends the server with `{bad_cast, Request}`.
    virtual result handle_cast(const term& request);
    /// Any other message: plain sends, 'DOWN', 'EXIT' (when trapping exits), timers. The default drops it.
    virtual result handle_info(const term& message);
    /// After then_continue(what).
    virtual result handle_continue(const term& what);
    /// timeout_after() ran out without a message. Erlang: handle_info(timeout, State).
    virtual result handle_timeout() { return handle_info(term(atoms::known<"timeout">)); }
    /// Last words: after stop(), an exception, or the parent's exit when trapping exits. Not called for exits
    /// that are not trapped, nor for kill. What it throws becomes the reason, unless it is a term.
    virtual void terminate(term_view reason) { (void)reason; }
    /// The state shown to sys:get_state/1 and in crash reports; by default the atom `undefined`.
    [[nodiscard]] virtual term state() const { return term(atoms::known<"undefined">); }
    /// A state for sys:replace_state/2, in the form of state(). The default has none to take: the caller gets
    /// `{callback_failed, …}`.
    virtual void replace_state(const term& state);
    /// What others see of a server: in get_status (state and log), and when it has crashed (also message and
    /// reason).
    struct shown_status {
        term state;
        term message{};  ///< the last one; no value in get_status
        term reason{};   ///< likewise
        std::vector<term> log{};
    };
    /// Takes out what is secret or too long. Erlang: format_status/1.
    [[nodiscard]] virtual shown_status format_status(shown_status s) const { return s; }
    /// Another version of the code takes over, while suspended. An exception refuses: its reason is the
    /// error, and the server stays as it was. Erlang: code_change/3.
    virtual void code_change(const term& old_version, const term& extra);

protected:
    template <class T>
    static result reply(const T& value) {
        return reply_term(term(value));
    }
    static result noreply() { return {}; }
    /// End with `reason`; `normal` and `shutdown` are no crash. Erlang: `{stop, Reason, State}`.
    static result stop_with(term reason) {
        result r;
        r.reason_ = std::move(reason);
        return r;
    }
    /// Answer, then end. Erlang: `{stop, Reason, Reply, State}`.
    static result stop_with(term reason, term reply) {
        result r = stop_with(std::move(reason));
        r.reply_ = std::move(reply);
        return r;
    }
    /// For init only: start() gives start_error with reason `ignore`, and the process ends normally.
    static result ignore() { return fail_with(atoms::known<"ignore">); }
    /// For init only. Erlang: `{error, Reason}`.
    static result fail_with(term reason) {
        result r = stop_with(std::move(reason));
        r.quiet_ = true;
        return r;
    }

private:
    static result reply_term(term value) {
        result r;
        r.reply_ = std::move(value);
        return r;
    }

    using factory_function = std::function<std::unique_ptr<gen_server>()>;
    enum class mode { plain, link, monitor };
    static start_result<std::pair<pid, reference>> start_server(factory_function make,
                                                                const start_options& options, mode how);
    static start_result<pid> pid_of(const start_result<std::pair<pid, reference>>& started) {
        if (!started) return started.error();
        return started->first;
    }
};

}  // namespace rakka
