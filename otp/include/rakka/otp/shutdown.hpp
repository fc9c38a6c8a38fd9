// Ending a program in good order: nobody new is let in, what is under way gets done, applications stop, hooks
// run, each within its share of the time; what hangs is named in the log and passed over.
//
//     int main() {
//         rakka::system system;
//         on_shutdown(system, [] { flush_cache(); }, {.name = "flush cache"});
//         …
//         return run_until_shutdown(system);  // SIGTERM, SIGINT, init:stop() of a BEAM, graceful_shutdown()
//     }
//
// docs/shutdown.md tells the whole story. Erlang: init:stop/0,1, and the order in which a release goes down.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rakka {

class system;

/// The stages of a shutdown, in this order.
enum class shutdown_stage : std::uint8_t {
    stop_accepting,  ///< nobody new is let in: nodes can no longer be dialled, `/readyz` says no
    drain,           ///< what was taken on is finished: what nodes have to write is written
    applications,    ///< supervision trees end, the one started last first
    hooks,           ///< what the program wants done at the end; last of all nodes leave their clusters
};

/// "stop accepting", "drain", … Any thread.
[[nodiscard]] std::string_view to_string(shutdown_stage stage) noexcept;

/// About one hook.
struct shutdown_hook {
    int priority = 0;    ///< greater ones first; of equal ones the one added last
    std::string name{};  ///< for the log; none: "hook 3"
    shutdown_stage stage = shutdown_stage::hooks;
};

/// `f` runs once, when the system is shut down, as a process with a thread of its own: it may use all that
/// processes may, and block. An exception that leaves it makes the exit status bad. Added while a shutdown is
/// under way, it is run still, even if its stage is over; added later, never. Returns its number. Any thread.
std::uint64_t on_shutdown(system& s, std::function<void()> f, shutdown_hook about = {});
/// In the calling process's system. Owner process.
std::uint64_t on_shutdown(std::function<void()> f, shutdown_hook about = {});
/// False when it has begun, or there is no such hook. Any thread.
bool remove_shutdown_hook(system& s, std::uint64_t number);

struct shutdown_options {
    /// For all steps together. Each gets what is left, divided by the steps that are left.
    std::chrono::milliseconds timeout = std::chrono::seconds(30);
    std::string reason{};  ///< for the log
    int status = 0;        ///< the exit status if all goes well
};

/// Begins to shut down and returns at once; false, and nothing is done, when that was begun before. After the
/// last step all processes of the system are killed. From now on init:stop/0,1 called by a peer does the
/// same. Any thread. Erlang: `init:stop/0`, `init:stop/1`.
bool graceful_shutdown(system& s, const shutdown_options& options = {});
/// Of the calling process's system, which kills the caller as well in the end. Owner process.
bool graceful_shutdown(const shutdown_options& options = {});
/// True from graceful_shutdown() on. Any thread.
[[nodiscard]] bool is_shutting_down(system& s);

enum class step_outcome : std::uint8_t {
    done,
    failed,       ///< it has ended with an exception
    passed_over,  ///< its share of the time was over; it may still run
};

struct shutdown_step {
    std::string name;
    shutdown_stage stage;
    step_outcome outcome;
    std::chrono::nanoseconds took;
    std::string why{};  ///< of a failure: the exit reason
};

/// How it went.
struct shutdown_report {
    std::string reason;
    int status = 0;                    ///< what the exit status was to be
    bool finished = false;             ///< every step has had its turn
    std::vector<shutdown_step> steps;  ///< as they ran
    std::size_t abandoned = 0;         ///< processes that system::stop() could not end

    [[nodiscard]] bool went_well() const noexcept;
    /// `status`; but 1 in place of 0 when it did not go well.
    [[nodiscard]] int exit_status() const noexcept;
};

/// Nothing before the last step is over. Any thread.
[[nodiscard]] std::optional<shutdown_report> report_of_shutdown(system& s);

struct shutdown_policy {
    std::chrono::milliseconds timeout = std::chrono::seconds(30);  ///< when a signal or a peer asks for it
    /// SIGTERM and SIGINT ask for a shutdown while the function runs; a SIGINT after one of them ends the
    /// program at once, with status 130. One that the program was started to ignore stays ignored. One system
    /// of a program at a time may have this.
    bool signals = true;
    /// For processes to end afterwards, see system::stop(). What then still computes is ended with the
    /// program, by std::_Exit(1).
    std::chrono::milliseconds grace = std::chrono::seconds(5);
};

/// Starts the system if need be, waits until it has been asked to shut down, as the policy says or by
/// graceful_shutdown(), until that is over, and stops the system. Returns the exit status for main(). Never
/// takes longer than the timeout and twice the grace from the request on. Blocks; foreign thread only. In a
/// simulation: drives it, in virtual time and without signals; throws std::logic_error when nothing can
/// happen any more and nobody has asked. Throws std::logic_error when signals are another system's.
int run_until_shutdown(system& s, const shutdown_policy& policy = {});

}  // namespace rakka
