// Module `rpc` and `erpc` for callers on other nodes.
#pragma once

#include <rakka/actors/exports.hpp>

namespace rakka::detail {

/// The functions of `rpc` and `erpc` that make sense from afar, with the results and exceptions of Erlang's.
void export_rpc_functions(export_table& exports);

}  // namespace rakka::detail
