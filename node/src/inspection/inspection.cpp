#include "inspection/inspection.hpp"

#include "connection/node_core.hpp"

namespace rakka::detail {

void export_inspection_functions(const std::shared_ptr<node_core>& core) {
    export_erlang_functions(core);
    export_observer_functions(core);
    export_appmon_functions(core);
    export_application_functions(*core->built_in);
    export_kernel_functions(core);
}

}  // namespace rakka::detail
