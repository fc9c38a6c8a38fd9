// A Rakka node inside the test program, at the test's epmd: the colleague that the BEAMs of a test talk to.
#pragma once

#include "support/beam_node.hpp"
#include "support/private_epmd.hpp"

#include <rakka/rakka.hpp>

#include <stdexcept>
#include <string>

namespace rakka::interop {

/// `alive`@127.0.0.1 with the cookie that the harness gives its BEAMs. Hidden, so that a test has to do with
/// the nodes it names and no others, unless it says visible.
class rakka_peer {
public:
    rakka_peer(const std::string& alive, const beam_options& like, private_epmd& epmd,
               system_options how = {.workers = 2}, node_visibility visible = node_visibility::hidden)
        : system_(how), node_(start(system_, alive, like, epmd, visible)) {}

    [[nodiscard]] rakka::system& system() noexcept { return system_; }
    [[nodiscard]] rakka::node& node() noexcept { return node_; }
    /// As Erlang source: `'cpp@127.0.0.1'`.
    [[nodiscard]] std::string name() const { return "'" + std::string(node_.name().text()) + "'"; }

private:
    static rakka::node start(rakka::system& s, const std::string& alive, const beam_options& like,
                             private_epmd& epmd, node_visibility visible) {
        auto started = node::start(s, {.name = alive + "@127.0.0.1",
                                       .cookie = cookie::from_text(like.cookie).value(),
                                       .visibility = visible,
                                       .listen_address = "127.0.0.1",
                                       .epmd = epmd_mode::running,
                                       .epmd_port = static_cast<std::uint16_t>(epmd.port())});
        if (!started) throw std::runtime_error(started.error().message);
        return *std::move(started);
    }

    rakka::system system_;
    rakka::node node_;
};

}  // namespace rakka::interop
