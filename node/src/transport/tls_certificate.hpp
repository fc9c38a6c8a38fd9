// What we have against a peer's certificate, in words.
#pragma once

#include "transport/tls_failure.hpp"

#include <optional>
#include <string>

struct x509_store_ctx_st;

namespace rakka::transport {

/// One step of OpenSSL's walk along the peer's chain: `passed` is its own opinion. At the peer's certificate
/// it is also checked to be for `host` (a DNS name or an address in text; empty: any host will do). Nothing:
/// all is well.
[[nodiscard]] std::optional<tls_failure> check_certificate(x509_store_ctx_st* chain, bool passed,
                                                           const std::string& host);

/// Whether `host` is an IP address in text.
[[nodiscard]] bool is_address(const std::string& host);

}  // namespace rakka::transport
