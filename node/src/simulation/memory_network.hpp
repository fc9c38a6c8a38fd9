// A network in memory: streams between hosts, with everything that may go wrong on a real one.
#pragma once

#include "simulation/agenda.hpp"
#include "transport/io_loop.hpp"
#include "transport/loop_world.hpp"
#include "transport/stream.hpp"

#include <rakka/node/simulation.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace rakka::detail {

/// Numbers drawn from a seed.
class seeded_numbers {
public:
    explicit seeded_numbers(std::uint64_t seed) noexcept : state_(seed) {}
    std::uint64_t next() noexcept;
    /// From 0 to limit - 1. Precondition: limit is not 0.
    std::uint64_t below(std::uint64_t limit) noexcept { return next() % limit; }
    bool one_in(std::uint64_t n) noexcept { return below(n) == 0; }

private:
    std::uint64_t state_;
};

/// One run of one machine, as the network sees it. Another run of the same machine is another host.
struct memory_host {
    std::size_t machine;               ///< partitions are between machines
    std::string address;               ///< "10.0.0.3"
    transport::io_loop* io = nullptr;  ///< null: it is gone

    /// Runs `work` on its loop, if it is still there.
    void post(std::function<void()> work) const;
};

class memory_link;

/// One thread, as all of a simulation.
class memory_network {
public:
    memory_network(agenda& events, seeded_numbers& numbers, const testing::network_faults& faults);
    ~memory_network();

    // ---- faults

    /// What `from` sends to `to` waits until this is taken back, as behind a broken cable.
    void block(std::size_t from, std::size_t to, bool on);
    /// Resets all connections between two machines.
    void cut(std::size_t one, std::size_t other);
    /// On the connections that are there now, what `from` sends to `to` is lost.
    void silence(std::size_t from, std::size_t to);
    /// `h` is gone: its sockets are closed by its machine, or with the machine nobody hears of it any more.
    void remove(memory_host& h, bool with_machine);
    /// The machine is there (again).
    void add_machine(std::size_t number) { machines_.insert(number); }
    [[nodiscard]] testing::network_faults& faults() noexcept { return faults_; }

    // ---- for hosts
    void connect(const std::shared_ptr<memory_host>& from, std::uint16_t port,
                 transport::loop_world::connected done);
    [[nodiscard]] std::uint16_t listen(std::shared_ptr<memory_host> at);
    void accept(std::uint16_t port, transport::loop_world::accepted call);
    void close(std::uint16_t port) noexcept { listeners_.erase(port); }

    // ---- for links
    [[nodiscard]] agenda& events() noexcept { return events_; }
    [[nodiscard]] seeded_numbers& numbers() noexcept { return numbers_; }
    [[nodiscard]] bool blocked(std::size_t from, std::size_t to) const {
        return blocked_.contains({from, to});
    }
    [[nodiscard]] bool has_machine(std::size_t number) const { return machines_.contains(number); }
    [[nodiscard]] std::chrono::nanoseconds delay() noexcept;
    /// Part of `n`, which is not 0, or all.
    [[nodiscard]] std::size_t some_of(std::size_t n) noexcept;
    void mix(std::string_view bytes) noexcept;
    /// Of all that has arrived anywhere, and when.
    [[nodiscard]] std::uint64_t fingerprint() const noexcept { return fingerprint_; }

private:
    struct listener {
        std::shared_ptr<memory_host> host;
        transport::loop_world::accepted call;
    };
    void try_to_connect(std::shared_ptr<memory_host> from, std::uint16_t port,
                        std::shared_ptr<transport::loop_world::connected> done, int attempts);
    /// The living ones.
    [[nodiscard]] std::vector<std::shared_ptr<memory_link>> links();

    agenda& events_;
    seeded_numbers& numbers_;
    testing::network_faults faults_;
    std::uint16_t next_port_ = 30'000;
    std::uint16_t next_own_port_ = 50'000;
    std::uint64_t fingerprint_ = 0xcbf29ce484222325u;
    std::map<std::uint16_t, listener> listeners_;
    std::vector<std::weak_ptr<memory_link>> links_;
    std::set<std::pair<std::size_t, std::size_t>> blocked_;
    std::set<std::size_t> machines_;
};

/// One TCP connection.
class memory_link : public std::enable_shared_from_this<memory_link> {
public:
    memory_link(memory_network& net, std::shared_ptr<memory_host> dialler, std::uint16_t its_port,
                std::shared_ptr<memory_host> listener, std::uint16_t port);

    /// The two streams: 0 for who has dialled. Once each.
    [[nodiscard]] std::unique_ptr<transport::stream> stream(int side);

    // ---- the streams
    void read_some(int side, std::span<std::byte> into, std::shared_ptr<transport::stream_user> user);
    void wait_writable(int side, std::shared_ptr<transport::stream_user> user);
    result<std::size_t> try_write(int side, std::span<const iovec> parts);
    void close(int side);
    [[nodiscard]] const std::string& address(int side) const noexcept { return halves_[side].address; }

    // ---- the network
    [[nodiscard]] std::size_t machine(int side) const noexcept { return halves_[side].host->machine; }
    [[nodiscard]] const memory_host& host(int side) const noexcept { return *halves_[side].host; }
    /// What was held back goes on, if it may.
    void release();
    void reset();
    void silence(int side) { halves_[side].silent = true; }
    void abandon(int side, bool with_machine);

private:
    enum class packet_kind : std::uint8_t { data, end, reset };
    struct packet {
        packet_kind kind;
        std::string data;
    };
    struct half {
        std::shared_ptr<memory_host> host;
        std::string address;
        // ---- coming in
        std::string arrived;
        bool at_end = false;
        error_code broken;
        std::span<std::byte> into;
        std::shared_ptr<transport::stream_user> reader;
        bool pausing = false;
        // ---- going out
        std::shared_ptr<transport::stream_user> writer;
        std::size_t under_way = 0;
        std::uint64_t sent = 0;
        std::uint64_t cut_at = UINT64_MAX;
        moment last_arrival{0};
        std::vector<packet> held;
        bool silent = false;
        bool closed = false;  // by its user, or with its host
    };
    void transmit(int from, packet p);
    void arrive(int from, packet p);
    void deliver(int from, packet p);
    void deliver_held(int from);
    void fail(int side, error_code e);
    void serve_reader(int side);
    void serve_writer(int side);
    [[nodiscard]] std::size_t room(int side) const noexcept;

    memory_network& net_;
    half halves_[2];
};

}  // namespace rakka::detail
