// What a run of a simulation has to fix so that the next one goes the same way: the order in hash tables.
#pragma once

#include <cstdint>

namespace rakka::etf::replay {

/// Hashes of this program are the same in each run, so that peers could choose keys that collide: for tests
/// only. Before the first atom is made, which is before main(); later it has no effect. Any thread.
void fix_hashes() noexcept;

/// The numbers of systems that are free are handed out from the lowest on, as at the start of the program,
/// and not as late as possible. Any thread.
void sort_origins();

}  // namespace rakka::etf::replay
