// A node as a part of its system: what metrics show of it, and how it lets nobody new in.
#include "connection/connection.hpp"
#include "connection/listener.hpp"
#include "services/io_call.hpp"
#include "services/running_node.hpp"
#include "transport/loop_world.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/node/connection_info.hpp>

#include <cstdint>
#include <string_view>
#include <utility>

namespace rakka::detail {
namespace {

class figure_list {
public:
    explicit figure_list(std::vector<figure>& out) : out_(out) {}

    void counter(std::string_view name, std::string_view help, std::string_view direction,
                 std::uint64_t value) {
        add(name, help, figure::kind::counter, {{"direction", std::string(direction)}}, value);
    }
    void of_peer(std::string_view name, std::string_view help, atom peer, std::string_view direction,
                 std::uint64_t value) {
        add(name, help, figure::kind::counter,
            {{"peer", std::string(peer.text())}, {"direction", std::string(direction)}}, value);
    }
    void gauge_of_peer(std::string_view name, std::string_view help, atom peer, std::uint64_t value) {
        add(name, help, figure::kind::gauge, {{"peer", std::string(peer.text())}}, value);
    }
    void add(std::string_view name, std::string_view help, figure::kind type,
             std::vector<std::pair<std::string, std::string>> labels, std::uint64_t value) {
        out_.push_back(
            {std::string(name), std::string(help), type, std::move(labels), static_cast<double>(value)});
    }

private:
    std::vector<figure>& out_;
};

void peer_figures(figure_list& out, const connection_info& peer) {
    const auto both = [&](std::string_view name, std::string_view help, std::uint64_t in,
                          std::uint64_t away) {
        out.of_peer(name, help, peer.node, "in", in);
        out.of_peer(name, help, peer.node, "out", away);
    };
    both("rakka_peer_bytes_total", "Bytes over the present connection to a peer.", peer.bytes_in,
         peer.bytes_out);
    both("rakka_peer_messages_total",
         "Messages and other signals over the present connection to a peer, ticks not among them.",
         peer.signals_in, peer.signals_out);
    out.gauge_of_peer("rakka_peer_waiting_bytes", "Bytes that are to be written to a peer.", peer.node,
                      peer.bytes_waiting);
    out.gauge_of_peer("rakka_peer_suspended_senders",
                      "Processes that wait because the connection to a peer is busy.", peer.node,
                      peer.senders_suspended);
}

}  // namespace

std::string running_node::name() const {
    return "node " + std::string(core->self().text());
}

void running_node::figures(std::vector<figure>& out) const {
    if (core->stopping || !started_) return;
    figure_list list(out);
    std::size_t visible = 0;
    std::size_t hidden = 0;
    for (const auto& c : core->connections.all()) {
        if (c->phase() != connection_phase::up) continue;
        ++(c->hidden() ? hidden : visible);
        peer_figures(list, c->info());
    }
    const auto connections = [&](std::string_view type, std::size_t n) {
        list.add("rakka_connections", "Nodes that are connected.", figure::kind::gauge,
                 {{"type", std::string(type)}}, n);
    };
    connections("visible", visible);
    connections("hidden", hidden);
    const traffic all = core->connections.total_traffic();
    constexpr std::string_view help =
        "Bytes over all connections there are and were, handshakes not counted.";
    list.counter("rakka_distribution_bytes_total", help, "in", all.bytes_in);
    list.counter("rakka_distribution_bytes_total", help, "out", all.bytes_out);
}

void running_node::stop_accepting() {
    const std::lock_guard lock(stop_mutex_);
    if (stopped_) return;
    call_on_io(core->sys, [this] {
        if (core->accepting) core->accepting->close();
        registration_ = nullptr;
    });
}

std::size_t running_node::unfinished() const {
    if (core->stopping) return 0;
    std::size_t bytes = 0;
    for (const auto& c : core->connections.all())
        if (c->phase() == connection_phase::up) bytes += c->info().bytes_waiting;
    return bytes;
}

void running_node::close() {
    if (transport::world_of(core->io) == nullptr || !in_process()) stop();
}

}  // namespace rakka::detail
