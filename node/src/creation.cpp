#include "random_bits.hpp"

#include <rakka/node/creation.hpp>

namespace rakka {

creation random_creation() {
    for (;;) {
        const creation drawn{detail::random_bits<std::uint32_t>()};
        if (drawn.is_valid()) return drawn;
    }
}

}  // namespace rakka
