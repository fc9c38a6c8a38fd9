// Why TLS with a peer did not come about, or ended: a code to act on and a sentence for the log.
#pragma once

#include <rakka/node/errc.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace rakka::transport {

/// What we are in one TLS session.
enum class tls_side : std::uint8_t { server, client };

struct tls_failure {
    node_errc code = node_errc::tls_failed;
    std::string text{};
};

/// Whether the peer has asked for a certificate that we do not have.
enum class tls_request : std::uint8_t { met, not_met };

/// What OpenSSL has against the peer, from this thread's error queue, which is empty afterwards.
/// `bad_certificate` is what the check of the peer's certificate said, if it was that.
[[nodiscard]] tls_failure explain_tls_error(tls_side side, tls_request request, tls_failure bad_certificate);

/// The same for a session that was established: damaged or forged bytes, or an alert.
[[nodiscard]] tls_failure explain_broken_session(tls_side side, tls_request request);

/// A peer whose first bytes are not TLS.
[[nodiscard]] tls_failure explain_foreign_bytes(std::span<const std::byte> first, tls_side side);

/// A peer that hung up in the middle of the TLS handshake, or said nothing (more) in time.
enum class tls_silence : std::uint8_t { closed, timed_out };
[[nodiscard]] tls_failure explain_tls_silence(tls_silence how, tls_side side, bool heard_anything);

/// The oldest entry of this thread's error queue in words, which is empty afterwards; "unknown error".
[[nodiscard]] std::string take_openssl_error();

}  // namespace rakka::transport
