// What the files of this folder share: how they put functions into the table, and how those refuse arguments.
#pragma once

#include "connection/node_core.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/exports.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/etf/traits.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace rakka::detail {

using arguments = const std::vector<term>&;

[[noreturn]] inline void bad_argument() {
    error(atoms::known<"badarg">);
}

/// The atom that `t` is, if the table has it: one that a peer has made up is not worth a place there.
[[nodiscard]] inline std::optional<atom> known_atom(term_view t) {
    if (!t.is(kind::atom)) return std::nullopt;
    return t.is_foreign_atom() ? atom::existing(t.atom_text()) : std::optional(*t.as<atom>());
}

/// Adds functions of one Erlang module that need the node. A call that comes after its end fails with
/// `noproc`: the table is a part of the core and must not keep it alive.
class exporter {
public:
    exporter(const std::shared_ptr<node_core>& core, std::string_view module)
        : core_(core), table_(*core->built_in), module_(module) {}

    /// `f(core, arguments)` gives a term.
    template <class F>
    void add(std::string_view function, std::size_t arity, F f) {
        table_.add(module_, atom(function), arity, [core = core_, f = std::move(f)](arguments a) -> term {
            const auto c = core.lock();
            if (!c) error(atoms::known<"noproc">);
            return f(*c, a);
        });
    }

private:
    const std::weak_ptr<node_core> core_;
    export_table& table_;
    const atom module_;
};

}  // namespace rakka::detail
