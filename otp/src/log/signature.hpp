// The names of C++ functions as compilers and symbol tables write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rakka::log {

struct signature {
    std::string name;              ///< with the namespaces and classes it is in, without templates' arguments
    std::uint32_t parameters = 0;  ///< 0 as well where the text does not say
};

/// Takes `void calc::add(int, std::map<int, int>) [with T = …]` apart. Any thread.
[[nodiscard]] signature parts_of_signature(std::string_view text);

}  // namespace rakka::log
