// How calls of servers fail: the exit of the caller, in OTP's shape.
#pragma once

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/gen_protocol.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/otp/server_name.hpp>

#include <chrono>
#include <optional>

namespace rakka::detail {

/// `{Reason, {Module, Function, [Arguments…]}}`, the shape in which a failed call exits.
template <class Arguments>
[[noreturn]] void fail_in(const term& reason, atom module, atom function, const Arguments& arguments) {
    throw process_exit{tuple(reason, tuple(module, function, arguments))};
}

[[nodiscard]] inline term timeout_term(std::optional<std::chrono::milliseconds> timeout) {
    return timeout ? term(timeout->count()) : term(atoms::known<"infinity">);
}

/// gen::call of whoever the reference stands for. A kept name whose process is on a node that has just been
/// lost is as good as nobody's. Owner process; blocks. Erlang: gen:call/4.
[[nodiscard]] boost::system::result<term, gen::no_reply> call_server(
    const server_ref& server, atom label, const term& request,
    std::optional<std::chrono::milliseconds> timeout);
/// The same for a gen_event, whose requests have the client's pid as their label.
[[nodiscard]] boost::system::result<term, gen::no_reply> call_server(
    const server_ref& server, const pid& label, const term& request,
    std::optional<std::chrono::milliseconds> timeout);

}  // namespace rakka::detail
