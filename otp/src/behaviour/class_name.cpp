#include "behaviour/class_name.hpp"

#include <boost/core/demangle.hpp>

#include <string>

namespace rakka::detail {

atom class_name(const std::type_info& type) {
    constexpr std::size_t longest = 255;
    const std::string name = boost::core::demangle(type.name());
    return atom(name.substr(0, longest));
}

}  // namespace rakka::detail
