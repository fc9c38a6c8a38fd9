#include "services/options_check.hpp"

#include "connection/allow_list.hpp"
#include "connection/peer_rules.hpp"
#include "printable.hpp"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <string_view>

namespace rakka::detail {
namespace {

using namespace std::chrono_literals;
using problem = std::optional<std::string>;

// A frame that a BEAM sends while it is in the middle of a larger message, with room to spare: a smaller
// limit would turn away every peer that sends a large message.
constexpr std::size_t least_frame = std::size_t{128} << 10;
// What calls of gen_server and erpc need, with room to spare.
constexpr std::size_t least_nesting = 32;
constexpr std::chrono::milliseconds longest_ticktime = std::chrono::hours(24 * 365);
constexpr std::chrono::milliseconds longest_setuptime = 120s;

problem check_time(std::string_view field, std::chrono::milliseconds value, std::chrono::milliseconds least,
                   std::chrono::milliseconds most) {
    if (value >= least && value <= most) return {};
    return fmt::format("node_options::{} is {} ms: it must be from {} to {} ms", field, value.count(),
                       least.count(), most.count());
}

problem check_least(std::string_view field, std::size_t value, std::size_t least, std::string_view why) {
    if (value >= least) return {};
    return fmt::format("{} is {}: it must be at least {}, {}", field, value, least, why);
}

problem check_rate(std::string_view field, const rate_limit& r) {
    if (r.per_second == 0 || r.burst != 0) return {};
    return fmt::format("node_options::{}.burst is 0: it must be at least 1, or no peer could connect", field);
}

problem check_times(const node_options& o) {
    if (o.net_tickintensity < 4 || o.net_tickintensity > 1000) {
        return fmt::format("node_options::net_tickintensity is {}: it must be from 4 to 1000",
                           o.net_tickintensity);
    }
    // A look takes a millisecond at least.
    const std::chrono::milliseconds least(o.net_tickintensity);
    if (auto p = check_time("net_ticktime", o.net_ticktime, least, longest_ticktime)) return p;
    if (auto p = check_time("net_setuptime", o.net_setuptime, 1ms, longest_setuptime)) return p;
    return check_time("dial_backoff", o.dial_backoff, 0ms, longest_ticktime);
}

problem check_listening(const node_options& o) {
    error_code not_an_address;
    static_cast<void>(boost::asio::ip::make_address(o.listen_address, not_an_address));
    if (not_an_address) {
        return fmt::format(
            "node_options::listen_address is \"{}\", which is no IP address: write one of this machine, "
            "0.0.0.0 "
            "for all, or :: for all with IPv6 (names of hosts are not looked up here)",
            printable(o.listen_address));
    }
    if (o.first_port > o.last_port || (o.first_port == 0 && o.last_port != 0)) {
        return fmt::format(
            "node_options::first_port is {} and last_port {}: the first must not be the greater one; 0 for "
            "both "
            "takes any free port",
            o.first_port, o.last_port);
    }
    return {};
}

problem check_epmd(const node_options& o) {
    if (o.peer_port && o.epmd != epmd_mode::none) {
        return "node_options::peer_port is given but epmd is not none: ports of peers are asked of epmd "
               "then; set "
               "epmd to none, or leave peer_port out";
    }
    return {};
}

problem check_unix_sockets(const node_options& o) {
    if (!o.unix_sockets) return {};
    if (o.tls) {
        return "node_options::tls is given beside unix_sockets: connections over Unix sockets are not "
               "encrypted; "
               "leave one of the two out";
    }
    if (o.peer_port) {
        return "node_options::peer_port is given beside unix_sockets, which know no ports: peers are found "
               "by the "
               "names of their sockets; leave one of the two out";
    }
    if (o.unix_sockets->directory.empty()) {
        return "unix_socket_options::directory is empty: write \".\" for the current directory, or another "
               "one";
    }
    if ((o.unix_sockets->mode & ~0777U) != 0 || (o.unix_sockets->mode & 0600U) != 0600U) {
        return fmt::format(
            "unix_socket_options::mode is {:#o}: it must be from 0600 to 0777, with reading and writing for "
            "the owner",
            o.unix_sockets->mode);
    }
    return {};
}

problem check_own_limits(const node_options& o) {
    if (auto p = check_least("node_options::dist_buf_busy_limit", o.dist_buf_busy_limit, 1,
                             "or every sender would wait for ever"))
        return p;
    if (o.max_outbound_bytes < o.dist_buf_busy_limit) {
        return fmt::format(
            "node_options::max_outbound_bytes is {}, less than dist_buf_busy_limit ({}): the connection "
            "would be "
            "given up before any sender is made to wait",
            o.max_outbound_bytes, o.dist_buf_busy_limit);
    }
    if (auto p = check_least("node_options::max_sent_message", o.max_sent_message, least_frame,
                             "or even what says that something was too large could not be sent"))
        return p;
    if (auto p = check_least("node_options::max_pending_signals", o.max_pending_signals, 1,
                             "or nothing could be sent before a node is connected"))
        return p;
    if (auto p = check_least("node_options::max_handshakes", o.max_handshakes, 1, "or no peer could connect"))
        return p;
    if (auto p = check_rate("accept_rate_per_address", o.accept_rate_per_address)) return p;
    if (auto p = check_rate("accept_rate", o.accept_rate)) return p;
    if (auto p =
            check_least("node_options::max_dials", o.max_dials, 1,
                        "or no signal could reach another node; to dial on request only, set auto_connect "
                        "to never"))
        return p;
    return check_least("node_options::max_peer_names", o.max_peer_names, 1, "or no peer could connect");
}

problem check_peer_limits(const peer_limits& l) {
    if (auto p = check_least("peer_limits::max_frame_size", l.max_frame_size, least_frame,
                             "because peers send large messages in frames of 64 KiB and a little"))
        return p;
    if (auto p = check_least("peer_limits::max_message_size", l.max_message_size, least_frame,
                             "or it would be less than what may come in one frame"))
        return p;
    if (auto p = check_least("peer_limits::max_fragmented_total", l.max_fragmented_total, least_frame,
                             "or no message in several frames could arrive"))
        return p;
    if (auto p = check_least("peer_limits::max_sequences", l.max_sequences, 1,
                             "or no message in several frames could arrive"))
        return p;
    if (auto p = check_least("peer_limits::max_nesting", l.max_nesting, least_nesting,
                             "because ordinary calls are nested that deeply"))
        return p;
    return check_least("peer_limits::max_relations", l.max_relations, 2,
                       "or no peer could link to, monitor or spawn a process");
}

}  // namespace

bool is_ipv6(const std::string& address) noexcept {
    return address.find(':') != std::string::npos;
}

std::optional<std::string> explain_bad_option(const node_options& o) {
    for (const std::string& a : o.allow)
        if (const std::string p = explain_bad_allowed(a); !p.empty()) return "node_options::allow: " + p;
    if (const std::string p = explain_bad_rules(o.peer_rules); !p.empty())
        return "node_options::peer_rules: " + p;
    if (auto p = check_times(o)) return p;
    if (auto p = check_unix_sockets(o)) return p;
    if (!o.unix_sockets) {
        if (auto p = check_listening(o)) return p;
        if (auto p = check_epmd(o)) return p;
    }
    if (auto p = check_own_limits(o)) return p;
    return check_peer_limits(o.limits);
}

}  // namespace rakka::detail
