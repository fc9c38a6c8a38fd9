// A signal that goes to another node, not encoded yet.
#pragma once

#include "wire/control_message.hpp"

#include <rakka/etf/term.hpp>

#include <cstddef>

namespace rakka::detail {

struct outbound_signal {
    wire::control_message control;
    term payload;  ///< message, exit reason or argument list; none for kinds without

    /// About how much memory it holds while it waits.
    [[nodiscard]] std::size_t weight() const noexcept {
        return sizeof(outbound_signal) + (payload.owner() != nullptr ? payload.owner()->bytes() : 0);
    }
};

}  // namespace rakka::detail
