// A started node: the shared core, and what only starting and stopping care about.
#pragma once

#include "connection/node_core.hpp"
#include "services/epmd_registration.hpp"

#include <rakka/actors/layers.hpp>
#include <rakka/node/epmd_server.hpp>
#include <rakka/node/node.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace rakka::detail {

struct running_node final : system_part {
    explicit running_node(std::shared_ptr<node_core> c) : core(std::move(c)) {}
    ~running_node() override { stop(); }

    /// All steps of node::start after name and cookie are known. Nothing: it runs. Not the I/O thread.
    [[nodiscard]] std::optional<node_start_error> start();
    void stop();

    [[nodiscard]] std::string name() const override;
    void figures(std::vector<figure>& out) const override;
    /// No peer can dial this node any more, and epmd does not tell of it. Peers that are there stay.
    void stop_accepting() override;
    /// Bytes that are on their way to peers.
    [[nodiscard]] std::size_t unfinished() const override;
    /// stop(). Does nothing in a process of a simulated network, which cannot wait for itself.
    void close() override;

    std::shared_ptr<node_core> core;
    std::uint16_t port = 0;

private:
    [[nodiscard]] std::optional<node_start_error> listen();
    std::optional<node_start_error> listen_locally(const unix_socket_options& how);
    [[nodiscard]] std::optional<node_start_error> register_name();
    [[nodiscard]] std::optional<node_start_error> missing_process() const;
    /// The outcome of one attempt to register; the creation on success.
    [[nodiscard]] boost::system::result<creation, node_start_error> try_register();

    std::mutex stop_mutex_;
    std::atomic<bool> started_{false};
    bool stopped_ = false;
    std::optional<epmd_server> own_epmd_;
    std::shared_ptr<epmd_registration> registration_;  // used on the I/O thread
    std::vector<pid> processes_;
};

}  // namespace rakka::detail
