#include <rakka/node/errc.hpp>

#include <string>

namespace rakka {
namespace {

const char* name_or_cookie_sentence(node_errc e) noexcept {
    switch (e) {
        case node_errc::bad_node_name:
            return "not a node name: write name@host, with text on both sides of exactly one '@'";
        case node_errc::bad_node_name_character:
            return "a node name with a character that is not allowed: use letters, digits, '_' and '-' "
                   "before "
                   "the '@', and no blanks or characters above U+00FF after it";
        case node_errc::node_name_too_long:
            return "a node name of more than 255 characters: shorten it";
        case node_errc::host_has_dots:
            return "the host part has a '.' but this node uses short names: use the host name without its "
                   "domain, or start all nodes with long names";
        case node_errc::host_has_no_dots:
            return "the host part has no '.' but this node uses long names: use the full host name or an "
                   "address, or start all nodes with short names";
        case node_errc::bad_option:
            return "an option has a value that makes no sense: the message of the failed start names it";
        case node_errc::bad_cookie:
            return "not a cookie: 1 to 255 printable characters are needed, on one line";
        case node_errc::cookie_file_missing:
            return "there is no cookie file: pass a cookie in the options, copy the file of the nodes to "
                   "connect to, or make one with rakka::create_cookie_file() (or by starting erl once)";
        case node_errc::cookie_file_exists:
            return "the cookie file exists already: use it, or remove it first";
        case node_errc::cookie_file_permissions:
            return "the cookie file must be accessible by its owner only: run chmod 400 on it";
        case node_errc::cookie_file_not_regular:
            return "the cookie file is not a regular file: put the cookie in a plain file";
        case node_errc::cookie_file_unreadable:
            return "the cookie file cannot be read or written: check its owner and the folder it is in";
        default:
            return nullptr;
    }
}

const char* epmd_sentence(node_errc e) noexcept {
    switch (e) {
        case node_errc::epmd_unreachable:
            return "epmd does not answer on that host and port: start it with 'epmd -daemon', use the "
                   "embedded "
                   "one, or check ERL_EPMD_PORT and the firewall";
        case node_errc::epmd_closed:
            return "epmd closed the connection before its reply was complete: look at its log, and at what "
                   "else may listen on that port";
        case node_errc::epmd_bad_reply:
            return "what answered is not an epmd: check ERL_EPMD_PORT and what listens on that port";
        case node_errc::epmd_bad_request:
            return "bytes that are not an epmd request";
        case node_errc::epmd_timeout:
            return "epmd accepted the connection but did not reply in time: check that host's load and epmd";
        case node_errc::epmd_wrong_address:
            return "the epmd that answered says it listens on another port: something forwards the "
                   "connection; dial epmd directly";
        case node_errc::node_name_taken:
            return "the name is taken, most likely by a living node: stop that node or choose another name "
                   "('epmd -names' lists them; with Unix sockets they are the files in their directory)";
        case node_errc::node_not_registered:
            return "no node of that name is known: check the spelling and that the node runs ('epmd -names' "
                   "on "
                   "its host lists them; with Unix sockets they are the files in their directory)";
        case node_errc::epmd_table_full:
            return "the embedded epmd has reached its limit of names: raise registry_limits::active";
        default:
            return nullptr;
    }
}

const char* handshake_sentence(node_errc e) noexcept {
    switch (e) {
        case node_errc::handshake_closed:
            return "the peer closed the connection during the handshake";
        case node_errc::handshake_timeout:
            return "the peer did not finish the handshake in time";
        case node_errc::handshake_bad_message:
            return "the peer sent something that is not the handshake message due";
        case node_errc::handshake_too_large:
            return "the peer announced a handshake message larger than the limit";
        case node_errc::handshake_not_allowed:
            return "the peer does not allow this node to connect: it restricts names (net_kernel:allow/1) or "
                   "needs capabilities this node does not offer";
        case node_errc::handshake_refused:
            return "this node does not allow the peer's name: add it to the allowed nodes";
        case node_errc::missing_flags:
            return "the peer lacks capabilities this node cannot do without: it needs OTP 25 or later";
        case node_errc::wrong_cookie:
            return "the cookies differ: give both nodes the same cookie";
        case node_errc::wrong_peer_name:
            return "the node that answered has another name than the one dialled: dial it by its full name";
        case node_errc::unsupported_version:
            return "the peer speaks another version of the distribution handshake: version 6 (OTP 23 or "
                   "later) is needed";
        case node_errc::simultaneous_connect:
            return "both nodes dialled at the same time and the peer's connection goes on: wait for it";
        case node_errc::already_connected:
            return "the connection that exists already goes on";
        case node_errc::attempt_superseded:
            return "this attempt was given up because another connection to the same node took its place";
        case node_errc::connected_to_self:
            return "a node cannot connect to a node of its own name";
        case node_errc::name_not_given:
            return "the peer gives out no node names: give this node a name, or ask a node of OTP 23 or "
                   "later";
        default:
            return nullptr;
    }
}

const char* connection_sentence(node_errc e) noexcept {
    switch (e) {
        case node_errc::connection_lost:
            return "the connection was closed by the peer or the network";
        case node_errc::tick_timeout:
            return "the peer was silent for net_ticktime: it hangs, is cut off, or uses a longer "
                   "net_ticktime";
        case node_errc::frame_too_large:
            return "the peer sent a frame larger than the limit: raise the limit, or let it send less at "
                   "once";
        case node_errc::bad_frame:
            return "the peer sent a frame that breaks the distribution protocol";
        case node_errc::bad_control_message:
            return "the peer sent an unknown or malformed control message";
        case node_errc::limit_exceeded:
            return "the peer used more of a bounded resource than it may";
        case node_errc::bad_recording:
            return "these bytes are no recording of connections, or a damaged one";
        case node_errc::not_allowed:
            return "a rule of this node does not let it do that, or a program of another user is at the "
                   "other "
                   "end of the Unix socket";
        default:
            return nullptr;
    }
}

const char* tls_sentence(node_errc e) noexcept {
    switch (e) {
        case node_errc::tls_mismatch:
            return "one of the two nodes uses TLS and the other does not: use TLS on both or on none";
        case node_errc::tls_no_common_version:
            return "the two nodes allow no version of TLS in common: see the option versions of both";
        case node_errc::tls_untrusted:
            return "the peer's certificate is not signed by anybody whom this node trusts: see cacertfile "
                   "here "
                   "and certfile there";
        case node_errc::tls_certificate_expired:
            return "the peer's certificate is not valid now: renew it, and check the clocks of both machines";
        case node_errc::tls_wrong_host:
            return "the peer's certificate is not for the host part of the node's name: have one made for "
                   "it, "
                   "or use another name";
        case node_errc::tls_no_certificate:
            return "the peer shows no certificate, and must: give it a certfile for this side of the "
                   "connection";
        case node_errc::tls_refused:
            return "the peer does not accept our certificate: see certfile here, cacertfile there, and its "
                   "log";
        case node_errc::tls_failed:
            return "TLS with the peer failed";
        default:
            return nullptr;
    }
}

class category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "rakka.node"; }
    std::string message(int value) const override {
        const auto e = static_cast<node_errc>(value);
        for (const auto sentence : {name_or_cookie_sentence, epmd_sentence, handshake_sentence,
                                    connection_sentence, tls_sentence}) {
            if (const char* text = sentence(e)) return text;
        }
        return "unknown error";
    }
};

}  // namespace

const boost::system::error_category& node_category() noexcept {
    static const category instance;
    return instance;
}

}  // namespace rakka
