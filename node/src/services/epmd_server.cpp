#include "epmd/server_session.hpp"
#include "services/io_call.hpp"
#include "transport/conversation_io.hpp"
#include "transport/tcp.hpp"

#include <rakka/actors/io.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/node/epmd_server.hpp>
#include <rakka/node/errc.hpp>

#include <boost/asio/error.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <list>
#include <utility>

namespace rakka {

std::uint16_t default_epmd_port() {
    const char* text =
        std::getenv("ERL_EPMD_PORT");  // NOLINT(concurrency-mt-unsafe): nobody sets it meanwhile
    std::uint16_t port = 0;
    if (text != nullptr && std::from_chars(text, text + std::strlen(text), port).ec == std::errc{} &&
        port != 0)
        return port;
    return epmd::default_port;
}

namespace {

class session;

// Sockets beyond the registered names. Anybody may connect, and holds a descriptor of the whole program until
// the request times out.
constexpr std::size_t max_visitors = 256;

}  // namespace

struct epmd_server::state : std::enable_shared_from_this<epmd_server::state> {
    state(system& s, epmd_server_options o)
        : sys(s), io(io_context_of(s)), options(std::move(o)), names(epmd::registry_limits{}) {}

    void accept(std::unique_ptr<transport::stream> s);
    void stop();
    void drop(epmd::connection_number which);
    void log(node_log_level level, const std::string& address, std::string text) const {
        const node_log_event event{level, "epmd", {}, address, {}, std::move(text)};
        options.log ? options.log(event) : tell_system(sys, event);
    }

    system& sys;
    transport::io_loop& io;
    epmd_server_options options;
    std::uint16_t port = 0;
    // ---- I/O thread
    epmd::registry names;
    std::vector<std::unique_ptr<transport::tcp_listener>> listeners;
    std::list<std::shared_ptr<session>> sessions;
    int next_number = 1;
    bool stopped = false;
};

namespace {

std::string_view host_of(std::string_view address) {
    return address.substr(0, address.rfind(':'));
}

/// One client's socket and its session machine.
class session final : public transport::conversation_io, public std::enable_shared_from_this<session> {
public:
    session(std::shared_ptr<epmd_server::state> owner, std::unique_ptr<transport::stream> s,
            epmd::session_options o)
        : conversation_io(std::move(s)),
          owner_(std::move(owner)),
          number_(o.connection),
          machine_(std::make_unique<epmd::server_session>(owner_->names, o)),
          address_(used().peer_address()),
          deadline_(owner_->io) {}

    [[nodiscard]] epmd::connection_number number() const noexcept { return number_; }

    void start() {
        deadline_.start(epmd::server_session::request_timeout, [weak = weak_from_this()] {
            const auto self = weak.lock();
            if (self && self->machine_ && self->machine_->awaits_request())
                self->react(self->machine_->timed_out());
        });
        read(shared_from_this());
    }

    /// Forgets the name and closes the socket.
    void end() noexcept {
        machine_ = nullptr;
        deadline_.cancel();
        close();
    }

private:
    void on_outcome(const transport::io_outcome& o) override {
        switch (o.what) {
            case transport::io_outcome::kind::received:
                return react(machine_->received(o.data));
            case transport::io_outcome::kind::written:
                return replied();
            case transport::io_outcome::kind::closed:
                return owner_->drop(number_);
        }
    }

    void react(epmd::server_session::reaction r) {
        const auto keep = shared_from_this();
        if (!r.note.empty()) owner_->log(node_log_level::info, address_, std::move(r.note));
        if (r.also_close) owner_->drop(*r.also_close);
        then_ = r.then;
        if (!machine_) return;
        if (const auto outcome = write(std::move(r.reply), keep)) on_outcome(*outcome);
    }

    void replied() {
        switch (then_) {
            case epmd::server_session::next::keep_open:
                return read(shared_from_this());
            case epmd::server_session::next::close:
                return owner_->drop(number_);
            case epmd::server_session::next::stop_server:
                return owner_->stop();
        }
    }

    std::shared_ptr<epmd_server::state> owner_;
    epmd::connection_number number_;
    std::unique_ptr<epmd::server_session> machine_;
    std::string address_;
    transport::timer deadline_;
    epmd::server_session::next then_ = epmd::server_session::next::keep_open;
};

}  // namespace

void epmd_server::state::accept(std::unique_ptr<transport::stream> s) {
    if (sessions.size() >= names.active().size() + max_visitors) {
        return log(node_log_level::warning, s->peer_address(),
                   fmt::format("closed the connection from {}: {} others have not said what they want",
                               s->peer_address(), max_visitors));
    }
    const std::string_view peer = host_of(s->peer_address());
    // Connections to one's own address come from that same address.
    const bool local = peer.starts_with("127.") || peer == "[::1]" || peer == host_of(s->own_address());
    const epmd::session_options o{
        .place = local ? epmd::peer_place::local : epmd::peer_place::remote,
        .check = options.relaxed_command_check ? epmd::command_check::relaxed : epmd::command_check::strict,
        .epmd_port = port,
        .connection = epmd::connection_number(next_number++)};
    sessions.push_back(std::make_shared<session>(shared_from_this(), std::move(s), o));
    sessions.back()->start();
}

void epmd_server::state::drop(epmd::connection_number which) {
    const auto it =
        std::find_if(sessions.begin(), sessions.end(), [&](const auto& s) { return s->number() == which; });
    if (it == sessions.end()) return;
    const auto keep = *it;
    sessions.erase(it);
    keep->end();
}

void epmd_server::state::stop() {
    stopped = true;
    listeners.clear();
    for (const auto& s : std::exchange(sessions, {}))
        s->end();
}

result<epmd_server> epmd_server::start(system& s, epmd_server_options options) {
    auto st = std::make_shared<state>(s, std::move(options));
    for (const epmd_name& n : st->options.known) {
        if (!st->names.add({.name = n.name, .port = n.port, .extra = {}}, epmd::connection_number(0)))
            return node_errc::bad_option;
    }
    const std::uint16_t wanted = st->options.any_free_port ? std::uint16_t{0}
                                 : st->options.port != 0   ? st->options.port
                                                           : default_epmd_port();
    st->port = wanted;
    for (const std::string& address : st->options.addresses) {
        auto opened = transport::tcp_listener::open(st->io, address, st->port, st->port);
        if (!opened) return opened.error();
        st->port = (*opened)->port();
        st->listeners.push_back(std::move(*opened));
    }
    if (st->listeners.empty()) return error_code(boost::asio::error::invalid_argument);
    detail::call_on_io(st->sys, [st] {
        for (const auto& l : st->listeners) {
            l->start([st](std::unique_ptr<transport::stream> peer) { st->accept(std::move(peer)); },
                     [st](error_code e) {
                         st->log(node_log_level::error, {},
                                 "no longer accepting connections: " + e.message());
                     });
        }
    });
    return epmd_server(std::move(st));
}

epmd_server::epmd_server(std::shared_ptr<state> s) : state_(std::move(s)) {}
epmd_server::epmd_server(epmd_server&&) noexcept = default;
epmd_server& epmd_server::operator=(epmd_server&& other) noexcept {
    stop();
    state_ = std::move(other.state_);
    return *this;
}
epmd_server::~epmd_server() {
    stop();
}

void epmd_server::stop() {
    const auto st = std::exchange(state_, nullptr);
    if (!st) return;
    detail::call_on_io(st->sys, [st] { st->stop(); });
}

std::uint16_t epmd_server::port() const noexcept {
    return state_ ? state_->port : std::uint16_t{0};
}

}  // namespace rakka
