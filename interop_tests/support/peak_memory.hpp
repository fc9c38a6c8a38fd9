// The most memory that this program has had, so that a test can say how many copies of something there were.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>

namespace rakka::interop {

/// Bytes of memory in use at the worst time so far, 0 where the system does not tell (VmHWM of Linux).
inline std::uint64_t peak_memory() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6)) << 10;
    return 0;
}

}  // namespace rakka::interop
