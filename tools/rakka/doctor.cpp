// rakka doctor: why a node cannot be reached. Walks the way of a connection step by step; at the first that
// fails it says the cause and the cure.
#include "command.hpp"
#include "guest.hpp"

#include <rakka/node/epmd_client.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <arpa/inet.h>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <iostream>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace rakka::tools {

namespace {

/// Thrown by a step that failed: nothing after it makes sense.
struct diagnosis {
    std::string cause;
    std::string cure;
};

std::chrono::milliseconds patience_of(const reach_options& how) {
    return std::chrono::milliseconds(static_cast<std::int64_t>(how.timeout * 1000));
}

// ---- what each step finds, or throws

std::string look_at_name(const reach_options& how, std::optional<node_name>& peer) {
    const auto parsed = node_name::parse(how.node);
    if (!parsed)
        throw diagnosis{explain_bad_node_name(how.node, parsed.error()), "write the whole name, name@host"};
    peer = *parsed;
    const bool is_long = peer->form() == name_form::long_names;
    if (!how.own_name.empty()) {
        const auto own = node_name::parse(how.own_name);
        if (!own)
            throw diagnosis{explain_bad_node_name(how.own_name, own.error()), "give --name as name@host"};
        if (own->form() != peer->form()) {
            throw diagnosis{
                fmt::format("{} is a {} name and {} a {} one: nodes of the two kinds never connect", how.node,
                            is_long ? "long" : "short", how.own_name, is_long ? "short" : "long"),
                is_long ? "give --name a host part with dots (erl -name), or leave it out"
                        : "give --name a host part without dots (erl -sname), or leave it out"};
        }
    }
    return fmt::format("{} is a {} name: whoever connects has one too ({})", how.node,
                       is_long ? "long" : "short", is_long ? "erl -name" : "erl -sname");
}

std::string look_at_host(const node_name& peer) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const std::string host(peer.host());
    if (const int e = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); e != 0) {
        throw diagnosis{fmt::format("the host {} is not known here: {}", host, ::gai_strerror(e)),
                        "add it to the name service or to /etc/hosts, or start the node under a name whose "
                        "host part is an address"};
    }
    std::vector<std::string> addresses;
    for (const addrinfo* a = found; a != nullptr; a = a->ai_next) {
        char text[INET6_ADDRSTRLEN] = "";
        const void* const bytes =
            a->ai_family == AF_INET
                ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(a->ai_addr)->sin_addr)
                : static_cast<const void*>(&reinterpret_cast<const sockaddr_in6*>(a->ai_addr)->sin6_addr);
        if (::inet_ntop(a->ai_family, bytes, text, sizeof text) != nullptr) addresses.emplace_back(text);
    }
    ::freeaddrinfo(found);
    std::sort(addresses.begin(), addresses.end());
    addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
    return fmt::format("{} is {}", host, fmt::join(addresses, ", "));
}

/// How many letters differ, at least.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0]++;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

std::vector<epmd_name> ask_epmd(const reach_options& how, const node_name& peer, std::string& said) {
    rakka::system asking({.workers = 1});
    const epmd_query query{std::string(peer.host()), how.epmd_port, patience_of(how)};
    const auto names = epmd_names(asking, query);
    if (!names) {
        throw diagnosis{names.error().message,
                        "start the node (it starts epmd), or let port 4369 through the firewall between; if "
                        "epmd listens elsewhere, say --epmd-port; if the node uses none, say its --port"};
    }
    std::vector<std::string> all;
    for (const epmd_name& n : *names)
        all.push_back(n.name);
    said = fmt::format("epmd knows {}", all.empty() ? "no nodes" : fmt::format("{}", fmt::join(all, ", ")));
    return *names;
}

std::string look_at_registration(const node_name& peer, const std::vector<epmd_name>& names) {
    const epmd_name* nearest = nullptr;
    std::size_t least = 3;
    for (const epmd_name& n : names) {
        if (n.name == peer.alive()) return fmt::format("{} listens on port {}", peer.text(), n.port);
        if (const std::size_t d = distance(n.name, peer.alive()); d < least) {
            least = d;
            nearest = &n;
        }
    }
    throw diagnosis{
        fmt::format("no node named {} runs on {}", peer.alive(), peer.host()),
        nearest != nullptr
            ? fmt::format("did you mean {}@{}?", nearest->name, peer.host())
            : "start it, or look for its name among those above; a node started with -dist_listen false is "
              "never registered"};
}

/// Which step an error of connecting belongs to.
std::string_view step_of(error_code e) {
    if (e.category() != node_category()) return "port";
    switch (static_cast<node_errc>(e.value())) {
        case node_errc::tls_mismatch:
        case node_errc::tls_no_common_version:
        case node_errc::tls_untrusted:
        case node_errc::tls_certificate_expired:
        case node_errc::tls_wrong_host:
        case node_errc::tls_no_certificate:
        case node_errc::tls_refused:
        case node_errc::tls_failed:
            return "tls";
        case node_errc::missing_flags:
        case node_errc::unsupported_version:
        case node_errc::handshake_not_allowed:
            return "flags";
        case node_errc::wrong_cookie:
            return "cookie";
        default:
            return "handshake";
    }
}

std::string cure_of(error_code e) {
    if (e.category() != node_category()) {
        return "see that the node still runs and that the firewall lets its port through "
               "(inet_dist_listen_min and max make it one of few)";
    }
    switch (static_cast<node_errc>(e.value())) {
        case node_errc::tls_mismatch:
            return "give --tls FILE for a node that runs with -proto_dist inet_tls, leave it out for others";
        case node_errc::tls_untrusted:
            return "put the certificate of whoever signed the peer's into the cacertfile of --tls";
        case node_errc::tls_certificate_expired:
            return fmt::format("renew the certificate; or set the clock, if {:%Y-%m-%d %H:%M} UTC is wrong",
                               fmt::gmtime(std::time(nullptr)));
        case node_errc::tls_wrong_host:
            return "get a certificate for the host part of the node's name, or dial the name it is for";
        case node_errc::tls_no_certificate:
        case node_errc::tls_refused:
            return "show a certificate that the peer trusts: certfile and keyfile among the client options "
                   "of --tls";
        case node_errc::handshake_closed:
            return "if the cookies differ, give both nodes the same: --cookie, or the file ~/.erlang.cookie "
                   "of both users; else see what the peer logged";
        case node_errc::wrong_cookie:
            return "give both nodes the same cookie: --cookie, or the file ~/.erlang.cookie of both users";
        case node_errc::handshake_timeout:
            return "see whether the node hangs (stopped, swapping, a debugger), or raise --timeout";
        default:
            return e.message();
    }
}

void report(std::string_view step, std::string_view text) {
    std::cout << fmt::format("{:<10} ok      {}\n", step, text) << std::flush;
}

int fail(std::string_view step, const diagnosis& d) {
    std::cout << fmt::format("{:<10} FAILED  {}\n{:<18}cure: {}\n", step, d.cause, "", d.cure) << std::flush;
    return 1;
}

/// The one thing that shows later than in connecting: certificates that are not valid yet, tokens that have
/// expired, logs in the wrong order.
int look_at_clock(guest& g, std::chrono::milliseconds patience) {
    using std::chrono::system_clock;
    constexpr double bearable = 5;
    const auto asked = system_clock::now();
    const auto answer = g.running().run(
        [&] { return erpc::call(g.peer(), "erlang"_a, "system_time"_a, list("microsecond"_a), patience); });
    const auto heard = system_clock::now();
    const auto theirs = answer ? answer->as<std::int64_t>() : result<std::int64_t>(error_code());
    if (!answer || !theirs) {
        report("clock", "not asked: the node has no erlang:system_time/1 that we may call");
        return 0;
    }
    const auto middle = asked.time_since_epoch() + (heard - asked) / 2;
    const double ahead =
        1e-6 * (static_cast<double>(*theirs) -
                static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(middle).count()));
    const std::string apart =
        fmt::format("the node's is {:.1f} s {} ours", std::abs(ahead), ahead < 0 ? "behind" : "ahead of");
    if (std::abs(ahead) > bearable)
        return fail("clock", {apart,
                              "let both machines set their clocks by NTP; certificates may seem "
                              "expired or not valid yet"});
    report("clock", apart);
    return 0;
}

int look_at_connection(const reach_options& how) {
    const auto g = guest::start(how);
    if (!g) return fail("own node", {g.error(), "mend what the sentence says, and try again"});
    if (const auto failed = (*g)->connect())
        return fail(step_of(failed->code), {failed->text, cure_of(failed->code)});
    const auto info = (*g)->self().connection_info((*g)->peer());
    if (!how.tls_optfile.empty()) report("tls", info ? info->tls : "");
    report("handshake", fmt::format("flags agreed, {} node, connected to {}",
                                    info && info->hidden ? "hidden" : "visible", info ? info->address : ""));
    report("cookie", "both have the same");
    return look_at_clock(**g, patience_of(how));
}

int examine(const reach_options& how) {
    std::string_view step = "name";
    try {
        std::optional<node_name> peer;
        report(step, look_at_name(how, peer));
        step = "host";
        report(step, look_at_host(*peer));
        if (how.port == 0) {
            step = "epmd";
            std::string said;
            const auto names = ask_epmd(how, *peer, said);
            report(step, said);
            step = "node";
            report(step, look_at_registration(*peer, names));
        }
    } catch (const diagnosis& d) {
        return fail(step, d);
    }
    return look_at_connection(how);
}

}  // namespace

void add_doctor(CLI::App& rakka, work& chosen) {
    CLI::App* const command =
        rakka.add_subcommand("doctor", "Find out why a node cannot be reached: the cause, and the cure");
    const auto how = std::make_shared<reach_options>();
    add_reach_options(*command, *how);
    command->callback([how, &chosen] { chosen = [how] { return examine(*how); }; });
}

}  // namespace rakka::tools
