// Calls of functions on other nodes as Erlang's `rpc` makes them: what goes wrong is a value, `{badrpc,
// Reason}`, and what the function throws is its result. New programs are better served by erpc.hpp, which
// tells all outcomes apart.
//
// All functions: owner process. `arguments` is a proper list. A function that blocks is ended by exit signals
// as receive() is. Calls of the own node work too.
#pragma once

#include <rakka/node/erpc.hpp>

namespace rakka::rpc {

/// Why a call failed: `nodedown` (out of reach, or lost meanwhile), `timeout`, `{'EXIT', Reason}` when the
/// function ended with exit/1, or returned or threw just that, `{'EXIT', {Reason, Stack}}` when it failed,
/// and `{'EXIT', Why}` when the node did not let it begin.
class bad_rpc {
public:
    bad_rpc() = default;  // result::error() of a success
    [[nodiscard]] static bad_rpc because(term reason) { return bad_rpc(std::move(reason)); }
    term reason;

    /// `{badrpc, Reason}`.
    [[nodiscard]] term to_term() const;

private:
    explicit bad_rpc(term r) : reason(std::move(r)) {}  // private: a result<term, bad_rpc> takes a term
};
/// boost::system::result calls this when value() is asked of a failed call: the caller exits with `{badrpc,
/// Reason}`.
[[noreturn]] void throw_exception_from_error(const bad_rpc& e, const boost::source_location& where);

/// What the function returned, or threw.
using response = boost::system::result<term, bad_rpc>;
using erpc::time_limit;

// ---- calls

/// Blocks until the answer is here. Ends the caller with `{badarg, []}` when `arguments` is no list, or
/// cannot be sent. Erlang: `rpc:call/4,5`.
[[nodiscard]] response call(atom node, atom module, atom function, term arguments, time_limit timeout = {});
/// The same, but the node's `rex` serves nobody else meanwhile: block calls of one node are made one after
/// another. Blocks. Erlang: `rpc:block_call/4,5`.
[[nodiscard]] response block_call(atom node, atom module, atom function, const term& arguments,
                                  time_limit timeout = {});
/// Lets the function run and never hears of it. Ends the caller with `{badarg, []}` when `arguments` is no
/// list. Blocks as send(). Erlang: `rpc:cast/4`.
void cast(atom node, atom module, atom function, term arguments);

/// What multicall() gives: answers in the order of the nodes, and the nodes that gave none because they are
/// out of reach or were too slow. Erlang: `{ResL, BadNodes}`.
struct answers {
    std::vector<response> results;
    std::vector<atom> bad_nodes;
};
/// Calls on all the nodes at once. Blocks until all answers are here, for `timeout` in all. Erlang:
/// `rpc:multicall/4,5`.
[[nodiscard]] answers multicall(const std::vector<atom>& nodes, atom module, atom function, term arguments,
                                time_limit timeout = {});
/// The same on this node and all visible ones that are connected. Erlang: `rpc:multicall/3,4`.
[[nodiscard]] answers multicall(atom module, atom function, term arguments, time_limit timeout = {});

/// A call under way; its answer is asked for by the process that made it, once.
struct key {
    erpc::request_id request;
};
/// Blocks as send() only. Ends the caller as cast(). Erlang: `rpc:async_call/4`.
[[nodiscard]] key async_call(atom node, atom module, atom function, term arguments);
/// Blocks until the answer is here. Erlang: `rpc:yield/1`.
[[nodiscard]] response yield(const key& call);
/// The same for `time` at most; nothing: it is not here yet, ask again. Erlang: `rpc:nb_yield/1,2`.
[[nodiscard]] std::optional<response> nb_yield(const key& call,
                                               time_limit time = std::chrono::milliseconds(0));

// ---- to many nodes, and to named servers. Dial where need be

/// Lets the function run on all the nodes, by way of their `rex`. Blocks as send(). Erlang:
/// `rpc:eval_everywhere/4`.
void eval_everywhere(const std::vector<atom>& nodes, atom module, atom function, const term& arguments);
/// The same on this node and all visible ones that are connected. Erlang: `rpc:eval_everywhere/3`.
void eval_everywhere(atom module, atom function, const term& arguments);

/// Sends `message` to the process `name` on all the nodes. Blocks as send(). Erlang: `rpc:abcast/3`.
void abcast(const std::vector<atom>& nodes, atom name, const term& message);
/// The same on this node and all visible ones that are connected. Erlang: `rpc:abcast/2`.
void abcast(atom name, const term& message);

/// Which nodes did something and which did not.
struct good_and_bad {
    std::vector<atom> good;
    std::vector<atom> bad;
};
/// As abcast(), and waits until each node says that it has a process of that name and has sent the message to
/// it, or is out of reach. Blocks. Erlang: `rpc:sbcast/3`.
[[nodiscard]] good_and_bad sbcast(const std::vector<atom>& nodes, atom name, const term& message);
/// The same on this node and all visible ones that are connected. Erlang: `rpc:sbcast/2`.
[[nodiscard]] good_and_bad sbcast(atom name, const term& message);

/// What servers have answered, in the order of the nodes, and the nodes where there was none.
struct replies {
    std::vector<term> values;
    std::vector<atom> bad_nodes;
};
/// Sends `{self(), message}` to the process `name` on all the nodes and waits until each has answered `{name,
/// Node, Reply}`, has ended, or is out of reach. Blocks. Erlang: `rpc:multi_server_call/3`.
[[nodiscard]] replies multi_server_call(const std::vector<atom>& nodes, atom name, const term& message);
/// The same on this node and all visible ones that are connected. Blocks. Erlang: `rpc:multi_server_call/2`.
[[nodiscard]] replies multi_server_call(atom name, const term& message);

/// Sends `{self(), message}` to the process `name` on `node` and waits until it has answered `{wrapper, Node,
/// Reply}`. Nothing: there is none, it has ended, or the node is out of reach. Blocks. Erlang:
/// `rpc:server_call/4`, where nothing is `{error, nodedown}`.
[[nodiscard]] std::optional<term> server_call(atom node, atom name, const term& wrapper, const term& message);

// ---- work spread over this node and all visible ones that are connected

/// `Module:Function(Arguments...)`; `arguments` is a proper list.
struct mfa {
    atom module;
    atom function;
    term arguments;
};
/// Makes the calls at the same time, each on the next node in turn; the answers in the order of the calls.
/// Ends the caller as cast(). Blocks until all are here. Erlang: `rpc:parallel_eval/1`.
[[nodiscard]] std::vector<response> parallel_eval(const std::vector<mfa>& calls);
/// The results of `module:function(Element, More...)` for each of the elements, in their order, made as by
/// parallel_eval(). When one of the calls fails the caller ends with `badrpc`; when `more` is no list as
/// cast(). Blocks. Erlang: `rpc:pmap/3`.
[[nodiscard]] std::vector<term> pmap(atom module, atom function, const term& more,
                                     const std::vector<term>& elements);

/// What `erlang:process_info/1,2` says on the node of `process`: a list, or `{Item, Value}`; `undefined` of
/// one that has ended. Blocks. Erlang: `rpc:pinfo/1,2`.
[[nodiscard]] response pinfo(const pid& process);
[[nodiscard]] response pinfo(const pid& process, const term& item);

}  // namespace rakka::rpc
