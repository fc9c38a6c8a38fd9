// Which applications run here. A node by itself has none: they are told by whoever has registered the name
// `application_controller`, as on a BEAM.
//
// That process answers `gen_server:call(application_controller, …)`:
//
//     which_applications     [{Name, Description, Version}], the latter two lists of characters
//     {get_master, Name}     the process at the root of its tree, or undefined
#pragma once

#include <rakka/etf/atom.hpp>
#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

#include <optional>
#include <vector>

namespace rakka::detail {

/// `[{Name, Description, Version}]`; empty without an application controller, and where it does not answer in
/// some seconds. Blocks. Owner process.
[[nodiscard]] std::vector<term> which_applications();

/// The root of the tree of `name`. Blocks. Owner process.
[[nodiscard]] std::optional<pid> application_master_of(const term& name);

}  // namespace rakka::detail
