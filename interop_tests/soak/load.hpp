// What a member of the soak does, in C++: the twin of soak_load.erl.
#pragma once

#include <rakka/rakka.hpp>

namespace rakka::interop {

/// Exports the functions of the module soak_load. The node outlives every call of them.
void export_soak_load(system& s, node& self);

}  // namespace rakka::interop
