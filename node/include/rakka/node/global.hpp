// Names and locks of the whole cluster, kept together with Erlang's own `global` on every visible node.
//
// Every node has all names, so a lookup asks nobody. A change is made under a lock on all nodes. When two
// parts of a cluster meet, names that both have are decided by their resolve methods.
//
// All functions: inside a process of a system that has a node (outside of one they throw std::logic_error;
// there, use system::run). Without a running node lookups find nothing, and the others end the caller with
// `noproc`. A function that blocks is ended by exit signals as receive() is.
#pragma once

#include <rakka/actors/gen_protocol.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/etf/atom.hpp>
#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

#include <chrono>
#include <concepts>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace rakka::global {

/// Who decides when two processes have one name because two parts of a cluster have met: a function
/// `Module:Function(Name, Pid1, Pid2)` that gives the pid which keeps the name; anything else, also an
/// exception, takes the name from both. It is called once, on a node of one of the two processes; so one of
/// your own must be exported (node::exports) on every node that uses it, or be an Erlang function where the
/// process lives. Erlang: `fun Module:Function/3`.
class resolve_method {
public:
    resolve_method(atom module, atom function) : module_(module), function_(function) {}

    /// One of the two, the same whoever decides, is killed. The default. Erlang: `global:random_exit_name/3`.
    [[nodiscard]] static resolve_method random_exit_name();
    /// One of the two loses the name and gets `{global_name_conflict, Name}`. Erlang:
    /// `global:random_notify_name/3`.
    [[nodiscard]] static resolve_method random_notify_name();
    /// Both lose it and get `{global_name_conflict, Name, OtherPid}`. Erlang: `global:notify_all_name/3`.
    [[nodiscard]] static resolve_method notify_all_name();

    /// The external fun.
    [[nodiscard]] term to_term() const;

private:
    atom module_;
    atom function_;
};

// ---- names. Any term but one that holds C++ objects, which ends the caller with `{badarg, []}`.

/// Registers `who`, on any node, in the whole cluster. False when the name is taken, or `who` has another
/// global name (logged). Synchronous: on return all nodes have it, or none. The name goes when the process
/// ends or its node is lost. Blocks while others have the lock: until all connected nodes have answered.
/// Erlang: `global:register_name/2,3`.
bool register_name(const term& name, const pid& who,
                   const resolve_method& method = resolve_method::random_exit_name());
/// The same for a name that another process may have: it is `who`'s from then on. Erlang:
/// `global:re_register_name/2,3`.
void re_register_name(const term& name, const pid& who,
                      const resolve_method& method = resolve_method::random_exit_name());
/// Blocks as register_name(), unless nobody has the name. Erlang: `global:unregister_name/1`.
void unregister_name(const term& name);

/// Does not block. Nothing also for a process of this node that has just ended. Erlang:
/// `global:whereis_name/1`.
[[nodiscard]] std::optional<pid> whereis_name(term_view name);
/// Does not block. In no order. Erlang: `global:registered_names/0`.
[[nodiscard]] std::vector<term> registered_names();

/// Sends `message` to whoever has the name, and tells who that is. When nobody has it the caller ends with
/// `{badarg, {Name, Message}}`. Blocks as rakka::send(). Erlang: `global:send/2`.
pid send(const term& name, term message);
/// A call of whoever has the name, as gen::call of its pid; `noproc` when nobody has it. Blocks. Erlang:
/// `gen_server:call({global, Name}, Request, Timeout)`.
[[nodiscard]] boost::system::result<term, gen::no_reply> call(
    const term& name, const term& request,
    std::optional<std::chrono::milliseconds> timeout = std::chrono::seconds(5));
/// Nothing happens when nobody has the name. Blocks as rakka::send(). Erlang: `gen_server:cast({global,
/// Name}, Request)`.
void cast(const term& name, const term& request);

// ---- locks

/// What is locked, and for whom. Processes that name the same requester share the lock; each has to give it
/// up. Resources `global`, `dist_ac`, `mnesia_adjust_log_writes` and `mnesia_table_lock` are OTP's own.
struct lock_id {
    term resource;
    term requester;
};
/// Nothing: this node and all visible ones that are connected.
using lock_nodes = std::optional<std::vector<atom>>;
/// How many times more after the first failure. Nothing: for ever.
using lock_retries = std::optional<unsigned>;

/// Locks on all the nodes or none; waits between two attempts, up to a quarter of a second at first and 8 s
/// later. Nodes that are gone, or serve no locks, do not count. A lock goes when its process ends or its node
/// is lost. Blocks. Erlang: `global:set_lock/1,2,3`.
bool set_lock(const lock_id& id, const lock_nodes& nodes = {}, lock_retries retries = {});
/// The caller gives up its part of the lock. Blocks until all nodes have answered. Erlang:
/// `global:del_lock/1,2`.
void del_lock(const lock_id& id, const lock_nodes& nodes = {});

namespace detail {
[[nodiscard]] std::vector<atom> nodes_to_lock(const lock_nodes& nodes);
}

/// Runs `f` with the lock set and gives it up afterwards, also when `f` throws. Gives what `f` gives, or
/// nothing when there was no lock; for an `f` that gives nothing, whether it ran. Blocks as set_lock().
/// Erlang: `global:trans/2,3,4`.
template <std::invocable F>
auto trans(const lock_id& id, F&& f, const lock_nodes& nodes = {}, lock_retries retries = {}) {
    using value = std::invoke_result_t<F&>;
    constexpr bool nothing = std::is_void_v<value>;
    using outcome = std::conditional_t<nothing, bool, std::optional<std::conditional_t<nothing, int, value>>>;
    const lock_nodes where = detail::nodes_to_lock(nodes);  // the same ones afterwards
    if (!set_lock(id, where, retries)) return outcome();
    outcome out{};
    try {
        if constexpr (nothing) {
            f();
            out = true;
        } else {
            out.emplace(f());
        }
    } catch (...) {
        del_lock(id, where);
        throw;
    }
    del_lock(id, where);
    return out;
}

// ---- the cluster

/// Waits until this node has the names of all visible nodes that are connected now, or of `nodes`, which are
/// dialled if need be; nodes that cannot be reached, or are lost, are not waited for. Blocks. Erlang:
/// `global:sync/0`.
void sync();
void sync(const std::vector<atom>& nodes);

/// Leaves the cluster: disconnects from all visible nodes in such a way that they stay connected with each
/// other. Gives their names. Stopping the node does the same. Blocks until the connections are closed.
/// Erlang: `global:disconnect/0`.
std::vector<atom> disconnect();

}  // namespace rakka::global
