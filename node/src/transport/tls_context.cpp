#include "transport/tls_context.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace rakka::transport {
namespace {

using problem = std::optional<std::string>;

// What OpenSSL takes for a password: never from the terminal.
int give_password(char* into, int size, int, void* password) {
    const auto& text = *static_cast<const std::string*>(password);
    const std::size_t n = std::min(text.size(), static_cast<std::size_t>(size));
    std::memcpy(into, text.data(), n);
    return static_cast<int>(n);
}

/// "certfile /etc/x.pem of the server cannot be used: ...".
std::string complaint(std::string_view field, const std::filesystem::path& file, tls_side side,
                      std::string_view why) {
    return fmt::format("{} {} of the TLS {} side cannot be used: {}", field, file.string(),
                       side == tls_side::server ? "server" : "client", why);
}

struct close_file {
    void operator()(std::FILE* f) const noexcept { std::fclose(f); }
};

/// OpenSSL's words about files that are not there are poor.
problem check_readable(std::string_view field, const std::filesystem::path& file, tls_side side) {
    const std::unique_ptr<std::FILE, close_file> f(std::fopen(file.c_str(), "re"));
    if (!f) return complaint(field, file, side, std::strerror(errno));
    return {};
}

problem load_certificate(SSL_CTX* c, const tls_side_options& o, tls_side side) {
    if (o.certfile.empty()) {
        if (!o.keyfile.empty()) return "a keyfile is given but no certfile: name the certificate as well";
        if (side == tls_side::client) return {};
        return "no certfile for the TLS server side: a node that listens needs a certificate and its key";
    }
    if (auto p = check_readable("certfile", o.certfile, side)) return p;
    if (SSL_CTX_use_certificate_chain_file(c, o.certfile.c_str()) != 1) {
        return complaint("certfile", o.certfile, side,
                         fmt::format("no certificate in PEM form in it ({})", take_openssl_error()));
    }
    const auto& keyfile = o.keyfile.empty() ? o.certfile : o.keyfile;
    if (auto p = check_readable("keyfile", keyfile, side)) return p;
    std::string password = o.password;
    SSL_CTX_set_default_passwd_cb(c, &give_password);
    SSL_CTX_set_default_passwd_cb_userdata(c, &password);
    const bool loaded = SSL_CTX_use_PrivateKey_file(c, keyfile.c_str(), SSL_FILETYPE_PEM) == 1;
    SSL_CTX_set_default_passwd_cb_userdata(c, nullptr);
    SSL_CTX_set_default_passwd_cb(c, nullptr);
    if (!loaded) {
        return complaint("keyfile", keyfile, side,
                         fmt::format("no private key in PEM form in it that fits the certificate and the "
                                     "password ({})",
                                     take_openssl_error()));
    }
    if (SSL_CTX_check_private_key(c) != 1) {
        return complaint("keyfile", keyfile, side,
                         fmt::format("it is not the key of the certificate in {}", o.certfile.string()));
    }
    return {};
}

problem load_trusted(SSL_CTX* c, const tls_side_options& o, tls_side side) {
    const bool verify = o.verify == tls_verify::peer;
    if (o.cacertfile.empty()) {
        if (!verify) return {};
        return fmt::format(
            "verify is peer but there is no cacertfile for the TLS {} side: name the certificates "
            "that are trusted, or set verify to none",
            side == tls_side::server ? "server" : "client");
    }
    if (auto p = check_readable("cacertfile", o.cacertfile, side)) return p;
    if (SSL_CTX_load_verify_file(c, o.cacertfile.c_str()) != 1) {
        return complaint("cacertfile", o.cacertfile, side,
                         fmt::format("no certificates in PEM form in it ({})", take_openssl_error()));
    }
    // Clients choose among their certificates by this list.
    if (side == tls_side::server)
        SSL_CTX_set_client_CA_list(c, SSL_load_client_CA_file(o.cacertfile.c_str()));
    ERR_clear_error();
    return {};
}

void set_verification(SSL_CTX* c, const tls_side_options& o, tls_side side) {
    int mode = SSL_VERIFY_NONE;
    if (o.verify == tls_verify::peer) {
        mode = SSL_VERIFY_PEER;
        if (side == tls_side::server && o.fail_if_no_peer_cert) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    }
    SSL_CTX_set_verify(c, mode, nullptr);
    SSL_CTX_set_verify_depth(c, static_cast<int>(std::min(o.depth, 255U)));
}

struct cipher_lists {
    std::string tls_1_2;
    std::string tls_1_3;
};

problem sort_ciphers(const std::vector<std::string>& names, cipher_lists& lists) {
    for (const std::string& name : names) {
        const bool of_1_3 = name.starts_with("TLS_") && name.find("_WITH_") == std::string::npos;
        const char* const known = of_1_3 ? name.c_str() : OPENSSL_cipher_name(name.c_str());
        // "(NONE)": not a name of the RFCs, so it is one of OpenSSL's or nonsense.
        const std::string openssl_name =
            known == nullptr || std::string_view(known) == "(NONE)" ? name : known;
        if (openssl_name.find_first_of(": ,") != std::string::npos)
            return fmt::format("ciphers has \"{}\": one name for each entry", name);
        std::string& list = of_1_3 ? lists.tls_1_3 : lists.tls_1_2;
        list += (list.empty() ? "" : ":") + openssl_name;
    }
    return {};
}

bool has(const tls_side_options& o, tls_version v) {
    return std::find(o.versions.begin(), o.versions.end(), v) != o.versions.end();
}

problem set_versions_and_ciphers(SSL_CTX* c, const tls_side_options& o) {
    bool with_1_2 = has(o, tls_version::tls_1_2);
    bool with_1_3 = has(o, tls_version::tls_1_3);
    if (!with_1_2 && !with_1_3) return "versions is empty: allow tls_1_2, tls_1_3 or both";
    if (!o.ciphers.empty()) {
        cipher_lists lists;
        if (auto p = sort_ciphers(o.ciphers, lists)) return p;
        with_1_2 = with_1_2 && !lists.tls_1_2.empty();
        with_1_3 = with_1_3 && !lists.tls_1_3.empty();
        if (!with_1_2 && !with_1_3) return "ciphers has no cipher of the TLS versions allowed";
        if (with_1_2 && SSL_CTX_set_cipher_list(c, lists.tls_1_2.c_str()) != 1) {
            return fmt::format("ciphers: OpenSSL has none of {} ({})", lists.tls_1_2, take_openssl_error());
        }
        if (with_1_3 && SSL_CTX_set_ciphersuites(c, lists.tls_1_3.c_str()) != 1) {
            return fmt::format("ciphers: OpenSSL does not have all of {} ({})", lists.tls_1_3,
                               take_openssl_error());
        }
    }
    SSL_CTX_set_min_proto_version(c, with_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION);
    SSL_CTX_set_max_proto_version(c, with_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
    return {};
}

problem set_groups(SSL_CTX* c, const std::vector<std::string>& groups) {
    if (groups.empty()) return {};
    std::string list;
    for (const std::string& g : groups)
        list += (list.empty() ? "" : ":") + g;
    if (SSL_CTX_set1_groups_list(c, list.c_str()) == 1) return {};
    ERR_clear_error();
    return fmt::format("groups: OpenSSL does not have all of {}", list);
}

problem load_dh_parameters(SSL_CTX* c, const tls_side_options& o, tls_side side) {
    if (o.dhfile.empty()) {
        SSL_CTX_set_dh_auto(c, 1);
        return {};
    }
    if (auto p = check_readable("dhfile", o.dhfile, side)) return p;
    BIO* const file = BIO_new_file(o.dhfile.c_str(), "r");
    EVP_PKEY* const parameters = file == nullptr ? nullptr : PEM_read_bio_Parameters(file, nullptr);
    BIO_free(file);
    if (parameters != nullptr && SSL_CTX_set0_tmp_dh_pkey(c, parameters) == 1) return {};
    EVP_PKEY_free(parameters);
    return complaint("dhfile", o.dhfile, side,
                     fmt::format("no DH parameters in PEM form in it ({})", take_openssl_error()));
}

void set_behaviour(SSL_CTX* c, const tls_side_options& o, tls_side side) {
    // No session is ever resumed: each connection is checked with the certificates of its own time.
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(c, 0);
    std::uint64_t options = SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF;
    if (side == tls_side::server) {
        options |= o.client_renegotiation ? SSL_OP_ALLOW_CLIENT_RENEGOTIATION : SSL_OP_NO_RENEGOTIATION;
        if (o.honor_cipher_order) options |= SSL_OP_CIPHER_SERVER_PREFERENCE;
    }
    SSL_CTX_set_options(c, options);
    SSL_CTX_set_mode(
        c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
}

}  // namespace

boost::system::result<tls_context, std::string> make_tls_context(const tls_side_options& o, tls_side side) {
    ERR_clear_error();
    tls_context c(SSL_CTX_new(side == tls_side::server ? TLS_server_method() : TLS_client_method()),
                  [](SSL_CTX* p) { SSL_CTX_free(p); });
    if (!c) return "OpenSSL has no memory or no TLS: " + take_openssl_error();
    set_behaviour(c.get(), o, side);
    set_verification(c.get(), o, side);
    if (auto p = load_certificate(c.get(), o, side)) return std::move(*p);
    if (auto p = load_trusted(c.get(), o, side)) return std::move(*p);
    if (auto p = set_versions_and_ciphers(c.get(), o)) return std::move(*p);
    if (auto p = set_groups(c.get(), o.groups)) return std::move(*p);
    if (auto p = load_dh_parameters(c.get(), o, side)) return std::move(*p);
    return c;
}

}  // namespace rakka::transport
