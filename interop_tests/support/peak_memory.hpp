// The most memory that this program has had, so that a test can say how many copies of something there were.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>

namespace rakka::interop {

/// A line of a file such as /proc/self/status or /proc/meminfo in bytes, 0 where there is none.
inline std::uint64_t bytes_told(const char* file, const std::string& name) {
    std::ifstream lines(file);
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with(name + ":")) return std::stoull(line.substr(name.size() + 1)) << 10;
    return 0;
}

/// Bytes of memory in use at the worst time so far (VmHWM of Linux).
inline std::uint64_t peak_memory() {
    return bytes_told("/proc/self/status", "VmHWM");
}

/// The most so far becomes what there is now, which it gives.
inline std::uint64_t forget_peak_memory() {
    std::ofstream("/proc/self/clear_refs") << "5";
    return peak_memory();
}

}  // namespace rakka::interop
