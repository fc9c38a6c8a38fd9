#include "transport/tls_certificate.hpp"

#include "printable.hpp"

#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string_view>

namespace rakka::transport {
namespace {

struct free_bio {
    void operator()(BIO* b) const noexcept { BIO_free(b); }
};
using bio_ptr = std::unique_ptr<BIO, free_bio>;

template <class F>
std::string printed(F print) {
    const bio_ptr out(BIO_new(BIO_s_mem()));
    if (!out) return "?";
    print(out.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return detail::printable(std::string_view(data, size > 0 ? static_cast<std::size_t>(size) : 0), 200);
}

std::string name_of(const X509_NAME* name) {
    return printed(
        [&](BIO* out) { X509_NAME_print_ex(out, name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB); });
}

std::string time_of(const ASN1_TIME* t) {
    return printed([&](BIO* out) { ASN1_TIME_print(out, t); });
}

/// The names and addresses that a certificate is for.
std::string hosts_of(X509* certificate) {
    std::string all;
    auto* const names =
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
    for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
        const std::string one =
            printed([&](BIO* out) { GENERAL_NAME_print(out, sk_GENERAL_NAME_value(names, i)); });
        all += (all.empty() ? "" : ", ") + one;
        if (all.size() > 200) break;
    }
    GENERAL_NAMES_free(names);
    return all.empty() ? "no host names" : all;
}

bool is_for(X509* certificate, const std::string& host) {
    // The zone of an address of the link is this machine's alone.
    const std::string address = host.substr(0, host.find('%'));
    if (is_address(address) && X509_check_ip_asc(certificate, address.c_str(), 0) == 1) return true;
    // OpenSSL takes a leading dot for "anything below".
    if (host.empty() || host.front() == '.') return false;
    unsigned flags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
    // A common name counts where there are no other names at all, as in Erlang.
    if (X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1) >= 0)
        flags |= X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
    // For an address as well: Erlang compares the host part with DNS names, whatever it looks like.
    return X509_check_host(certificate, host.data(), host.size(), flags, nullptr) == 1;
}

tls_failure explain(int error, X509* certificate, int depth, const std::string& host) {
    const std::string subject = certificate ? name_of(X509_get_subject_name(certificate)) : "?";
    const std::string whose = depth == 0
                                  ? fmt::format("the peer's certificate ({})", subject)
                                  : fmt::format("the certificate of \"{}\", in the peer's chain,", subject);
    switch (error) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return {node_errc::tls_certificate_expired,
                    fmt::format("{} expired on {}: renew it, and check the clocks", whose,
                                time_of(X509_get0_notAfter(certificate)))};
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return {node_errc::tls_certificate_expired,
                    fmt::format("{} is not valid before {}: check the clocks", whose,
                                time_of(X509_get0_notBefore(certificate)))};
        case X509_V_ERR_HOSTNAME_MISMATCH:
            return {node_errc::tls_wrong_host, fmt::format("{} is not for the host {}, only for {}", whose,
                                                           host, hosts_of(certificate))};
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        case X509_V_ERR_CERT_UNTRUSTED:
        case X509_V_ERR_CERT_CHAIN_TOO_LONG:
            return {
                node_errc::tls_untrusted,
                fmt::format("{} is not trusted: {} (issuer: {})", whose, X509_verify_cert_error_string(error),
                            certificate ? name_of(X509_get_issuer_name(certificate)) : "?")};
        default:
            return {node_errc::tls_untrusted,
                    fmt::format("{} is not accepted: {}", whose, X509_verify_cert_error_string(error))};
    }
}

}  // namespace

bool is_address(const std::string& host) {
    ASN1_OCTET_STRING* const parsed = a2i_IPADDRESS(host.c_str());
    ASN1_OCTET_STRING_free(parsed);
    return parsed != nullptr;
}

std::optional<tls_failure> check_certificate(x509_store_ctx_st* chain, bool passed, const std::string& host) {
    X509* const certificate = X509_STORE_CTX_get_current_cert(chain);
    const int depth = X509_STORE_CTX_get_error_depth(chain);
    if (passed && depth == 0 && !host.empty() && !is_for(certificate, host)) {
        X509_STORE_CTX_set_error(chain, X509_V_ERR_HOSTNAME_MISMATCH);
        passed = false;
    }
    if (passed) return std::nullopt;
    return explain(X509_STORE_CTX_get_error(chain), certificate, depth, host);
}

}  // namespace rakka::transport
