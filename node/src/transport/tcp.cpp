#include "transport/tcp.hpp"

#include "transport/loop_world.hpp"
#include "transport/socket_stream.hpp"

#include <rakka/actors/own_threads.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>

#include <optional>
#include <utility>

namespace rakka::transport {

using boost::asio::ip::tcp;

// ---- dial

struct tcp_dial::state {
    explicit state(io_loop& loop) : io(loop), resolver(loop), deadline(loop) {}
    io_loop& io;
    tcp::resolver resolver;
    timer deadline;
    std::optional<tcp::socket> socket;
    std::vector<tcp::endpoint> addresses;
    std::size_t next = 0;
    error_code last_error = boost::asio::error::host_not_found;
    callback done;  // empty once called or cancelled
};

tcp_dial::tcp_dial(std::unique_ptr<state> s) : state_(std::move(s)) {}
tcp_dial::~tcp_dial() = default;

std::shared_ptr<tcp_dial> tcp_dial::start(io_loop& io, const std::string& host, std::uint16_t port,
                                          std::chrono::nanoseconds timeout, callback done) {
    auto self = std::make_shared<tcp_dial>(std::make_unique<state>(io));
    self->state_->done = std::move(done);
    self->state_->deadline.start(timeout, [weak = std::weak_ptr(self)] {
        if (const auto dial = weak.lock()) dial->finish(error_code(boost::asio::error::timed_out));
    });
    if (loop_world* const world = world_of(io)) {
        world->connect(host, port, [self](result<std::unique_ptr<stream>> s) { self->finish(std::move(s)); });
        return self;
    }
    self->resolve(host, port);
    return self;
}

void tcp_dial::resolve(const std::string& host, std::uint16_t port) {
    error_code not_an_address;
    const auto address = boost::asio::ip::make_address(host, not_an_address);
    if (!not_an_address) {
        state_->addresses.emplace_back(address, port);
        boost::asio::post(state_->io, [self = shared_from_this()] { self->try_next(); });
        return;
    }
    const rakka::detail::own_threads ours;  // Asio resolves on a thread that the first caller starts
    state_->resolver.async_resolve(
        host, std::to_string(port), tcp::resolver::numeric_service,
        [self = shared_from_this()](error_code e, tcp::resolver::results_type found) {
            if (e) return self->finish(e);
            for (const auto& entry : found)
                self->state_->addresses.push_back(entry.endpoint());
            self->try_next();
        });
}

void tcp_dial::try_next() {
    state& s = *state_;
    if (!s.done) return;
    if (s.next == s.addresses.size()) return finish(s.last_error);
    const tcp::endpoint to = s.addresses[s.next++];
    s.socket.emplace(s.io);
    s.socket->async_connect(to, [self = shared_from_this()](error_code e) {
        state& st = *self->state_;
        if (!st.done) return;
        if (e) {
            st.last_error = e;
            return self->try_next();
        }
        self->finish(make_tcp_stream(std::move(*st.socket)));
    });
}

void tcp_dial::finish(result<std::unique_ptr<stream>> outcome) {
    const callback done = std::exchange(state_->done, nullptr);
    if (!done) return;
    cancel();
    done(std::move(outcome));
}

void tcp_dial::cancel() noexcept {
    state_->done = nullptr;
    state_->deadline.cancel();
    try {
        state_->resolver.cancel();
        error_code ignored;
        if (state_->socket) state_->socket->close(ignored);
    } catch (...) {
        // `done` is empty: whatever still completes finds nobody to tell
    }
}

// ---- listen

struct tcp_listener::state : std::enable_shared_from_this<tcp_listener::state> {
    explicit state(io_loop& loop) : io(loop), world(world_of(loop)), pause(loop) {
        if (world == nullptr) acceptor.emplace(loop);
    }

    void accept_next() {
        acceptor->async_accept([self = shared_from_this()](error_code e, tcp::socket socket) {
            if (!self->accepted || e == boost::asio::error::operation_aborted) return;
            if (!e) {
                const callback call = self->accepted;  // a copy: the callback may close the listener
                call(make_tcp_stream(std::move(socket)));
            } else if (e == boost::asio::error::no_descriptors || e == boost::asio::error::no_buffer_space ||
                       e == boost::asio::error::no_memory) {
                // Out of descriptors: trying again at once would only spin.
                return self->pause.start(std::chrono::milliseconds(100), [self] { self->accept_next(); });
            } else if (e != boost::asio::error::connection_aborted) {
                const auto call = self->failed;
                return call(e);
            }
            if (self->accepted) self->accept_next();
        });
    }

    io_loop& io;
    loop_world* const world;
    std::uint16_t port = 0;                 // with a world
    std::optional<tcp::acceptor> acceptor;  // without one
    timer pause;
    callback accepted;
    std::function<void(error_code)> failed;
};

tcp_listener::tcp_listener(std::shared_ptr<state> s) : state_(std::move(s)) {}
tcp_listener::~tcp_listener() {
    close();
}

result<std::unique_ptr<tcp_listener>> tcp_listener::open(io_loop& io, const std::string& address,
                                                         std::uint16_t first_port, std::uint16_t last_port) {
    if (loop_world* const world = world_of(io)) {
        const auto port = world->listen(address, first_port, last_port);
        if (!port) return port.error();
        auto s = std::make_shared<state>(io);
        s->port = *port;
        return std::make_unique<tcp_listener>(std::move(s));
    }
    error_code e;
    const auto ip = boost::asio::ip::make_address(address, e);
    if (e) return e;
    for (std::uint32_t port = first_port; port <= last_port; ++port) {
        auto s = std::make_shared<state>(io);
        const tcp::endpoint at(ip, static_cast<std::uint16_t>(port));
        s->acceptor->open(at.protocol(), e);
        if (!e) s->acceptor->set_option(tcp::acceptor::reuse_address(true), e);
        // :: is for IPv4 as well, whatever this machine's default is
        if (!e && ip.is_v6()) s->acceptor->set_option(boost::asio::ip::v6_only(!ip.is_unspecified()), e);
        if (!e) s->acceptor->bind(at, e);
        if (!e) s->acceptor->listen(boost::asio::socket_base::max_listen_connections, e);
        if (!e) return std::make_unique<tcp_listener>(std::move(s));
        if (e != boost::asio::error::address_in_use) return e;
    }
    return e ? e : error_code(boost::asio::error::invalid_argument);
}

void tcp_listener::start(callback accepted, std::function<void(error_code)> failed) {
    state_->accepted = std::move(accepted);
    state_->failed = std::move(failed);
    if (state_->world != nullptr) {
        return state_->world->accept(state_->port, [s = state_](std::unique_ptr<stream> arrived) {
            const callback call = s->accepted;  // a copy: the callback may close the listener
            if (call) call(std::move(arrived));
        });
    }
    state_->accept_next();
}

void tcp_listener::close() noexcept {
    state_->accepted = nullptr;
    state_->failed = nullptr;
    state_->pause.cancel();
    if (state_->world != nullptr) return state_->world->close(state_->port);
    try {
        error_code ignored;
        state_->acceptor->close(ignored);
    } catch (...) {
        // the callbacks are gone: nothing is told any more
    }
}

std::uint16_t tcp_listener::port() const noexcept {
    if (state_->world != nullptr) return state_->port;
    error_code ignored;
    return state_->acceptor->local_endpoint(ignored).port();
}

}  // namespace rakka::transport
