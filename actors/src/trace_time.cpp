#include "trace_time.hpp"

#include "system_core.hpp"

#include <rakka/actors/trace_token.hpp>
#include <rakka/etf/build.hpp>

#include <chrono>

namespace rakka::detail {

term trace_time(system_core& core, std::int64_t flags) {
    using namespace std::chrono;
    if ((flags & trace_token::timestamp) != 0) {
        constexpr std::int64_t million = 1'000'000;
        const std::int64_t now = duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
        return tuple(now / million / million, now / million % million, now % million);
    }
    const std::int64_t now = core.now().count();
    if ((flags & trace_token::strict_monotonic_timestamp) != 0)
        return tuple(now, core.trace_times.fetch_add(1, std::memory_order_relaxed));
    if ((flags & trace_token::monotonic_timestamp) != 0) return now;
    return {};
}

}  // namespace rakka::detail
