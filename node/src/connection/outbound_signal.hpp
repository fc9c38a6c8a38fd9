// A signal that goes to another node, not encoded yet.
#pragma once

#include "wire/control_message.hpp"
#include "wire/message_encoder.hpp"

#include <rakka/etf/term.hpp>

#include <cstddef>
#include <memory>

namespace rakka::detail {

struct outbound_signal {
    wire::control_message control;
    term payload;  ///< message, exit reason or argument list; none for kinds without

    /// The payload once more, in the form of one connection.
    std::unique_ptr<wire::encoded_payload> ahead{};

    /// About how much memory it holds while it waits.
    [[nodiscard]] std::size_t weight() const noexcept {
        return sizeof(outbound_signal) + term_bytes() + (ahead ? ahead->size : 0);
    }
    /// That of the payload's term.
    [[nodiscard]] std::size_t term_bytes() const noexcept {
        return payload.owner() != nullptr ? payload.owner()->bytes() : 0;
    }
};

}  // namespace rakka::detail
