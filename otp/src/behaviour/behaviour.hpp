// The process behind every behaviour: how it starts, what it owes sys, its parent and its log.
#pragma once

#include "behaviour/sys_debug.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/gen_protocol.hpp>
#include <rakka/actors/handler.hpp>
#include <rakka/otp/start.hpp>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace rakka::detail {

/// What is needed until a process has started. The starter waits for init: it gets `{Tag, ok}` or
/// `{Tag, {error, Reason}}`.
struct behaviour_start {
    pid starter{};  ///< nobody waits if empty
    reference tag{};
    bool has_parent = false;  ///< the first ancestor's exit ends a server that traps exits
    server_name name{};
    bool takes_name = true;  ///< false: it has it already
    std::vector<sys::debug_option> debug{};
};

/// Whom the children of one process descend from: they share it. Immutable.
struct ancestry : boost::intrusive_ref_counter<ancestry> {
    atom name;    ///< of the parent, if it has one
    pid process;  ///< the parent; none when only its name is known
    term above;   ///< the parent's own ancestors, a list; no value: none

    ancestry(atom n, const pid& p, term a) noexcept : name(n), process(p), above(std::move(a)) {}
    /// `[Parent | Above]`, the value of `'$ancestors'`.
    [[nodiscard]] term to_list() const;
};
/// Null: of nobody.
using shared_ancestry = boost::intrusive_ptr<const ancestry>;

/// Base of the loops of gen_server, gen_statem and gen_event. A loop takes messages apart in handle(); what
/// is a system message or the parent's exit it gives to on_system() and is_parent_exit(). One per process;
/// every function runs in that process.
class behaviour : public message_handler {
public:
    using milliseconds = std::chrono::milliseconds;

    next init() final;
    [[nodiscard]] std::vector<std::pair<term, term>> dictionary() const final;
    void watched(const std::shared_ptr<process_watch>& by) final;
    /// callback_module(), once there is one. The process itself, or its spawner before it is started.
    [[nodiscard]] std::optional<atom> module_if_known() const;

    /// Before the process exists. Of the starter: what init() will need.
    void prepare(behaviour_start start, shared_ancestry line);
    /// Whom the processes that this one starts descend from.
    [[nodiscard]] const shared_ancestry& ancestry_of_children();
    /// A list. Made anew.
    [[nodiscard]] term ancestors() const;

protected:
    // -- what a loop provides

    /// Makes the user's object and runs its init; ends with started() or refused(). What it throws is a
    /// failure to start.
    virtual next begin() = 0;
    /// Waits for the next message as the last callback wanted.
    [[nodiscard]] virtual next wait() = 0;
    /// Ends the process: the user's terminate, then next::stop. `reason` may become another one on the way.
    virtual next end(term reason) = 0;
    /// Why an exception that has left a callback ends the server.
    [[nodiscard]] virtual term failure_of(const std::exception_ptr& exception) const;

    /// gen_server, gen_statem, gen_event.
    [[nodiscard]] virtual atom behaviour_module() const noexcept = 0;
    /// The user's class, in the place of Erlang's callback module.
    [[nodiscard]] virtual atom callback_module() const = 0;
    /// Whether its callbacks are of more modules than that one.
    [[nodiscard]] virtual bool has_many_modules() const noexcept { return false; }
    /// Whether the user's object is there.
    [[nodiscard]] virtual bool knows_module() const noexcept { return true; }
    /// `{Module, init, 1}`. Erlang: `'$initial_call'` in the process dictionary.
    [[nodiscard]] virtual term initial_call() const;
    /// As sys:get_state shows it. May throw.
    [[nodiscard]] virtual term state() const = 0;
    /// Throws when the state cannot be replaced.
    virtual term replace_state(const std::function<term(const term&)>& change);
    /// Misc of get_status. `debug`: the events of the log.
    [[nodiscard]] virtual term status(term_view running_or_suspended, const term& logged) = 0;
    /// While suspended. Nothing: done; else why not.
    [[nodiscard]] virtual std::optional<term> change_code(const term& module, const term& old_version,
                                                          const term& extra);
    [[nodiscard]] virtual event_format format() const noexcept = 0;
    /// A system message or its like has come: timers that messages stop are stopped already.
    virtual void on_suspend() {}

    // -- what a loop is given

    /// Tells the starter. From here on a crash is no failure to start any more.
    void started();
    /// Tells the starter why not; `quiet`: the process ends normally all the same. The name is free again
    /// before.
    [[nodiscard]] next refused(term reason, bool quiet);
    [[nodiscard]] bool starting() const noexcept { return start_ != nullptr; }

    [[nodiscard]] next on_system(const gen::request& request);
    /// The reason, if `message` is the exit of the parent, which must end this one.
    [[nodiscard]] std::optional<term> is_parent_exit(const term& message) const;

    /// Something to trace, log or count: `event()` makes the term, only when somebody wants it.
    template <class F>
    void debug_event(F&& event) {
        if (debug_) [[unlikely]] {
            if (debug_->wants_events()) debug_->handle(std::forward<F>(event)(), shown_name());
        }
    }
    /// Whether anybody looks at what this server does: by debug_event(), or at its callbacks.
    [[nodiscard]] bool in_sight() const noexcept { return debug_ != nullptr; }
    /// The trace that wants calls of this callback (rakka/otp/trace.hpp); null: none. Precondition:
    /// in_sight().
    [[nodiscard]] std::shared_ptr<trace_session> calls_shown_to(atom module, const char* function,
                                                                std::size_t arity);
    /// In the place of a state that its class fails to show.
    [[nodiscard]] static atom unseen() { return "format_status failed"_a; }
    /// What `show()`, the user's code, gives, or unseen() when it fails: who looks at a server must not end
    /// it.
    template <class F>
    [[nodiscard]] static term shown_or_not(F&& show) {
        try {
            return std::forward<F>(show)();
        } catch (...) {
            if (ended_by_signal()) throw;
            return unseen();
        }
    }
    /// The events that sys:log keeps.
    [[nodiscard]] std::vector<term> logged() const { return debug_ ? debug_->logged() : std::vector<term>(); }
    /// As in Erlang's reports: its name without where that is kept, the pid when it has none. Erlang:
    /// gen:get_proc_name/1.
    [[nodiscard]] term shown_name() const;
    /// None: started without a link.
    [[nodiscard]] pid parent() const noexcept { return has_parent_ ? line_->process : pid(); }

    /// True for the reasons that are no crash: `normal`, `shutdown`, `{shutdown, _}`.
    [[nodiscard]] static bool is_calm(term_view reason) noexcept;
    /// `{error_report, …}` of a behaviour that ends with a reason that is no calm one, and the crash report
    /// of its process. Erlang: error_info/7 of each behaviour, and proc_lib's crash report.
    void report_end(const term& reason, term report) const;

private:
    [[nodiscard]] term answer_to_system(const gen::request& request);
    [[nodiscard]] term state_for(const from& sender) const;
    [[nodiscard]] term replaced_state(const from& sender, const term& function);
    [[nodiscard]] term debug_answer(const term& what);
    [[nodiscard]] term status_term();
    next suspended();

    /// What few servers have.
    struct standing {
        term name;                 // none, an atom, {global, Name}, {via, Module, Name}
        shared_ancestry children;  // made for the first process that this one starts
    };
    [[nodiscard]] term name() const { return standing_ ? standing_->name : term(); }

    // Idle servers are many: nothing here that is not needed later.
    std::unique_ptr<behaviour_start> start_;  // gone when it has started
    std::unique_ptr<sys_debug> debug_;        // null: nobody looks, at events or at calls
    std::unique_ptr<standing> standing_;
    shared_ancestry line_;
    bool has_parent_ = false;  // line_'s, whose exit ends a server that traps exits
    bool suspended_ = false;
};

/// Whom a process that the caller starts descends from. Owner process.
[[nodiscard]] shared_ancestry ancestry_of_child();

enum class start_mode : std::uint8_t { plain, link, monitor };

/// Starts `loop` as a process and waits until it has said started() or refused(). Blocks. Owner process.
/// Erlang: gen:start/6.
[[nodiscard]] start_result<std::pair<pid, reference>> start_behaviour(std::unique_ptr<behaviour> loop,
                                                                      const start_options& options,
                                                                      start_mode how);
/// The pid alone.
[[nodiscard]] start_result<pid> pid_of(const start_result<std::pair<pid, reference>>& started);

/// `{'EXIT', Reason}`-less stop of any behaviour: gen_server::stop and its like. Blocks; exits as gen:stop/3.
/// Owner process.
void stop_behaviour(const server_ref& server, const term& reason,
                    std::optional<std::chrono::milliseconds> timeout);

/// Takes the 'EXIT' message of a process that never started out of the mailbox of a starter that traps exits.
/// Owner process.
void flush_exit_of(const pid& server);

/// Runs `loop` as the rest of the calling process, which is no handler: what enter_loop does. Never returns.
[[noreturn]] void enter_loop(behaviour& loop, const start_options& options);

}  // namespace rakka::detail
