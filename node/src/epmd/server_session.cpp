#include "epmd/server_session.hpp"

#include "printable.hpp"

#include <rakka/base/check.hpp>

#include <fmt/format.h>

#include <utility>

namespace rakka::epmd {
namespace {

using detail::put;

/// What a refused registration is told as creation.
constexpr std::uint32_t refused_creation = 99;

bytes text(std::string_view t) {
    return {t.begin(), t.end()};
}

}  // namespace

struct server_session::handler {
    server_session& session;

    reaction operator()(const alive2_request& r) const { return session.on_alive2(r); }
    reaction operator()(const port2_request& r) const { return session.on_port2(r); }
    reaction operator()(const names_request&) const { return session.on_names(); }
    reaction operator()(const dump_request&) const { return session.on_dump(); }
    reaction operator()(const kill_request&) const { return session.on_kill(); }
    reaction operator()(const stop_request& r) const { return session.on_stop(r); }
};

server_session::server_session(registry& names, session_options options) : names_(names), options_(options) {}

server_session::~server_session() {
    forget();
}

void server_session::forget() {
    if (phase_ == phase::registered) names_.remove(name_, options_.connection);
}

server_session::reaction server_session::close(std::string note) {
    forget();
    phase_ = phase::closed;
    return {.reply = {}, .then = next::close, .also_close = std::nullopt, .note = std::move(note)};
}

server_session::reaction server_session::answer(bytes reply) {
    phase_ = phase::closed;
    return {.reply = std::move(reply), .then = next::close, .also_close = std::nullopt, .note = {}};
}

server_session::reaction server_session::received(byte_view data) {
    RAKKA_CHECK(phase_ != phase::closed);
    if (data.empty()) return {};
    if (phase_ == phase::registered) return close(fmt::format("{} sent a byte, unregistered", name_));
    if (phase_ == phase::refused) return close({});
    buffer_.insert(buffer_.end(), data.begin(), data.end());
    if (buffer_.size() < 2) return {};
    const std::size_t size = detail::field_reader(buffer_).take_u16();
    if (size == 0 || size + 2 >= request_size_limit) return close(fmt::format("a request of {} bytes", size));
    if (buffer_.size() < size + 2) return {};
    // One request per connection: what follows at once can only be a confused client.
    if (buffer_.size() > size + 2) return close("bytes after the request");
    const bytes request = std::exchange(buffer_, {});
    return handle(byte_view(request).subspan(2));
}

server_session::reaction server_session::timed_out() {
    if (!awaits_request()) return {};
    return close("no request in time");
}

server_session::reaction server_session::handle(byte_view body) {
    const result<request> r = decode_request(body);
    if (!r) return close(fmt::format("not a request: \"{}\"", detail::printable(body)));
    return std::visit(handler{*this}, *r);
}

/// [epmd §Register a Node]
server_session::reaction server_session::on_alive2(const alive2_request& r) {
    if (options_.place == peer_place::remote) return close("a registration from another machine");
    const std::optional<std::uint32_t> creation = names_.add(r.node, options_.connection);
    const std::string shown = detail::printable(r.node.name);
    if (!creation) {
        phase_ = phase::refused;
        return {.reply = encode_alive2_reply({1, refused_creation}, r.node.highest_version),
                .then = next::keep_open,
                .also_close = std::nullopt,
                .note = fmt::format("{} refused: the name is taken or cannot be", shown)};
    }
    phase_ = phase::registered;
    name_ = r.node.name;
    return {.reply = encode_alive2_reply({0, *creation}, r.node.highest_version),
            .then = next::keep_open,
            .also_close = std::nullopt,
            .note = fmt::format("{} registered at port {}", shown, r.node.port)};
}

/// [epmd §Get the Distribution Port of Another Node]
server_session::reaction server_session::on_port2(const port2_request& r) {
    const registry::entry* found = names_.find(r.name);
    return answer(encode_port2_reply(found ? std::optional<node_entry>(found->node) : std::nullopt));
}

/// [epmd §Get All Registered Names from EPMD]
server_session::reaction server_session::on_names() {
    bytes reply;
    put(reply, options_.epmd_port, 4);
    for (const registry::entry& e : names_.active())
        put(reply, names_line(e.node));
    return answer(std::move(reply));
}

/// [epmd §Dump All Data from EPMD] A NUL follows every line.
server_session::reaction server_session::on_dump() {
    if (options_.place == peer_place::remote) return close("a dump request from another machine");
    bytes reply;
    put(reply, options_.epmd_port, 4);
    for (const registry::entry& e : names_.active()) {
        put(reply, fmt::format("active name     <{}> at port {}, fd = {}\n", e.node.name, e.node.port,
                               e.connection.value()));
        reply.push_back(0);
    }
    for (const registry::entry& e : names_.old()) {
        put(reply, fmt::format("old/unused name <{}>, port = {}, fd = {} \n", e.node.name, e.node.port,
                               e.connection.value()));
        reply.push_back(0);
    }
    return answer(std::move(reply));
}

/// [epmd §Kill EPMD]
server_session::reaction server_session::on_kill() {
    if (options_.place == peer_place::remote) return close("a kill request from another machine");
    if (options_.check == command_check::strict && !names_.active().empty()) return answer(text("NO"));
    reaction r = answer(text("OK"));
    r.then = next::stop_server;
    r.note = "killed by request";
    return r;
}

/// [epmd §STOP_REQ] Undocumented oddity kept: an unknown name is answered with both words.
server_session::reaction server_session::on_stop(const stop_request& r) {
    if (options_.place == peer_place::remote || options_.check == command_check::strict) {
        return close("a stop request that is not allowed");
    }
    const registry::entry* found = names_.find(r.name);
    if (found == nullptr) return answer(text("NOEXISTSTOPPED"));
    const connection_number owner = found->connection;
    names_.remove(r.name, owner);
    reaction done = answer(text("STOPPED"));
    done.also_close = owner;
    done.note = fmt::format("{} stopped by request", detail::printable(r.name));
    return done;
}

}  // namespace rakka::epmd
