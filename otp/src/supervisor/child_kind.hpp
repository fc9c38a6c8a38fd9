// A checked child specification, as supervisors hold it, and its forms as terms.
#pragma once

#include <rakka/otp/child_spec.hpp>

#include <boost/system/result.hpp>

#include <memory>
#include <vector>

namespace rakka::detail {

/// What all children of one kind have in common. Never changes once it is shared.
struct child_kind {
    term id;
    term module;
    term function;
    term arguments;       // a proper list; `undefined` when they are not needed any more, as OTP has it
    start_function call;  // empty: an exported function of these names
    restart_type restart = restart_type::permanent;
    bool significant = false;
    child_shutdown shutdown;  // never by_default
    child_type type = child_type::worker;
    term modules;

    [[nodiscard]] bool temporary() const noexcept { return restart == restart_type::temporary; }
    [[nodiscard]] bool permanent() const noexcept { return restart == restart_type::permanent; }
    /// `{M, F, A}`
    [[nodiscard]] term start() const;
};
using shared_kind = std::shared_ptr<const child_kind>;

/// What is wrong with a specification.
struct bad_spec {
    term reason;
};
template <class T>
using checked = boost::system::result<T, bad_spec>;
[[noreturn]] void throw_exception_from_error(const bad_spec& e, const boost::source_location& where);

/// With no mode whether the child may be significant is not looked at, as in supervisor:check_childspecs/1.
using mode_to_check = std::optional<auto_shutdown_mode>;

/// Checks a specification as supervisor:check_childspecs/2 does. Any thread.
[[nodiscard]] checked<child_kind> check_spec(const child_spec& spec, mode_to_check mode);
/// The same for a map, or the old 6-tuple. [protocol §7.4]
[[nodiscard]] checked<child_kind> check_spec(const term& spec, mode_to_check mode);
/// What Elixir's DynamicSupervisor.start_child/2 sends: `{{M, F, A}, Restart, Shutdown, Type, Modules}`; or a
/// specification of the other forms. [protocol §7.6]
[[nodiscard]] checked<child_kind> check_dynamic_spec(const term& spec);

/// The map that get_childspec answers with. Erlang: supervisor:get_childspec/2.
[[nodiscard]] term to_spec(const child_kind& kind);
/// `{child, Pid, Id, {M, F, A}, Restart, Significant, Shutdown, Type, Modules}`, as in the errors of
/// start_child.
[[nodiscard]] term to_record(const child_kind& kind, const term& child);
[[nodiscard]] term to_term(const child_shutdown& s);

/// Runs the start function with the kind's arguments and `more`. What it throws is given as it is caught by
/// `catch` in Erlang (`{'EXIT', Reason}`; a thrown term is the answer), or, with `plain_reasons`, as the
/// reason alone, as in Elixir's DynamicSupervisor. Throws process_exit only when a signal ends the
/// supervisor. Owner process.
enum class thrown : std::uint8_t { as_catch_has_it, plain_reasons };
[[nodiscard]] start_answer start_child(const child_kind& kind, const std::vector<term>& more, thrown how);

/// Calls a start function with the arguments of its specification. What it throws leaves. Owner process.
[[nodiscard]] start_answer apply_start(const child_start& start);

/// The elements of a proper list, sharing its memory; nothing for another term.
[[nodiscard]] std::optional<std::vector<term>> elements_of(const term& list);

/// `t` to be kept: a copy, so that it does not keep the memory of a whole message; `t` itself when it has a
/// native object in it, which cannot be copied.
[[nodiscard]] term to_keep(const term& t);

}  // namespace rakka::detail
