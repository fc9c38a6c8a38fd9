// One TLS session without a socket: ciphertext goes in and comes out, plaintext is read and written.
#pragma once

#include "transport/tls_failure.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

struct iovec;
struct ssl_st;

namespace rakka::transport {

struct openssl_free {
    void operator()(ssl_st* p) const noexcept;
};

/// A TLS session before its first byte; tls_contexts makes them.
struct tls_session {
    std::unique_ptr<ssl_st, openssl_free> ssl{};
    tls_side side = tls_side::client;
    /// The name or address that the peer's certificate must be for; empty: any.
    std::string expected_host{};
};

/// Where a peer could be made to keep us busy or growing.
struct tls_engine_limits {
    /// Plaintext that is encrypted ahead of what has left.
    std::size_t ahead = std::size_t{64} << 10;
    /// Ciphertext that waits to leave, answers to the peer included.
    std::size_t out = std::size_t{160} << 10;
    /// Renegotiations (TLS 1.2) within `renegotiation_window` that are not refused.
    unsigned renegotiations = 3;
    std::chrono::seconds renegotiation_window{60};
    /// Records after which TLS 1.3 gets new keys: well before what RFC 8446 §5.5 allows for AES-GCM.
    std::uint64_t records_per_key = std::uint64_t{1} << 23;
};

/// Used by one thread at a time; never blocks. Must not move: OpenSSL has pointers to it.
class tls_engine {
public:
    explicit tls_engine(tls_session session, tls_engine_limits limits = {});
    ~tls_engine();
    tls_engine(const tls_engine&) = delete;
    tls_engine& operator=(const tls_engine&) = delete;

    enum class progress : std::uint8_t {
        done,        ///< (some of) what was asked for
        want_bytes,  ///< all input is used up; go on after feed()
        want_room,   ///< too much output waits; go on after sent()
        closed,      ///< the peer has closed its direction properly
        failed,      ///< for failure(); what output there is tells the peer why
    };

    /// Ciphertext from the peer; must stay valid until it is used up. REQUIRES: !has_input().
    void feed(std::span<const std::byte> input) noexcept;
    [[nodiscard]] bool has_input() const noexcept { return !in_.empty(); }
    /// Whether read() may give something without more input.
    [[nodiscard]] bool may_read() const noexcept;

    /// Ciphertext for the peer, until sent().
    [[nodiscard]] std::span<const std::byte> output() const noexcept;
    /// Bytes of memory that are kept for it.
    [[nodiscard]] std::size_t output_memory() const noexcept { return out_.capacity(); }
    void sent(std::size_t n) noexcept;

    [[nodiscard]] progress shake_hands();
    /// Fills `into` as far as there is plaintext; `size` is how far.
    [[nodiscard]] progress read(std::span<std::byte> into, std::size_t& size);
    /// Encrypts the bytes of `parts` after the first `skip`, tls_engine_limits::ahead at most, and returns
    /// how many. 0: a renegotiation is under way, or failed(). REQUIRES: output() is empty.
    [[nodiscard]] std::size_t encrypt(std::span<const iovec> parts, std::size_t skip);

    /// In the middle of a handshake, the first or a later one: nothing can be written.
    [[nodiscard]] bool shaking_hands() const noexcept;
    [[nodiscard]] bool heard_anything() const noexcept { return heard_; }
    [[nodiscard]] tls_side side() const noexcept { return session_.side; }
    /// Nothing has failed: nullptr.
    [[nodiscard]] const tls_failure* failure() const noexcept { return failure_ ? &*failure_ : nullptr; }
    void fail(tls_failure f);
    /// "TLSv1.3, TLS_AES_256_GCM_SHA384".
    [[nodiscard]] std::string encryption() const;

private:
    friend struct tls_callbacks;
    progress outcome_of(int returned);
    [[nodiscard]] bool write_record(const std::byte* data, std::size_t size, std::size_t& written);
    void count_renegotiation();
    void renew_keys();
    void reserve_output(std::span<const iovec> parts, std::size_t skip);

    tls_session session_;
    const tls_engine_limits limits_;
    std::span<const std::byte> in_;
    std::vector<std::byte> out_;
    std::size_t out_begin_ = 0;
    bool heard_ = false;
    bool established_ = false;
    std::optional<tls_failure> failure_;
    tls_failure bad_certificate_;
    tls_request request_ = tls_request::met;
    unsigned renegotiations_ = 0;
    std::chrono::steady_clock::time_point renegotiations_since_;
    std::uint64_t records_ = 0;
};

}  // namespace rakka::transport
