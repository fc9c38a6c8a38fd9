#include "transport/tls_failure.hpp"

#include "printable.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string_view>
#include <utility>

namespace rakka::transport {
namespace {

const char* words_of(unsigned long error) noexcept {
    const char* const reason = ERR_reason_error_string(error);
    return reason != nullptr ? reason : "unknown error";
}

/// The peer has ended the handshake with an alert. [tls §Error Alerts]
tls_failure explain_alert(int alert, tls_side side, tls_request request) {
    const std::string name = SSL_alert_desc_string_long(alert);
    const auto told = [&](node_errc code, std::string_view story) {
        return tls_failure{code, fmt::format("the peer ended TLS with the alert \"{}\": {}", name, story)};
    };
    const bool wants_ours = alert == SSL_AD_NO_CERTIFICATE || alert == TLS13_AD_CERTIFICATE_REQUIRED;
    // TLS 1.2 has no alert of its own for it.
    if (wants_ours || (alert == SSL_AD_HANDSHAKE_FAILURE && request == tls_request::not_met)) {
        return told(node_errc::tls_refused,
                    "it wants a certificate and we have none; give our client side a certfile");
    }
    switch (alert) {
        case SSL_AD_UNKNOWN_CA:
            return told(node_errc::tls_refused,
                        "it does not trust whoever signed our certificate; have it signed by one of its "
                        "cacertfile, or add the signer there");
        case SSL_AD_CERTIFICATE_EXPIRED:
            return told(node_errc::tls_refused,
                        "our certificate is not valid now; renew it, and check both clocks");
        case SSL_AD_BAD_CERTIFICATE:
        case SSL_AD_UNSUPPORTED_CERTIFICATE:
        case SSL_AD_CERTIFICATE_REVOKED:
        case SSL_AD_CERTIFICATE_UNKNOWN:
        case SSL_AD_ACCESS_DENIED:
            return told(node_errc::tls_refused,
                        "it does not accept our certificate; its log tells why (another host name, a use "
                        "that it is not made for, ...)");
        case SSL_AD_PROTOCOL_VERSION:
            return told(node_errc::tls_no_common_version, "it allows none of our versions of TLS");
        case SSL_AD_HANDSHAKE_FAILURE:
            if (side == tls_side::client)
                return told(node_errc::tls_failed, "most likely no cipher in common; its log tells more");
            return told(
                node_errc::tls_refused,
                "most likely our certificate is not for the host name by which it dialled us; its log "
                "tells more");
        default:
            return told(node_errc::tls_failed, "see its log");
    }
}

tls_failure explain_reason(int reason, const char* words, tls_side side) {
    switch (reason) {
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
            return {
                node_errc::tls_no_certificate,
                "the peer shows no certificate, which fail_if_no_peer_cert demands: its client side needs "
                "a certfile"};
        case SSL_R_UNSUPPORTED_PROTOCOL:
        case SSL_R_VERSION_TOO_LOW:
        case SSL_R_VERSION_TOO_HIGH:
        case SSL_R_WRONG_SSL_VERSION:
        case SSL_R_UNKNOWN_PROTOCOL:
            return {node_errc::tls_no_common_version,
                    fmt::format("the peer allows none of our versions of TLS ({})", words)};
        case SSL_R_WRONG_VERSION_NUMBER:
        case SSL_R_HTTP_REQUEST:
        case SSL_R_HTTPS_PROXY_REQUEST:
            return {node_errc::tls_mismatch, fmt::format("the peer does not speak TLS ({})", words)};
        case SSL_R_NO_SHARED_CIPHER:
            return {node_errc::tls_failed,
                    "the peer offers no cipher that fits our list and the kind of our key"};
        case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
            return {node_errc::tls_failed, "the peer accepts no signature that our key can make"};
        default:
            return {node_errc::tls_failed,
                    fmt::format("TLS {}: {}",
                                side == tls_side::client ? "with the node dialled failed"
                                                         : "with a dialling peer failed",
                                words)};
    }
}

}  // namespace

std::string take_openssl_error() {
    const unsigned long first = ERR_get_error();
    ERR_clear_error();
    return words_of(first);
}

tls_failure explain_tls_error(tls_side side, tls_request request, tls_failure bad_certificate) {
    const unsigned long first = ERR_get_error();
    const int reason = ERR_GET_REASON(first);
    const bool of_tls = ERR_GET_LIB(first) == ERR_LIB_SSL;
    ERR_clear_error();
    if (of_tls && reason == SSL_R_CERTIFICATE_VERIFY_FAILED && !bad_certificate.text.empty())
        return bad_certificate;
    if (of_tls && reason > SSL_AD_REASON_OFFSET)
        return explain_alert(reason - SSL_AD_REASON_OFFSET, side, request);
    return explain_reason(of_tls ? reason : 0, words_of(first), side);
}

tls_failure explain_broken_session(tls_side side, tls_request request) {
    const unsigned long first = ERR_get_error();
    const int reason = ERR_GET_REASON(first);
    ERR_clear_error();
    // A server of TLS 1.3 looks at our certificate after we are done.
    if (ERR_GET_LIB(first) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET)
        return explain_alert(reason - SSL_AD_REASON_OFFSET, side, request);
    return {
        node_errc::tls_failed,
        fmt::format("what came is not what the peer has encrypted, or not TLS at all ({})", words_of(first))};
}

tls_failure explain_foreign_bytes(std::span<const std::byte> first, tls_side side) {
    const std::string_view text(reinterpret_cast<const char*>(first.data()), first.size());
    std::string_view story = "it is not an Erlang node, or damaged on the way";
    // A node without TLS: a two-byte length, then the tag of its name or, from a node dialled, its status.
    const bool like_a_node = text.size() >= 3 && text[0] == 0 && (text[2] == 'N' || text[2] == 'n');
    if (like_a_node) {
        story = "it is a node that uses the plain carrier; use TLS on both nodes or on none";
    } else if (text.starts_with("GET ") || text.starts_with("POST") || text.starts_with("HEAD")) {
        story = "an HTTP client dialled the distribution port";
    } else if (text.starts_with("SSH-")) {
        story = "SSH is at the other end, not a node";
    }
    return {node_errc::tls_mismatch, fmt::format("the peer does not speak TLS, it {} \"{}\": {}",
                                                 side == tls_side::server ? "begins with" : "answers",
                                                 detail::printable(text, 32), story)};
}

tls_failure explain_tls_silence(tls_silence how, tls_side side, bool heard_anything) {
    const bool closed = how == tls_silence::closed;
    if (heard_anything) {
        return {closed ? node_errc::tls_failed : node_errc::handshake_timeout,
                closed
                    ? "the peer closed the connection in the middle of the TLS handshake: it may not accept "
                      "our certificate; see its log"
                    : "the peer did not finish the TLS handshake in time: it hangs, or the network loses "
                      "packets"};
    }
    if (side == tls_side::client) {
        return {node_errc::tls_mismatch,
                fmt::format("the peer {} instead of answering in TLS: most likely it is a node that uses the "
                            "plain carrier; use TLS on both nodes or on none",
                            closed ? "closed the connection" : "said nothing")};
    }
    return {
        closed ? node_errc::handshake_closed : node_errc::handshake_timeout,
        fmt::format("the peer {} before its TLS hello: a port scan, a health check, or a client that expects "
                    "the other side to begin",
                    closed ? "went away" : "said nothing")};
}

}  // namespace rakka::transport
