// Calls of functions on other nodes, of C++, Erlang and Elixir programs alike: Erlang's `erpc`.
//
// A call runs in a process of its own on the other node, also when that is the own one. Of a C++ program only
// functions that are exported (node::exports) can be called; anything else is `undef`.
//
// In Erlang a call that fails raises an exception; here it gives a `failure`, and value() of it raises that
// exception: asking for the value is Erlang's call, looking first is its `try`.
//
//     const term sum = erpc::call(node, "calc"_a, "add"_a, list(1, 2)).value();  // raises what went wrong
//     const auto answer = erpc::call(node, "calc"_a, "add"_a, list(1, 2), 5s);
//     if (!answer && answer.error().is_erpc(atoms::known<"timeout">)) …
//
// All functions: owner process. `arguments` is a proper list. A function that blocks is ended by exit signals
// as receive() is. Nothing is left behind by a call that takes too long, neither a monitor nor a message; the
// function goes on over there, as in Erlang.
#pragma once

#include <rakka/etf/atom.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/etf/term.hpp>

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace rakka::erpc {

/// In which way a call failed.
enum class failure_kind : std::uint8_t {
    none,    ///< result::error() of a success
    thrown,  ///< by throw/1, in C++ `throw term(…)`. Raised as `throw:Reason`
    exited,  ///< by exit/1. Raised as `exit:{exception, Reason}`
    failed,  ///< by error/1 or a C++ exception, with a stack. Raised as `error:{exception, Reason, Stack}`
    signal,  ///< an exit signal ended the process of the call. Raised as `exit:{signal, Reason}`
    erpc,    ///< the call itself, see failure::is_erpc(). Raised as `error:{erpc, Reason}`
};

/// Why there is no value.
class failure {
public:
    failure() = default;
    [[nodiscard]] static failure because(failure_kind what, term reason, term stack = {}) {
        return {what, std::move(reason), std::move(stack)};
    }

    failure_kind what = failure_kind::none;
    term reason;
    /// Of `failed`: where over there, a list of `{Module, Function, ArityOrArguments, Location}`.
    term stack;

    /// It is `{erpc, which}`: `noconnection` (the node is out of reach, or was lost: nobody knows whether the
    /// function ran), `timeout`, `notsup` (the node is too old), `badarg` (`arguments` is no list, or cannot
    /// be sent), `system_limit` (no room for a process over there), or what else the node refused it for.
    [[nodiscard]] bool is_erpc(atom which) const noexcept {
        return what == failure_kind::erpc && reason.is_atom(which);
    }
    /// As an element of what `erpc:multicall/5` gives: `{throw, T}`, `{exit, {exception, R}}`, `{error,
    /// {exception, R, S}}`, `{exit, {signal, R}}`, `{error, {erpc, R}}`.
    [[nodiscard]] term to_term() const;

private:
    // private: a result<term, failure> takes a term as its value
    failure(failure_kind w, term r, term s) : what(w), reason(std::move(r)), stack(std::move(s)) {}
};
/// boost::system::result calls this when value() is asked of a failed call: raises the exception named above,
/// in C++ a term for throw, else process_exit.
[[noreturn]] void throw_exception_from_error(const failure& e, const boost::source_location& where);

/// What the function returned, or why there is nothing.
using response = boost::system::result<term, failure>;
/// Nothing: for ever.
using time_limit = std::optional<std::chrono::milliseconds>;

namespace detail {
/// The arguments of `erlang:apply/2` for a fun without parameters. For anything else no list, which is
/// `badarg` for what waits for an answer; a cast of it fails over there, as in Erlang.
[[nodiscard]] term applied(term fun);
}  // namespace detail

// ---- calls

/// Blocks until the answer is here. Erlang: `erpc:call/4,5`.
[[nodiscard]] response call(atom node, atom module, atom function, term arguments, time_limit timeout = {});
/// The same for a fun without arguments, made where its module is loaded. Erlang: `erpc:call/2,3`.
[[nodiscard]] inline response call(atom node, term fun, time_limit timeout = {}) {
    return call(node, atoms::known<"erlang">, atoms::known<"apply">, detail::applied(std::move(fun)),
                timeout);
}
/// Calls on all the nodes at once; the answers in the order of `nodes`. Blocks until all are here, for
/// `timeout` in all. Erlang: `erpc:multicall/4,5`.
[[nodiscard]] std::vector<response> multicall(const std::vector<atom>& nodes, atom module, atom function,
                                              term arguments, time_limit timeout = {});
/// The same for a fun without arguments. Erlang: `erpc:multicall/2,3`.
[[nodiscard]] inline std::vector<response> multicall(const std::vector<atom>& nodes, term fun,
                                                     time_limit timeout = {}) {
    return multicall(nodes, atoms::known<"erlang">, atoms::known<"apply">, detail::applied(std::move(fun)),
                     timeout);
}

/// Lets the function run and never hears of it. Ends the caller with `{{erpc, badarg}, []}` when `arguments`
/// is no list. Blocks as send(). Erlang: `erpc:cast/4`.
void cast(atom node, atom module, atom function, term arguments);
/// The same for a fun without arguments. Erlang: `erpc:cast/2`.
inline void cast(atom node, term fun) {
    cast(node, atoms::known<"erlang">, atoms::known<"apply">, list(std::move(fun), list()));
}
/// Erlang: `erpc:multicast/4`.
void multicast(const std::vector<atom>& nodes, atom module, atom function, const term& arguments);
/// Erlang: `erpc:multicast/2`.
inline void multicast(const std::vector<atom>& nodes, term fun) {
    multicast(nodes, atoms::known<"erlang">, atoms::known<"apply">, list(std::move(fun), list()));
}

// ---- requests: calls whose answer is asked for later, by the process that made them, once

/// A request that has been sent.
struct request_id {
    reference result;   ///< what the other node marks the outcome with
    reference request;  ///< of the spawn request and the monitor
    friend bool operator==(const request_id&, const request_id&) noexcept = default;
};

/// Requests, each with a label that tells the caller what it was about. An answer that is received takes its
/// request out. Erlang: `erpc:request_id_collection()`, whose `Delete` is always true here.
class request_ids {
public:
    /// Erlang: `erpc:reqids_add/3`.
    void add(const request_id& id, term label);
    /// Erlang: `erpc:reqids_size/1`.
    [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }
    [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }
    /// In no order. Erlang: `erpc:reqids_to_list/1`.
    [[nodiscard]] std::vector<std::pair<request_id, term>> to_list() const;

private:
    friend struct request_access;
    struct entry {
        reference result;
        term label;
    };
    std::unordered_map<reference, entry> waiting_;  // by the reference of the request
};

/// An answer, and the label of its request.
struct labelled_response {
    response answer;
    term label;
};

/// Blocks as send() only. Ends the caller with `{{erpc, badarg}, []}` when `arguments` is no list. Erlang:
/// `erpc:send_request/4`.
[[nodiscard]] request_id send_request(atom node, atom module, atom function, term arguments);
/// The same for a fun without arguments. Erlang: `erpc:send_request/2`.
[[nodiscard]] inline request_id send_request(atom node, term fun) {
    return send_request(node, atoms::known<"erlang">, atoms::known<"apply">, detail::applied(std::move(fun)));
}
/// The same, added to a collection. Erlang: `erpc:send_request/6`.
void send_request(atom node, atom module, atom function, term arguments, term label, request_ids& into);
/// Erlang: `erpc:send_request/4`.
inline void send_request(atom node, term fun, term label, request_ids& into) {
    send_request(node, atoms::known<"erlang">, atoms::known<"apply">, detail::applied(std::move(fun)),
                 std::move(label), into);
}

/// Waits for the answer; after `timeout` the request is given up: `{erpc, timeout}`, and no answer comes any
/// more. Blocks. Erlang: `erpc:receive_response/1,2`.
[[nodiscard]] response receive_response(const request_id& id, time_limit timeout = {});
/// The same for whichever of them is answered first. Nothing: there are none. After `timeout` all are given
/// up: `{erpc, timeout}` without a label, and the collection is empty. Blocks. Erlang:
/// `erpc:receive_response/3`.
[[nodiscard]] std::optional<labelled_response> receive_response(request_ids& ids, time_limit timeout = {});

/// Waits for the answer; nothing when it has not come in time, and may still be asked for. Blocks for `time`
/// at most. Erlang: `erpc:wait_response/1,2`.
[[nodiscard]] std::optional<response> wait_response(const request_id& id,
                                                    time_limit time = std::chrono::milliseconds(0));
/// The same for whichever of them is answered first; nothing also when there are none. Erlang:
/// `erpc:wait_response/3`.
[[nodiscard]] std::optional<labelled_response> wait_response(request_ids& ids,
                                                             time_limit time = std::chrono::milliseconds(0));

/// The answer to the request, if `message`, which the caller has received itself, is that. Erlang:
/// `erpc:check_response/2`.
[[nodiscard]] std::optional<response> check_response(const term& message, const request_id& id);
/// The same for any of them. Erlang: `erpc:check_response/3`.
[[nodiscard]] std::optional<labelled_response> check_response(const term& message, request_ids& ids);

}  // namespace rakka::erpc
