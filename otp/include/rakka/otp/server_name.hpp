// Names of servers: local, of the whole cluster, or kept by a module of the user's.
#pragma once

#include <rakka/actors/destination.hpp>
#include <rakka/etf/atom.hpp>
#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

#include <optional>
#include <utility>
#include <variant>

namespace rakka {

/// A name that a module keeps: `{global, Name}` or `{via, Module, Name}`. The module's functions are those
/// exported in this system (system::exports()), as Erlang's contract for `via` has them: `register_name(Name,
/// Pid)` gives `yes` or `no`, `unregister_name(Name)`, `whereis_name(Name)` gives a pid or `undefined`,
/// `send(Name, Message)`. A node exports `global`; a registry of your own is four exported functions
/// (rakka/otp/registry.hpp has one).
struct registry_name {
    atom module;
    term name;

    /// `{global, Name}` or `{via, Module, Name}`.
    [[nodiscard]] term to_term() const;
};
/// A name for the whole cluster. Needs a running node. Erlang: `{global, Name}`.
[[nodiscard]] registry_name global_name(term name);
/// Erlang: `{via, Module, Name}`.
[[nodiscard]] registry_name via(atom module, term name);

/// Who has the name; nothing when nobody has, or the module exports no `whereis_name/1`. Owner process;
/// blocks as that function does.
[[nodiscard]] std::optional<pid> whereis(const registry_name& name);

/// The name a server is started with: none, a local one, or one a module keeps. Implicit from each.
class server_name {
public:
    server_name() = default;
    server_name(atom local) : name_(local ? form(local) : form()) {}
    server_name(registry_name kept) : name_(std::move(kept)) {}

    [[nodiscard]] bool has_value() const noexcept { return !std::holds_alternative<std::monostate>(name_); }
    /// The local name; the empty atom when there is none.
    [[nodiscard]] atom local() const noexcept {
        const auto* const name = std::get_if<atom>(&name_);
        return name ? *name : atom();
    }
    [[nodiscard]] const registry_name* kept() const noexcept { return std::get_if<registry_name>(&name_); }
    /// An atom, `{global, Name}`, `{via, Module, Name}`; the pid of the caller when there is no name. Owner
    /// process.
    [[nodiscard]] term to_term() const;

private:
    using form = std::variant<std::monostate, atom, registry_name>;
    form name_;
};

/// Whom a function of a behaviour is about: all that `!` accepts, and names that a module keeps. Implicit
/// from each.
class server_ref {
public:
    server_ref(const pid& p) : to_(p) {}
    server_ref(atom name) : to_(name) {}
    server_ref(const registered_name& name) : to_(name) {}
    server_ref(const destination& to) : to_(std::visit([](const auto& t) { return form(t); }, to)) {}
    server_ref(registry_name kept) : to_(std::move(kept)) {}

    [[nodiscard]] const registry_name* kept() const noexcept { return std::get_if<registry_name>(&to_); }
    /// Where to send: of a kept name its process; nothing when nobody has it. Owner process; may block for a
    /// kept name.
    [[nodiscard]] std::optional<destination> resolve() const;
    /// As Erlang shows it. Any thread.
    [[nodiscard]] term to_term() const;

private:
    using form = std::variant<pid, atom, registered_name, reference, registry_name>;
    form to_;
};

namespace detail {
/// Gives the calling process its name. Nothing: done; else why not: `{already_started, Pid}`, `badarg`. Owner
/// process.
[[nodiscard]] std::optional<term> take_name(const server_name& name);
/// What unregister does when starting has failed. Owner process.
void give_up_name(const server_name& name) noexcept;
/// Who has it already. Owner process.
[[nodiscard]] std::optional<pid> holder_of(const server_name& name);
}  // namespace detail

}  // namespace rakka
