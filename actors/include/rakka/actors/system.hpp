// The system: everything processes need to live (slots, scheduler, names, timers). A program may hold
// several.
#pragma once

#include <rakka/actors/destination.hpp>
#include <rakka/actors/handler.hpp>
#include <rakka/actors/log.hpp>
#include <rakka/actors/process_body.hpp>
#include <rakka/actors/remote_router.hpp>
#include <rakka/actors/spawn_options.hpp>
#include <rakka/actors/trace_token.hpp>
#include <rakka/base/result.hpp>
#include <rakka/etf/native.hpp>
#include <rakka/etf/term.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace rakka {

class export_table;
namespace detail {
class system_core;
}

/// How processes get to run.
enum class runtime_mode : std::uint8_t {
    green,     ///< many on each worker thread
    threaded,  ///< each on an OS thread of its own, as with spawn_options::threaded
};

struct system_options {
    runtime_mode mode = runtime_mode::green;
    /// Worker threads; 0 means one for each CPU this program may use (with runtime_mode::threaded, where they
    /// only look after timers and sockets: one).
    unsigned workers = 0;
    /// False: nothing runs until start(). Processes may be spawned and sent to before.
    bool start_at_once = true;
    /// No threads at all, whatever the mode: the caller drives with run_one(), run_until_idle() …, in virtual
    /// time.
    bool simulation = false;
    /// Not 0: hostile scheduling drawn from this seed (random order, random yields), reproducible in a
    /// simulation.
    std::uint64_t seed = 0;
    /// In a simulation with a seed: signals are under way for a while, so that those of different senders
    /// arrive in any order. As in Erlang, only what one process sends to another keeps its order: when A
    /// sends to B and then to C, and C forwards to B, B may get C's message first. Those from outside of any
    /// process count as one sender's. All arrive before virtual time passes.
    bool reorder_signals = false;
    /// Living processes at most; up to 2^25 - 1. Memory is taken only for slots that have been used.
    std::uint32_t max_processes = 1U << 20;
    /// Messages at most that wait for their time (send_after, start_timer); up to 2^26 - 1. From some
    /// thousands on a few less: up to 1/64 of them may rest where only other workers find them. Memory is
    /// taken for as many as have been pending at once, 128 bytes each, and kept. Limits of calls and timeouts
    /// of receives do not count.
    std::uint32_t max_timers = 1U << 24;
    /// Usable bytes of the stack a blocking process gets; 0 means the default (256 KiB). Only touched pages
    /// cost.
    std::size_t stack_size = 0;
    /// Threads for blocking() at most.
    std::size_t max_blocking_threads = 64;
    /// What a process may do before others get their turn; see reductions.hpp.
    std::int32_t reductions = 4000;
    /// How long at most a worker that has nothing to do looks out for messages from sockets and other nodes
    /// before it sleeps. It does so only while messages of late came that soon: to be woken would take
    /// longer. 0: never, as always where the program may use one CPU only. Erlang: `+sbwt`.
    std::chrono::nanoseconds busy_wait = std::chrono::microseconds(50);
    /// A process that holds its worker as long without giving way is named in the log, once a turn and while
    /// it still does. Costs a thread, which sleeps when all workers do. 0: nobody watches. Not in a
    /// simulation. Erlang: `erlang:system_monitor/2`, long_schedule.
    std::chrono::nanoseconds long_schedule = std::chrono::milliseconds(100);
    /// How long a process that an exit signal has ended may compute on in preemptible code. Such code cannot
    /// be left by an exception; one that has come to no other place by then ends where it stands: its
    /// destructors do not run, what its stack holds is lost until the system ends, and the log says so. In a
    /// simulation, where computing takes no time, it is 400,000 reductions.
    std::chrono::nanoseconds exit_patience = std::chrono::seconds(5);
    /// Is told of events, whether there is a logger or not (log.hpp). Without both: standard error, from
    /// warnings on.
    log_sink log{};
    /// No warnings of threads that are made inside a process, which programs get that are linked with
    /// rakka::thread_warnings. See docs/lint.md.
    bool disable_warnings = false;
    /// Say on standard error which process has run out of stack, before the fault ends the program. The first
    /// system with this on installs a handler of SIGSEGV and SIGBUS, which hands every fault on to the one
    /// before it.
    bool report_stack_overflow = true;
};

/// A running system. The constructor starts it (or start() does), stop() or the destructor ends it.
/// Functions: any thread, also from inside its own processes, unless said otherwise.
class system {
public:
    /// Throws std::system_error when threads cannot be had, std::bad_alloc when memory cannot.
    explicit system(system_options options = {});
    /// stop(). Not from a process of this system.
    ~system();
    system(const system&) = delete;
    system& operator=(const system&) = delete;

    // -- life
    // ---------------------------------------------------------------------------------------------------

    /// Lets processes run, if system_options::start_at_once was false; else, or once stopped, does nothing.
    /// Throws std::system_error when threads cannot be had; the system has stopped then.
    void start();
    /// Kills every process (reason `killed`, destructors run), waits for them, and ends the workers. New
    /// processes are refused meanwhile. Gives up after `grace`: a process that waits and never looks at its
    /// signals is abandoned with its stack. What computes is waited for however long it takes, as no thread
    /// can be taken away from it: a process that does not give way (system_options::long_schedule names it),
    /// one on a thread of its own, a call in blocking(). Returns how many were abandoned; run_until_done()
    /// and run() return then, too. Blocks, also while another thread is in it; foreign thread only, and not
    /// from within blocking(). Idempotent. Erlang: `halt/0`, minus the exit.
    std::size_t stop(std::chrono::nanoseconds grace = std::chrono::seconds(10));
    /// Starts the system if need be and blocks until no process is left (a simulation: drives until then or
    /// until nothing more can happen). Foreign thread only.
    void run_until_done();
    /// True from start() until stop() is called.
    [[nodiscard]] bool running() const noexcept;
    [[nodiscard]] runtime_mode mode() const noexcept;

    // -- processes
    // ----------------------------------------------------------------------------------------------

    /// Starts a process that runs `body()`; what it returns is ignored, what it throws is its exit reason.
    /// Called inside a process of this system, that process is the parent (options.link). Throws
    /// boost::system::system_error: system_limit, stopping, name_taken, bad_name, no_memory, no_thread.
    /// Erlang: `spawn_opt/2`.
    template <std::invocable F>
    pid spawn(F&& body, const spawn_options& options = {}) {
        return spawn(detail::make_body(std::forward<F>(body)), options);
    }
    pid spawn(std::unique_ptr<process_body> body, const spawn_options& options = {});
    pid spawn(std::unique_ptr<message_handler> handler, const spawn_options& options = {});

    /// Runs `body` as a process while the calling foreign thread waits; gives its result, throws what it
    /// threw (process_exit when it was ended by a signal or abandoned by stop()). In a simulation the caller
    /// drives meanwhile; there it throws std::logic_error when nothing can happen any more, and the process
    /// is killed. Blocks; foreign thread only.
    template <std::invocable F>
    std::invoke_result_t<F&> run(F&& body) {
        using value = std::invoke_result_t<F&>;
        if constexpr (std::is_void_v<value>) {
            run_and_wait(detail::make_body(std::ref(body)));
        } else {
            std::optional<value> out;
            run_and_wait(detail::make_body([&out, &body] { out.emplace(body()); }));
            return std::move(*out);
        }
    }

    /// Sends; true also to the dead, as in Erlang. False when the message was not sent: an unknown local
    /// name, or a connection so busy that a process would be suspended, which this does not wait for.
    bool send(const destination& to, term message);
    template <class T>
    requires etf::native<std::decay_t<T>>
    bool send(const destination& to, T&& value) { return send(to, make_native(std::forward<T>(value))); }
    /// An exit signal from the calling process, outside of one from nobody(). Erlang: `exit/2`.
    void exit(const pid& to, term reason);

    /// A look at the present moment: unlike the ambient is_alive() it does not wait for signals under way.
    [[nodiscard]] bool is_alive(const pid& p) const noexcept;
    /// All processes that have not ended. Erlang: `processes/0`.
    [[nodiscard]] std::vector<pid> processes() const;
    [[nodiscard]] std::size_t process_count() const noexcept;

    /// As system_options::disable_warnings, from now on; false turns them on again.
    void disable_warnings(bool off = true) noexcept;

    // -- names: see registry.hpp
    // ----------------------------------------------------------------------------------

    result<void> register_name(atom name, const pid& who);
    result<void> unregister_name(atom name);
    [[nodiscard]] std::optional<pid> whereis(atom name) const noexcept;
    [[nodiscard]] std::vector<atom> registered() const;

    /// The functions that others find by name: see exports.hpp. Erlang: nearest to the loaded modules.
    [[nodiscard]] export_table& exports() noexcept;

    // -- identity and the outside
    // ----------------------------------------------------------------------------------

    /// The number in this system's pids and references: see etf/local_origin.hpp. A node sets its name there.
    [[nodiscard]] std::uint32_t origin() const noexcept;
    /// A pid of this system that no process ever has: whom signals are from that are sent outside of any
    /// process, and the group leader of processes that are started there. Whatever is sent to it is lost, a
    /// monitor says `noproc`, and io requests of other nodes to it fail at once. Erlang: nearest to `init`.
    [[nodiscard]] pid nobody() const noexcept;
    /// The node's name, nonode@nohost without one.
    [[nodiscard]] atom node_name() const noexcept;
    /// A reference unlike any other. Erlang: `make_ref/0`.
    [[nodiscard]] reference make_reference() noexcept;

    /// Null: no node; remote targets are then unreachable. The router must outlive its use: take it out with
    /// set_router(nullptr) and stop the system, or keep it, before destroying it.
    void set_router(remote_router* router) noexcept;
    [[nodiscard]] remote_router* router() const noexcept;

    // -- signals that come in from other nodes
    // ----------------------------------------------------------------------- Order between calls for one
    // target is kept. None blocks. Dead or unknown targets are answered through the router where the protocol
    // owes an answer. [protocol: signal semantics]

    void deliver_message(const pid& to, term message);
    /// Dropped when nobody has the name.
    void deliver_to_name(atom name, term message);
    /// `priority`: sent with send_flags::priority.
    void deliver_alias(const reference& to, term message, bool priority = false);
    /// A message from nobody of a trace, a node's own: the receiver keeps its trace token.
    void deliver_notice(const pid& to, term message);
    /// One of the first three, with a trace token.
    void deliver_traced(const destination& to, term message, const trace_token& token, bool priority = false);
    void deliver_link(const pid& from, const pid& to);
    void deliver_unlink(const pid& from, const pid& to, std::uint64_t id);
    void deliver_unlink_ack(const pid& from, const pid& to, std::uint64_t id);
    /// `token`, here and below: its trace token, null without one.
    void deliver_exit(const pid& from, const pid& to, term reason, const trace_token* token = nullptr);
    void deliver_exit2(const pid& from, const pid& to, term reason, const trace_token* token = nullptr);
    /// To the owner of an alias, if it is active.
    void deliver_exit2(const pid& from, const reference& to, term reason, bool priority = false,
                       const trace_token* token = nullptr);
    /// `target` as the peer gave it: a pid or an atom.
    void deliver_monitor(const pid& watcher, const monitor_target& target, const reference& ref);
    void deliver_demonitor(const pid& watcher, const monitor_target& target, const reference& ref);
    void deliver_down(const reference& ref, const pid& watcher, term reason);
    void deliver_group_leader(const pid& leader, const pid& member);
    void deliver_spawn_reply(const reference& ref, const pid& to, std::uint32_t flags, term answer,
                             const trace_token* token = nullptr);

    /// The connection to `node` with this number is gone: the process synthesises `noconnection` for the
    /// links, monitors and spawn requests that were made on it or before it, in the order of [protocol:
    /// connection loss].
    void signal_nodedown(const pid& to, atom node, std::uint64_t connection_id);
    /// Releases a process that was told outcome::suspend. Once for each.
    void resume(const pid& to);

    // -- simulation only: one thread at a time, not from a process
    // ---------------------------------------------------

    /// Runs one slice; false when nothing is runnable at the present virtual time.
    bool run_one();
    /// Runs until nothing is runnable; time stands still. Returns the number of slices.
    std::size_t run_ready();
    /// As run_ready, then jumps to the next timer, and so on, until none is pending within `horizon`.
    std::size_t run_until_idle(std::chrono::nanoseconds horizon = std::chrono::nanoseconds::max());
    /// Runs everything due in the next `span` of virtual time.
    std::size_t run_for(std::chrono::nanoseconds span);

    /// Monotonic time of this system's clock (virtual in a simulation).
    [[nodiscard]] std::chrono::nanoseconds now() const noexcept;

    /// For Rakka's own files.
    [[nodiscard]] detail::system_core& core() noexcept { return *core_; }

private:
    void run_and_wait(std::unique_ptr<process_body> body);

    std::unique_ptr<detail::system_core> core_;
};

/// The system of the calling process. Throws std::logic_error outside of one.
[[nodiscard]] system& this_system();

}  // namespace rakka
