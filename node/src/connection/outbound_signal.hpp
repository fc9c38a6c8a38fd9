// A signal that goes to another node, not encoded yet.
#pragma once

#include "wire/control_message.hpp"
#include "wire/message_encoder.hpp"

#include <rakka/etf/encode.hpp>
#include <rakka/etf/term.hpp>

#include <cstddef>
#include <memory>

namespace rakka::detail {

struct outbound_signal {
    wire::control_message control;
    term payload;  ///< message, exit reason or argument list; none for kinds without

    /// The payload once more, in the form of one connection.
    std::unique_ptr<wire::encoded_payload> ahead{};
    std::size_t known_weight = 0;  ///< weight(), once it has been asked for

    /// About how much memory it holds while it waits, binaries and terms that it only refers to included. The
    /// first time this walks through the payload.
    [[nodiscard]] std::size_t weight() {
        if (known_weight == 0)
            known_weight = sizeof(outbound_signal) + (ahead ? ahead->size : size_of_payload());
        return known_weight;
    }
    /// Of the payload's own memory, without what it refers to.
    [[nodiscard]] std::size_t term_bytes() const noexcept {
        return payload.owner() != nullptr ? payload.owner()->bytes() : 0;
    }

private:
    [[nodiscard]] std::size_t size_of_payload() const {
        if (payload.owner() == nullptr) return 0;
        const auto size = etf::encoded_size(payload);
        return size ? *size : payload.owner()->bytes();  // what cannot be encoded is dropped when it is tried
    }
};

}  // namespace rakka::detail
