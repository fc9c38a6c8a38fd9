#include "inspection/machine.hpp"

#include <cctype>
#include <ctime>
#include <fstream>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace rakka::detail::machine {
namespace {

std::optional<unsigned> count_of(int which) {
    const long n = sysconf(which);
    return n > 0 ? std::optional(static_cast<unsigned>(n)) : std::nullopt;
}

}  // namespace

std::optional<unsigned> processors() {
    return count_of(_SC_NPROCESSORS_CONF);
}

std::optional<unsigned> online_processors() {
    return count_of(_SC_NPROCESSORS_ONLN);
}

std::optional<unsigned> usable_processors() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0) return std::nullopt;  // more than the set has room for
    return static_cast<unsigned>(CPU_COUNT(&set));
}

std::string architecture() {
    utsname name{};
    if (uname(&name) != 0) return "unknown";
    std::string system = name.sysname;
    for (char& c : system)
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
#ifdef __GLIBC__
    system += "-gnu";
#endif
    return std::string(name.machine) + "-unknown-" + system;
}

std::vector<unsigned> kernel_version() {
    utsname name{};
    if (uname(&name) != 0) return {};
    std::vector<unsigned> numbers;
    for (const char* p = name.release;
         numbers.size() < 3 && std::isdigit(static_cast<unsigned char>(*p)) != 0;) {
        unsigned n = 0;
        for (; std::isdigit(static_cast<unsigned char>(*p)) != 0; ++p)
            n = n * 10 + static_cast<unsigned>(*p - '0');
        numbers.push_back(n);
        if (*p == '.') ++p;
    }
    return numbers;
}

program_memory memory() {
    std::ifstream pages("/proc/self/statm");
    std::uint64_t size = 0, resident = 0, shared = 0, code = 0;
    if (!(pages >> size >> resident >> shared >> code)) return {};
    const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    return {resident * page, code * page};
}

std::chrono::nanoseconds processor_time() {
    timespec used{};
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) != 0) return {};
    return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

}  // namespace rakka::detail::machine
