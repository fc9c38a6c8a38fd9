// The half of `rakka capture` that connects to a node and says a recording again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace rakka::tools {

struct replay_options {
    std::string file;
    std::uint32_t connection = 1;
    std::string cookie;
    std::string cookie_file;
    std::uint16_t epmd_port = 0;
    std::uint16_t port = 0;
    double wait = 2;  ///< seconds of silence after which it ends
    std::size_t max_text = 400;
};

/// Prints what both sides say. The exit status: 0 when all has been said and the node did not hang up
/// meanwhile.
int replay_recording(const replay_options& o);

}  // namespace rakka::tools
