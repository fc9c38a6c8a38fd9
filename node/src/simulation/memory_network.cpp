#include "simulation/memory_network.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <cstring>

namespace rakka::detail {

std::uint64_t seeded_numbers::next() noexcept {
    // splitmix64
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void memory_host::post(std::function<void()> work) const {
    if (io != nullptr) boost::asio::post(*io, std::move(work));
}

memory_network::memory_network(agenda& events, seeded_numbers& numbers, const testing::network_faults& faults)
    : events_(events), numbers_(numbers), faults_(faults) {}

memory_network::~memory_network() = default;

std::chrono::nanoseconds memory_network::delay() noexcept {
    const auto spread = static_cast<std::uint64_t>((faults_.max_delay - faults_.min_delay).count());
    return faults_.min_delay + std::chrono::nanoseconds(spread == 0 ? 0 : numbers_.below(spread));
}

std::size_t memory_network::some_of(std::size_t n) noexcept {
    if (!faults_.short_operations || !numbers_.one_in(3)) return n;
    // Often next to nothing.
    const std::size_t most = numbers_.one_in(2) ? std::min<std::size_t>(n, 8) : n;
    return 1 + numbers_.below(most);
}

void memory_network::mix(std::string_view bytes) noexcept {
    const auto add = [this](std::uint64_t v) { fingerprint_ = (fingerprint_ ^ v) * 0x9e3779b97f4a7c15u; };
    add(static_cast<std::uint64_t>(events_.now().count()));
    for (; bytes.size() >= sizeof(std::uint64_t); bytes.remove_prefix(sizeof(std::uint64_t))) {
        std::uint64_t eight = 0;
        std::memcpy(&eight, bytes.data(), sizeof eight);
        add(eight);
        fingerprint_ ^= fingerprint_ >> 29;
    }
    for (const char c : bytes)
        add(static_cast<unsigned char>(c));
}

std::vector<std::shared_ptr<memory_link>> memory_network::links() {
    std::vector<std::shared_ptr<memory_link>> found;
    std::erase_if(links_, [&](const auto& weak) {
        auto link = weak.lock();
        if (!link) return true;
        found.push_back(std::move(link));
        return false;
    });
    return found;
}

// ---- faults

void memory_network::block(std::size_t from, std::size_t to, bool on) {
    if (on) {
        blocked_.insert({from, to});
        return;
    }
    blocked_.erase({from, to});
    for (const auto& link : links())
        link->release();
}

void memory_network::cut(std::size_t one, std::size_t other) {
    for (const auto& link : links()) {
        const std::size_t a = link->machine(0), b = link->machine(1);
        if ((a == one && b == other) || (a == other && b == one)) link->reset();
    }
}

void memory_network::silence(std::size_t from, std::size_t to) {
    for (const auto& link : links()) {
        for (const int side : {0, 1})
            if (link->machine(side) == from && link->machine(1 - side) == to) link->silence(side);
    }
}

void memory_network::remove(memory_host& h, bool with_machine) {
    std::erase_if(listeners_, [&](const auto& entry) { return entry.second.host.get() == &h; });
    if (with_machine) machines_.erase(h.machine);
    for (const auto& link : links()) {
        for (const int side : {0, 1})
            if (&link->host(side) == &h) link->abandon(side, with_machine);
    }
    h.io = nullptr;
}

// ---- connecting

std::uint16_t memory_network::listen(std::shared_ptr<memory_host> at) {
    const std::uint16_t port = next_port_++;
    listeners_[port] = {std::move(at), {}};
    return port;
}

void memory_network::accept(std::uint16_t port, transport::loop_world::accepted call) {
    const auto it = listeners_.find(port);
    if (it != listeners_.end()) it->second.call = std::move(call);
}

void memory_network::connect(const std::shared_ptr<memory_host>& from, std::uint16_t port,
                             transport::loop_world::connected done) {
    constexpr int most_attempts = 6;
    const auto shared = std::make_shared<transport::loop_world::connected>(std::move(done));
    events_.after(delay(), [this, from, port, shared] { try_to_connect(from, port, shared, most_attempts); });
}

void memory_network::try_to_connect(std::shared_ptr<memory_host> from, std::uint16_t port,
                                    std::shared_ptr<transport::loop_world::connected> done, int attempts) {
    if (from->io == nullptr) return;
    const auto fail = [&](error_code e) {
        events_.after(delay(), [from, done, e] { from->post([done, e] { (*done)(e); }); });
    };
    const auto it = listeners_.find(port);
    if (it == listeners_.end()) return fail(boost::asio::error::connection_refused);
    const auto to = it->second.host;
    if (blocked(from->machine, to->machine) || blocked(to->machine, from->machine)) {
        if (attempts == 0 || numbers_.one_in(3)) return fail(boost::asio::error::host_unreachable);
        // The first packet is lost; it is sent again.
        return events_.after(std::chrono::seconds(1), [this, from, port, done, attempts] {
            try_to_connect(from, port, done, attempts - 1);
        });
    }
    const auto link = std::make_shared<memory_link>(*this, from, next_own_port_++, to, port);
    links_.push_back(link);
    if (it->second.call) {
        to->post([call = it->second.call, link] { call(link->stream(1)); });
    } else {
        static_cast<void>(link->stream(1));  // closes it
    }
    events_.after(delay(), [from, done, link] {
        if (from->io == nullptr) return link->abandon(0, false);
        from->post([done, link] { (*done)(link->stream(0)); });
    });
}

}  // namespace rakka::detail
