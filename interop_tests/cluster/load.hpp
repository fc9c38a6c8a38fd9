// What a member of the cluster under fire does, in C++: the twin of cluster_load.erl.
#pragma once

#include <rakka/rakka.hpp>

namespace rakka::interop {

/// Exports start/1, stop/0, report/0, members/0 and idle/0 of the module cluster_load. The node outlives
/// every call of them.
void export_cluster_load(node& self);

}  // namespace rakka::interop
