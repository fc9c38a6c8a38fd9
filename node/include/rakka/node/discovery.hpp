// Finding the other nodes of a cluster: by a list, by DNS, or by the gossip of libcluster, which Elixir
// programs use; or by a strategy of one's own.
//
//     auto finding = rakka::discovery::start(system, {rakka::discovery::gossip({.secret = "…"}),
//                                                     rakka::discovery::dns_poll({.query = "app.internal",
//                                                                                 .node_basename = "app"})});
//
// Strategies say which nodes there are; the service connects to them, and goes on trying with ever longer
// pauses. The cookie decides who really belongs together.
#pragma once

#include <rakka/base/result.hpp>
#include <rakka/etf/identifiers.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rakka {
class system;
}

namespace rakka::discovery {

/// Where a strategy says what it has found. Any thread; copies say the same. Does not block.
class findings {
public:
    /// These nodes (`name@host`) are there; those that were named before stay. A node that is not named
    /// again is forgotten after settings::forget_after.
    void found(std::vector<std::string> nodes) const;
    /// These are all nodes there are. Those that were named before and are not any more are gone.
    void all(std::vector<std::string> nodes) const;
    /// Something does not work: `text` goes to the node's log as a warning, once until it has changed;
    /// empty: it works (again).
    void trouble(std::string text) const;
    /// The node that searches.
    [[nodiscard]] const std::string& own_name() const noexcept { return own_name_; }

private:
    friend struct findings_access;
    rakka::system* system_ = nullptr;
    pid to_;
    std::size_t strategy_ = 0;
    std::string own_name_;
};

/// A way to find nodes. Erlang: nearest to the behaviour `Cluster.Strategy` of libcluster.
class strategy {
public:
    strategy() = default;
    strategy(const strategy&) = delete;
    strategy& operator=(const strategy&) = delete;
    virtual ~strategy() = default;

    /// Looks for nodes and tells `to` of them, for ever or until there is nothing more to say. Runs in a
    /// process of its own, so it may receive with a timeout, `await` I/O, and call what blocks inside
    /// blocking(). An exit signal ends it. When it ends with an error, that is logged, and it is run again
    /// after some seconds; never twice at a time.
    virtual void run(const findings& to) = 0;
};
using strategy_ptr = std::shared_ptr<strategy>;

// ---- the strategies that come with Rakka

/// These nodes and no others. libcluster: `Cluster.Strategy.Epmd`.
[[nodiscard]] strategy_ptr static_list(std::vector<std::string> nodes);

/// Which DNS server is asked.
struct dns_server {
    /// An IPv4 address; empty: as the machine is set up (/etc/resolv.conf).
    std::string address{};
    std::uint16_t port = 53;
    /// For one attempt; there are two.
    std::chrono::seconds patience{3};
};

struct dns_poll_options {
    std::string query{};          ///< a name with a record of type A or AAAA for each node
    std::string node_basename{};  ///< nodes are called node_basename@address
    std::chrono::milliseconds polling_interval{5'000};
    dns_server server{};
};
/// Nodes called after the addresses of one DNS name. A name that does not exist stands for no nodes; a
/// lookup that fails changes nothing. libcluster: `Cluster.Strategy.DNSPoll`.
[[nodiscard]] strategy_ptr dns_poll(dns_poll_options options);

struct dns_srv_options {
    std::string query{};          ///< a name with a record of type SRV for each node
    std::string node_basename{};  ///< nodes are called node_basename@target of a record
    std::chrono::milliseconds polling_interval{5'000};
    dns_server server{};
};
/// Nodes called after the targets of SRV records, as a headless service of Kubernetes has them:
/// `myapp-headless.default.svc.cluster.local`. libcluster: `Cluster.Strategy.Kubernetes.DNSSRV`.
[[nodiscard]] strategy_ptr dns_srv(dns_srv_options options);

struct gossip_options {
    std::uint16_t port = 45'892;
    std::string if_addr = "0.0.0.0";  ///< the address to receive at
    /// The address of the interface for multicast; none: whichever the system takes.
    std::optional<std::string> multicast_if{};
    std::string multicast_addr = "233.252.1.32";  ///< with broadcast_only: the broadcast address
    std::uint8_t multicast_ttl = 1;               ///< 1: does not leave the local network
    bool broadcast_only = false;
    /// Packets are encrypted with it, and others ignored. None: they are plain, and anybody on the network
    /// can name nodes to be dialled.
    std::optional<std::string> secret{};
    /// Each packet is followed by the next after a random time of at most this.
    std::chrono::milliseconds longest_pause{5'000};
};
/// Nodes tell of themselves by UDP, in packets that libcluster's nodes understand, and we theirs; the names
/// and defaults of the options are those there. IPv4. libcluster: `Cluster.Strategy.Gossip`.
[[nodiscard]] strategy_ptr gossip(gossip_options options = {});

// ---- the service

struct settings {
    /// After a failure, and after a lost connection, a node is tried again after this; each further failure
    /// doubles it.
    std::chrono::milliseconds first_pause{1'000};
    std::chrono::milliseconds longest_pause{30'000};
    /// A node that no strategy lists, and of which none has heard for so long, is dialled no more.
    std::chrono::milliseconds forget_after{60'000};
    /// Whether connections to nodes end that have gone from the lists of all strategies.
    bool disconnect_gone = false;
    std::size_t max_dials = 16;  ///< nodes dialled at a time
    /// Nodes known at a time, and new names over the life of the service (each takes an atom); further ones
    /// are ignored.
    std::size_t max_nodes = 10'000;
};

/// A search that goes on until it is stopped, destroyed, or the node has stopped. Connections stay. Any
/// thread.
class service {
public:
    service(service&& other) noexcept;
    service& operator=(service&& other) noexcept;
    /// stop().
    ~service();
    /// Idempotent. Does not wait: for a moment strategies may still be at work.
    void stop() noexcept;

private:
    friend result<service> start(rakka::system& s, std::vector<strategy_ptr> strategies, const settings& how);
    service(rakka::system& s, const pid& p) : system_(&s), process_(p) {}
    rakka::system* system_;
    pid process_;
};

/// Starts to search and to connect, for the node that runs on `s`; `s` must outlive the service. A strategy
/// belongs to one service at a time. Blocks for a moment, inside a process only that. Errors: bad_option (no
/// node runs, a strategy is null), actors_errc::system_limit.
[[nodiscard]] result<service> start(rakka::system& s, std::vector<strategy_ptr> strategies,
                                    const settings& how = {});

}  // namespace rakka::discovery
