#include "connection/node_core.hpp"

#include "connection/connection.hpp"
#include "connection/listener.hpp"
#include "connection/node_time.hpp"
#include "services/global_service.hpp"
#include "services/pg_service.hpp"
#include "transport/tls_contexts.hpp"

#include <rakka/actors/system.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <fmt/format.h>

#include <utility>

namespace rakka::detail {

node_core::node_core(system& s, transport::io_loop& loop, node_options o, node_name n, cookie c)
    : sys(s),
      io(loop),
      options(std::move(o)),
      name(std::move(n)),
      form(name.form()),
      nameless(is_nameless(name)),
      own_flags(is_visible(options) ? flag_sets::wanted_visible : flag_sets::wanted),
      global(std::make_shared<global_service>()),
      pg(std::make_shared<pg_service>()),
      cookies(std::move(c)),
      allowed(options.allow),
      rules(options.peer_rules),
      dials(loop, {options.max_dials, options.max_waiting_dials, options.dial_backoff,
                   options.auto_connect == auto_connect::once}),
      identity_(std::uint64_t{(nameless ? atoms::known<"nonode@nohost"> : rakka::atom(name.text())).id()}
                << 32),
      new_peers_(options.max_peer_names) {}

node_core::~node_core() = default;

std::shared_ptr<connection> node_core::connect_to(atom node, dial_wish whose) {
    if (stopping) return nullptr;
    const auto known = connections.find(node);
    const bool alive = known && known->phase() != connection_phase::closed;
    if (alive && (whose == dial_wish::of_a_signal || known->phase() == connection_phase::up)) return known;
    if (whose == dial_wish::of_a_signal && (dials.failed_lately(node, now(*this)) || dials.is_barred(node)))
        return nullptr;
    const auto [c, made] = connections.find_or_make(node, alive ? nullptr : known.get(), [&] {
        return connection::make(*this, node, next_connection_id++);
    });
    if (made || whose == dial_wish::of_the_program) post([c = c, whose] { c->dial(whose); });
    return c;
}

void node_core::set_identity(atom who, rakka::creation c) noexcept {
    identity_.store(std::uint64_t{who.id()} << 32 | c.value(), std::memory_order_release);
    etf::local_origin::set_identity(sys.origin(), {who, c.value()});
}

bool node_core::take_name(const connection& from, const node_name& given, rakka::creation c) {
    if (!nameless || given_name) return true;
    const auto name_now = atom_of_peer(given);
    if (!name_now) return false;
    given_name = given;
    named_by = &from;
    set_identity(*name_now, c);
    log(node_log_level::info, std::string(from.node().text()), {}, {},
        fmt::format("{} has given this node its name", from.node().text()));
    return true;
}

void node_core::lose_name() {
    named_by = nullptr;
    given_name.reset();
    for (const auto& c : connections.all())
        c->lose(node_errc::connection_lost, "this node has lost its name with the peer that gave it",
                "net_kernel_terminated"_a);
    set_identity(atoms::known<"nonode@nohost">, {});
}

result<atom> node_core::atom_of_peer(const node_name& peer) {
    if (const auto known = atom::existing(peer.text())) return *known;
    if (!new_peers_.take()) return error_code(node_errc::limit_exceeded);
    return atom::make(peer.text());
}

handshake::carrier_options node_core::carrier() const noexcept {
    handshake::carrier_options c;
    if (tls) c.prefix = handshake::length_prefix::four_bytes;
    return c;
}

void node_core::post(std::function<void()> work) {
    transport::post(io, std::move(work));
}

void node_core::log(node_log_level level, std::string peer, std::string address, error_code code,
                    std::string text) const {
    const node_log_event event{
        level, std::string(self().text()), std::move(peer), std::move(address), code, std::move(text)};
    options.log ? options.log(event) : tell_system(sys, event);
}

etf::atom_budget& node_core::atom_budget_of(atom peer) {
    // Beyond so many names the peers share what one may have: names are cheap to invent for who knows the
    // cookie.
    constexpr std::size_t max_budgets = 1024;
    const atom key = atom_budgets_.size() < max_budgets || atom_budgets_.contains(peer) ? peer : atom{};
    return atom_budgets_.try_emplace(key, options.limits.max_new_atoms).first->second;
}

}  // namespace rakka::detail
