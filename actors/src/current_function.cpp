#include "current_function.hpp"

#include <boost/core/demangle.hpp>

#include <array>
#include <dlfcn.h>
#include <execinfo.h>
#include <string_view>

namespace rakka::detail {

namespace {

/// Members of namespace rakka, as the ABI writes their names; and what a library in C between them and the
/// user is called.
bool is_ours(std::string_view name) noexcept {
    return name.starts_with("_ZN5rakka") || name.starts_with("_ZNK5rakka") ||
           name.starts_with("_ZZN5rakka") || name.starts_with("_ZNSt") || name.starts_with("_ZNKSt") ||
           !name.starts_with("_Z");
}

}  // namespace

std::string innermost_function() {
    std::array<void*, 64> frames{};
    const int n = ::backtrace(frames.data(), static_cast<int>(frames.size()));
    for (int i = 1; i < n; ++i) {
        // A return address may be the first byte of the next function already.
        const auto* const in_call = static_cast<const char*>(frames[static_cast<std::size_t>(i)]) - 1;
        Dl_info found{};
        if (::dladdr(in_call, &found) == 0 || found.dli_sname == nullptr || is_ours(found.dli_sname))
            continue;
        return boost::core::demangle(found.dli_sname);
    }
    return {};
}

}  // namespace rakka::detail
