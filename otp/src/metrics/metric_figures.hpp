// What metrics show without anybody's doing: figures of the system and of the program it runs in.
#pragma once

#include <rakka/actors/layers.hpp>

#include <vector>

namespace rakka::detail {

/// Processes, messages, queues, timers, memory: `rakka_…`. Any thread.
void add_system_figures(system& s, std::vector<figure>& out);

/// What Prometheus's own clients tell of a program: `process_…`. Those that the operating system does not
/// tell are left out. Any thread.
void add_program_figures(std::vector<figure>& out);

}  // namespace rakka::detail
