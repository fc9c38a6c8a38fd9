// A process of another node as it is written on the command line.
#pragma once

#include <rakka/actors/destination.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace rakka::tools {

/// A name, or a pid as a shell of that node prints it: `<0.123.0>`.
struct process_name {
    atom name{};
    struct numbers {
        std::uint32_t id, serial;
    };
    std::optional<numbers> pid{};

    /// Nothing when it is neither.
    [[nodiscard]] static std::optional<process_name> read(std::string_view text);
    /// Where to send on `peer`, to which there is a connection. A pid needs a question to the node; nothing
    /// when that is not answered. Owner process.
    [[nodiscard]] std::optional<destination> on(atom peer, std::chrono::milliseconds patience) const;
};

}  // namespace rakka::tools
