// What tools on other nodes (observer, etop, a shell) ask about this one, answered in the shapes of a BEAM.
//
// Figures are real ones of the system or the operating system. What a BEAM has and this has not (ports, ETS
// tables, heaps) is zero, an empty list or `undefined`, whichever is of the right type.
#pragma once

#include <memory>

namespace rakka {
class export_table;
}

namespace rakka::detail {

struct node_core;

/// Exports all functions of this folder to peers. The table keeps no hold on the core. Any thread.
void export_inspection_functions(const std::shared_ptr<node_core>& core);

// The parts of it, by Erlang module.

/// `erlang`: process_info/1,2, system_info/1, statistics/1, memory/0,1 and what else looks around.
void export_erlang_functions(const std::shared_ptr<node_core>& core);
/// `observer_backend`, for observer and etop.
void export_observer_functions(const std::shared_ptr<node_core>& core);
/// `appmon_info`, for observer's page of applications.
void export_appmon_functions(const std::shared_ptr<node_core>& core);
/// `application`, `application_controller`, `application_master`.
void export_application_functions(export_table& exports);
/// `code`, `os`, `init`, `net_kernel`, `net_adm`, `proc_lib`, `ets`, `c`.
void export_kernel_functions(const std::shared_ptr<node_core>& core);

}  // namespace rakka::detail
