// Distribution over TLS: which certificates a node shows, which it trusts, and what else is agreed on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace rakka {

/// Erlang: `verify_none`, `verify_peer`.
enum class tls_verify : std::uint8_t { none, peer };

enum class tls_version : std::uint8_t { tls_1_2, tls_1_3 };

/// How one side of a connection is to be: a node is the server to those who dial it and the client to those
/// whom it dials. All files are PEM.
///
/// The defaults are the safe ones: the peer must show a certificate that leads to `cacertfile`. Erlang's own
/// for a server is `verify_none`.
struct tls_side_options {
    /// Our certificate, those that lead from it to a root after it. A server needs one; a client where the
    /// other side asks for it. Erlang: `certfile`.
    std::filesystem::path certfile{};
    /// Its private key; empty: it is in `certfile`. Erlang: `keyfile`.
    std::filesystem::path keyfile{};
    /// Of the key, if it is encrypted. Erlang: `password`.
    std::string password{};
    /// Whom we trust. Needed with `verify`. Erlang: `cacertfile`.
    std::filesystem::path cacertfile{};
    tls_verify verify = tls_verify::peer;
    /// Server only, with tls_verify::peer: whoever shows no certificate is turned away. Erlang:
    /// `fail_if_no_peer_cert` (there the default is false).
    bool fail_if_no_peer_cert = true;
    /// Certificates between the peer's and a trusted one, at most. Erlang: `depth`.
    unsigned depth = 10;
    /// Erlang: `versions`.
    std::vector<tls_version> versions{tls_version::tls_1_2, tls_version::tls_1_3};
    /// Names as OpenSSL or the RFCs have them ("ECDHE-RSA-AES256-GCM-SHA384", "TLS_AES_128_GCM_SHA256");
    /// empty: OpenSSL's choice. A version for which none is listed is not spoken. Erlang: `ciphers`.
    std::vector<std::string> ciphers{};
    /// Curves and groups for the key exchange ("x25519", "secp256r1"); empty: OpenSSL's choice. Erlang:
    /// `supported_groups`, `eccs`.
    std::vector<std::string> groups{};
    /// Client only, with tls_verify::peer: the peer's certificate must be one for the host part of the node's
    /// name (a DNS name, or for an address also an IP address). With false, that name is not told to the
    /// server either. Erlang: `{server_name_indication, disable}` is false.
    bool check_hostname = true;
    /// Client only: the name to tell and to check instead of the host part; empty: that. Erlang:
    /// `{server_name_indication, Name}`.
    std::string server_name{};
    /// Server only: our order of ciphers counts, not the client's. Erlang: `honor_cipher_order`.
    bool honor_cipher_order = false;
    /// Server only: a client of TLS 1.2 may renegotiate (a BEAM does so after 2^28 messages). Erlang:
    /// `client_renegotiation`.
    bool client_renegotiation = true;
    /// Server only: parameters for ciphers with DHE; empty: OpenSSL's. Erlang: `dhfile`.
    std::filesystem::path dhfile{};
};

/// Turns TLS on for a node: every connection of it, in both directions. A cluster is all TLS or all plain.
/// Files are read when the node starts and again when they have changed: new connections use what is there
/// then. A file that cannot be used any more is logged, and the old contents go on. docs/tls.md has more.
/// Erlang: `-proto_dist inet_tls`.
struct tls_options {
    /// A file in the format of Erlang's `-ssl_dist_optfile`: `[{server, [...]}, {client, [...]}].` If given,
    /// `server` and `client` below come from there, with Erlang's defaults (a server verifies nobody unless
    /// told to). An option that Rakka does not have makes the start fail with its name.
    std::filesystem::path optfile{};
    tls_side_options server{};
    tls_side_options client{};
};

}  // namespace rakka
