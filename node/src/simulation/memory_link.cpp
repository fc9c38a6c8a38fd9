#include "simulation/memory_network.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <cstring>
#include <sys/uio.h>

namespace rakka::detail {

using transport::stream_user;

namespace {

class memory_stream final : public transport::stream {
public:
    memory_stream(std::shared_ptr<memory_link> link, int side) : link_(std::move(link)), side_(side) {}
    ~memory_stream() override { link_->close(side_); }

    void read_some(std::span<std::byte> into, std::shared_ptr<stream_user> user) override {
        link_->read_some(side_, into, std::move(user));
    }
    void wait_writable(std::shared_ptr<stream_user> user) override {
        link_->wait_writable(side_, std::move(user));
    }
    result<std::size_t> try_write(std::span<const iovec> parts) noexcept override {
        return link_->try_write(side_, parts);
    }
    void close_both() noexcept override { link_->close(side_); }
    const std::string& peer_address() const noexcept override { return link_->address(1 - side_); }
    const std::string& own_address() const noexcept override { return link_->address(side_); }

private:
    std::shared_ptr<memory_link> link_;
    int side_;
};

}  // namespace

memory_link::memory_link(memory_network& net, std::shared_ptr<memory_host> dialler, std::uint16_t its_port,
                         std::shared_ptr<memory_host> listener, std::uint16_t port)
    : net_(net) {
    halves_[0].address = dialler->address + ':' + std::to_string(its_port);
    halves_[1].address = listener->address + ':' + std::to_string(port);
    halves_[0].host = std::move(dialler);
    halves_[1].host = std::move(listener);
    const auto& faults = net_.faults();
    if (net_.numbers().below(1000) >= faults.cuts_per_thousand) return;
    // As likely in the handshake as in a long message.
    const std::uint64_t most = net_.numbers().one_in(2) ? 600 : faults.cut_within;
    halves_[net_.numbers().below(2)].cut_at = 1 + net_.numbers().below(std::max<std::uint64_t>(most, 1));
}

std::unique_ptr<transport::stream> memory_link::stream(int side) {
    return std::make_unique<memory_stream>(shared_from_this(), side);
}

std::size_t memory_link::room(int side) const noexcept {
    const std::size_t used = halves_[side].under_way + halves_[1 - side].arrived.size();
    return net_.faults().window - std::min(net_.faults().window, used);
}

// ---- the streams

void memory_link::read_some(int side, std::span<std::byte> into, std::shared_ptr<stream_user> user) {
    half& me = halves_[side];
    if (me.closed) {
        return me.host->post([user] { user->on_read(boost::asio::error::operation_aborted, 0); });
    }
    me.into = into;
    me.reader = std::move(user);
    serve_reader(side);
}

void memory_link::wait_writable(int side, std::shared_ptr<stream_user> user) {
    halves_[side].writer = std::move(user);
    serve_writer(side);
}

result<std::size_t> memory_link::try_write(int side, std::span<const iovec> parts) {
    half& me = halves_[side];
    if (me.closed) return error_code(boost::asio::error::broken_pipe);
    if (me.broken) return me.broken;
    std::size_t n = 0;
    for (const iovec& p : parts)
        n += p.iov_len;
    n = std::min(n, room(side));
    if (n == 0) return n;
    n = net_.some_of(n);
    std::string data;
    data.reserve(n);
    for (const iovec& p : parts)
        data.append(static_cast<const char*>(p.iov_base), std::min(p.iov_len, n - data.size()));
    me.under_way += n;
    const std::uint64_t before = me.sent;
    me.sent += n;
    if (me.sent < me.cut_at) {
        transmit(side, {packet_kind::data, std::move(data)});
    } else if (before < me.cut_at) {
        data.resize(me.cut_at - before);
        transmit(side, {packet_kind::data, std::move(data)});
        reset();
    }
    return n;
}

void memory_link::close(int side) {
    half& me = halves_[side];
    if (std::exchange(me.closed, true)) return;
    const auto aborted = boost::asio::error::operation_aborted;
    if (me.reader) me.host->post([user = std::move(me.reader)] { user->on_read(aborted, 0); });
    if (me.writer) me.host->post([user = std::move(me.writer)] { user->on_writable(aborted); });
    me.reader = nullptr;
    me.writer = nullptr;
    // As TCP does when something has arrived that nobody will read.
    const bool unread = !me.arrived.empty();
    me.arrived.clear();
    if (!me.broken) transmit(side, {unread ? packet_kind::reset : packet_kind::end, {}});
}

// ---- the network

void memory_link::transmit(int from, packet p) {
    half& me = halves_[from];
    me.last_arrival = std::max(me.last_arrival, net_.events().now() + net_.delay());
    net_.events().at(me.last_arrival,
                     [self = shared_from_this(), from, p = std::move(p)] { self->arrive(from, p); });
}

void memory_link::arrive(int from, packet p) {
    half& me = halves_[from];
    if (me.silent) return;
    if (!me.held.empty() || net_.blocked(machine(from), machine(1 - from))) {
        me.held.push_back(std::move(p));
    } else {
        deliver(from, std::move(p));
    }
}

void memory_link::deliver(int from, packet p) {
    half& me = halves_[from];
    half& peer = halves_[1 - from];
    const bool there = net_.has_machine(peer.host->machine);
    if (!there) return;  // nor is there anybody to say so
    me.under_way -= std::min(me.under_way, p.data.size());
    net_.mix(p.data);
    if (peer.closed) {
        // Who still sends is told.
        if (p.kind == packet_kind::data) transmit(1 - from, {packet_kind::reset, {}});
        return;
    }
    if (peer.broken) return;
    switch (p.kind) {
        case packet_kind::data:
            peer.arrived += p.data;
            break;
        case packet_kind::end:
            peer.at_end = true;
            break;
        case packet_kind::reset:
            return fail(1 - from, boost::asio::error::connection_reset);
    }
    serve_reader(1 - from);
}

void memory_link::fail(int side, error_code e) {
    half& me = halves_[side];
    if (me.closed || me.broken) return;
    me.broken = e;
    me.arrived.clear();
    serve_reader(side);
    serve_writer(side);
}

void memory_link::release() {
    for (const int from : {0, 1}) {
        if (halves_[from].held.empty()) continue;
        // What comes meanwhile waits behind them.
        net_.events().after(net_.delay(), [self = shared_from_this(), from] { self->deliver_held(from); });
    }
}

void memory_link::deliver_held(int from) {
    if (net_.blocked(machine(from), machine(1 - from))) return;
    for (packet& p : std::exchange(halves_[from].held, {}))
        if (!halves_[from].silent) deliver(from, std::move(p));
}

void memory_link::reset() {
    for (const int from : {0, 1})
        transmit(from, {packet_kind::reset, {}});
}

void memory_link::abandon(int side, bool with_machine) {
    half& me = halves_[side];
    me.reader = nullptr;
    me.writer = nullptr;
    if (std::exchange(me.closed, true) || with_machine) return;
    transmit(side,
             {!me.arrived.empty() || net_.numbers().one_in(2) ? packet_kind::reset : packet_kind::end, {}});
}

void memory_link::serve_reader(int side) {
    half& me = halves_[side];
    if (!me.reader || me.pausing) return;
    if (!me.arrived.empty()) {
        const auto& faults = net_.faults();
        if (faults.longest_pause.count() > 0 && net_.numbers().one_in(50)) {
            me.pausing = true;
            const auto pause = std::chrono::nanoseconds(
                net_.numbers().below(static_cast<std::uint64_t>(faults.longest_pause.count())));
            return net_.events().after(pause, [self = shared_from_this(), side] {
                self->halves_[side].pausing = false;
                self->serve_reader(side);
            });
        }
        const std::size_t n = net_.some_of(std::min(me.into.size(), me.arrived.size()));
        std::memcpy(me.into.data(), me.arrived.data(), n);
        me.arrived.erase(0, n);
        me.host->post([user = std::exchange(me.reader, nullptr), n] { user->on_read({}, n); });
        return serve_writer(1 - side);
    }
    if (!me.broken && !me.at_end) return;
    const error_code e = me.broken ? me.broken : error_code(boost::asio::error::eof);
    me.host->post([user = std::exchange(me.reader, nullptr), e] { user->on_read(e, 0); });
}

void memory_link::serve_writer(int side) {
    half& me = halves_[side];
    if (!me.writer || (!me.broken && !me.closed && room(side) == 0)) return;
    const error_code e = me.closed ? error_code(boost::asio::error::operation_aborted) : me.broken;
    me.host->post([user = std::exchange(me.writer, nullptr), e] { user->on_writable(e); });
}

}  // namespace rakka::detail
