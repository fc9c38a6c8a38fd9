#include "connection/connection.hpp"
#include "services/connect_wait.hpp"
#include "services/io_call.hpp"
#include "services/options_check.hpp"
#include "services/running_node.hpp"
#include "transport/tls_contexts.hpp"

#include <rakka/actors/io.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/node/errc.hpp>
#include <rakka/node/node.hpp>

#include <boost/asio/ip/host_name.hpp>
#include <boost/system/system_error.hpp>
#include <boost/throw_exception.hpp>
#include <fmt/format.h>

#include <utility>

namespace rakka {

void throw_exception_from_error(const node_start_error& e, const boost::source_location& where) {
    boost::throw_exception(boost::system::system_error(e.code, e.message), where);
}

namespace {

boost::system::result<cookie, node_start_error> find_cookie(const node_options& o) {
    if (o.cookie) return *o.cookie;
    const auto file = o.cookie_file ? *o.cookie_file : default_cookie_file();
    auto read = read_cookie_file(file);
    if (read) return std::move(*read);
    return node_start_error{read.error(), explain_cookie_error(file, read.error())};
}

/// The cookie has been read from there a moment ago.
void follow_cookie_file(detail::node_core& core) {
    const auto file = core.options.cookie_file ? *core.options.cookie_file : default_cookie_file();
    const auto said = [&core, file](error_code e) {
        if (!e) return core.log(node_log_level::info, {}, {}, {}, "read the cookie again: " + file.string());
        core.log(node_log_level::error, {}, {}, e,
                 fmt::format("the cookie file has changed, but the old cookie stays in use: {}",
                             explain_cookie_error(file, e)));
    };
    static_cast<void>(core.cookies.follow(file, said));
}

/// Of this machine: what is before the first dot, as for `erl -sname`.
std::string short_host_name() {
    boost::system::error_code unknown;
    const std::string whole = boost::asio::ip::host_name(unknown);
    return unknown ? std::string("localhost") : whole.substr(0, whole.find('.'));
}

}  // namespace

node::node(std::shared_ptr<detail::running_node> running) : running_(std::move(running)) {}
node::node(node&&) noexcept = default;
node& node::operator=(node&& other) noexcept {
    node old(std::move(*this));  // stops
    running_ = std::move(other.running_);
    return *this;
}
node::~node() {
    if (running_) running_->stop();  // others may hold it for a moment longer, as a part of the system
}

boost::system::result<node, node_start_error> node::start(system& s, node_options options) {
    if (options.name == "undefined") options.name += '@' + short_host_name();
    auto name = node_name::parse(options.name);
    if (name) name = node_name::parse_own(options.name, name->form());
    if (!name) return node_start_error{name.error(), explain_bad_node_name(options.name, name.error())};
    if (auto problem = detail::explain_bad_option(options))
        return node_start_error{node_errc::bad_option, std::move(*problem)};
    std::unique_ptr<transport::tls_contexts> tls;
    if (options.tls) {
        auto made = transport::tls_contexts::make(*options.tls, options.listen == node_listen::yes);
        if (!made) return node_start_error{node_errc::bad_option, "node_options::tls: " + made.error()};
        tls = std::move(*made);
    }
    if (detail::is_nameless(*name)) {
        options.listen = node_listen::no;
        options.visibility = node_visibility::hidden;
    }
    const bool from_file = !options.cookie;
    auto secret = find_cookie(options);
    if (!secret) return secret.error();
    auto core = std::make_shared<detail::node_core>(s, io_context_of(s), std::move(options), std::move(*name),
                                                    std::move(*secret));
    if (tls) {
        tls->reread = [c = core.get()](const std::string& files, const std::string& error) {
            if (error.empty())
                return c->log(node_log_level::info, {}, {}, {}, "read TLS files again: " + files);
            c->log(node_log_level::error, {}, {}, node_errc::bad_option,
                   fmt::format("TLS files have changed, but the old contents stay in use: {}", error));
        };
        core->tls = std::move(tls);
    }
    if (from_file) follow_cookie_file(*core);
    auto running = std::make_shared<detail::running_node>(std::move(core));
    if (auto e = running->start()) return std::move(*e);
    add_part(s, running);
    return node(std::move(running));
}

void node::stop() {
    running_->stop();
}

atom node::name() const noexcept {
    return running_->core->self();
}
creation node::creation() const noexcept {
    return running_->core->own_creation();
}
std::uint16_t node::port() const noexcept {
    return running_->port;
}
std::uint16_t node::epmd_port() const noexcept {
    const node_options& o = running_->core->options;
    return o.epmd == epmd_mode::none || o.unix_sockets ? std::uint16_t{0} : running_->core->epmd_port;
}

result<void> node::connect(atom peer) {
    return detail::connect_and_wait(running_->core, peer, detail::dial_wish::of_the_program);
}

bool node::disconnect(atom peer) {
    const auto core = running_->core;
    const auto c = core->find(peer);
    if (!c) return false;
    return detail::call_on_io(core->sys, [c] {
        const bool was_there = c->phase() != detail::connection_phase::closed;
        c->lose(node_errc::connection_lost, "disconnected on request", "disconnect"_a);
        return was_there;
    });
}

std::vector<atom> node::nodes(node_type which) const {
    std::vector<atom> found;
    for (const auto& c : running_->core->connections.all()) {
        if (c->phase() != detail::connection_phase::up) continue;
        if (which == node_type::all || (which == node_type::hidden) == c->hidden())
            found.push_back(c->node());
    }
    return found;
}

std::optional<connection_info> node::connection_info(atom peer) const {
    const auto c = running_->core->find(peer);
    if (!c || c->phase() == detail::connection_phase::closed) return std::nullopt;
    return c->info();
}

void node::monitor_nodes(const pid& who, monitor_nodes_options options) {
    running_->core->monitors.add(who, options);
}

bool node::demonitor_nodes(const pid& who, monitor_nodes_options options) {
    return running_->core->monitors.remove(who, options);
}

void node::monitor_node(const pid& who, atom peer) {
    const auto core = running_->core;
    if (peer == core->self()) return;  // which never goes down as long as it can tell
    core->monitors.watch(who, peer);
    const auto known = core->find(peer);
    const bool reachable = (known && known->phase() != detail::connection_phase::closed) ||
                           (core->dials_by_itself() && !core->dials.is_barred(peer));
    if (!reachable || !core->connect_to(peer, detail::dial_wish::of_the_program))
        core->monitors.announce_lost(core->sys, peer);
}

bool node::demonitor_node(const pid& who, atom peer) {
    return running_->core->monitors.unwatch(who, peer);
}

void node::set_cookie(cookie c) {
    running_->core->cookies.set_own(std::move(c));
}

void node::set_cookie(atom peer, cookie c) {
    running_->core->cookies.set(peer.text(), std::move(c));
}

result<void> node::allow(const std::vector<std::string>& nodes_and_hosts) {
    for (const std::string& a : nodes_and_hosts)
        if (!detail::explain_bad_allowed(a).empty()) return error_code(node_errc::bad_node_name);
    running_->core->allowed.add(nodes_and_hosts);
    return {};
}

result<void> node::set_peer_rules(const std::vector<peer_rule>& rules) {
    if (!detail::explain_bad_rules(rules).empty()) return error_code(node_errc::bad_option);
    const auto core = running_->core;
    core->rules.set(rules);
    detail::call_on_io(core->sys, [&core] {
        for (const auto& c : core->connections.all())
            c->follow_rules();
    });
    return {};
}

export_table& node::exports() noexcept {
    return running_->core->sys.exports();
}

}  // namespace rakka
