#include "transport/tls_engine.hpp"

#include "transport/tls_certificate.hpp"

#include <rakka/base/check.hpp>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <sys/uio.h>
#include <utility>

namespace rakka::transport {

// One TLS record carries this much plaintext at most.
constexpr std::size_t record_size = 16384;

void openssl_free::operator()(ssl_st* p) const noexcept {
    SSL_free(p);
}

// ---- what OpenSSL calls

struct tls_callbacks {
    static int read(BIO* bio, char* into, int size) {
        auto& e = *static_cast<tls_engine*>(BIO_get_data(bio));
        BIO_clear_retry_flags(bio);
        if (size <= 0) return 0;
        if (e.in_.empty()) {
            BIO_set_retry_read(bio);
            return -1;
        }
        const std::size_t n = std::min(e.in_.size(), static_cast<std::size_t>(size));
        std::memcpy(into, e.in_.data(), n);
        e.in_ = e.in_.subspan(n);
        return static_cast<int>(n);
    }

    static int write(BIO* bio, const char* data, int size) {
        auto& e = *static_cast<tls_engine*>(BIO_get_data(bio));
        BIO_clear_retry_flags(bio);
        if (size <= 0) return 0;
        const auto n = static_cast<std::size_t>(size);
        if (e.output().size() + n > e.limits_.out) {
            BIO_set_retry_write(bio);
            return -1;
        }
        try {
            const auto* const bytes = reinterpret_cast<const std::byte*>(data);
            e.out_.insert(e.out_.end(), bytes, bytes + n);
        } catch (const std::bad_alloc&) {
            return -1;
        }
        return size;
    }

    static long control(BIO*, int what, long, void*) { return what == BIO_CTRL_FLUSH ? 1 : 0; }

    static int create(BIO* bio) {
        BIO_set_init(bio, 1);
        return 1;
    }

    static BIO_METHOD* method() {
        static BIO_METHOD* const made = [] {
            BIO_METHOD* const m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "rakka");
            RAKKA_CHECK(m != nullptr);
            BIO_meth_set_read(m, &read);
            BIO_meth_set_write(m, &write);
            BIO_meth_set_ctrl(m, &control);
            BIO_meth_set_create(m, &create);
            return m;
        }();
        return made;
    }

    static int verify(int passed, X509_STORE_CTX* chain) {
        auto* const ssl =
            static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
        auto& e = *static_cast<tls_engine*>(SSL_get_app_data(ssl));
        try {
            auto bad = check_certificate(chain, passed != 0, e.session_.expected_host);
            if (!bad) return 1;
            e.bad_certificate_ = std::move(*bad);
        } catch (const std::bad_alloc&) {
            X509_STORE_CTX_set_error(chain, X509_V_ERR_OUT_OF_MEM);
        }
        return 0;
    }

    static int asked_for_certificate(SSL* ssl, void* engine) {
        if (SSL_get_certificate(ssl) == nullptr)
            static_cast<tls_engine*>(engine)->request_ = tls_request::not_met;
        return 1;
    }

    static void info(const SSL* ssl, int where, int) {
        if ((where & SSL_CB_HANDSHAKE_START) == 0 || SSL_version(ssl) >= TLS1_3_VERSION) return;
        static_cast<tls_engine*>(SSL_get_app_data(ssl))->count_renegotiation();
    }
};

// ---- the session

tls_engine::tls_engine(tls_session session, tls_engine_limits limits)
    : session_(std::move(session)), limits_(limits) {
    SSL* const ssl = session_.ssl.get();
    BIO* const bio = BIO_new(tls_callbacks::method());
    if (bio == nullptr) throw std::bad_alloc();
    BIO_set_data(bio, this);
    SSL_set_bio(ssl, bio, bio);  // for both directions; it owns it
    SSL_set_app_data(ssl, this);
    SSL_set_verify(ssl, SSL_get_verify_mode(ssl), &tls_callbacks::verify);
    SSL_set_info_callback(ssl, &tls_callbacks::info);
    if (session_.side == tls_side::server) {
        SSL_set_accept_state(ssl);
    } else {
        SSL_set_connect_state(ssl);
        SSL_set_cert_cb(ssl, &tls_callbacks::asked_for_certificate, this);
    }
}

tls_engine::~tls_engine() = default;

void tls_engine::feed(std::span<const std::byte> input) noexcept {
    RAKKA_DCHECK(in_.empty());
    in_ = input;
}

bool tls_engine::may_read() const noexcept {
    return !in_.empty() || failure_ || SSL_pending(session_.ssl.get()) > 0 ||
           (SSL_get_shutdown(session_.ssl.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

std::span<const std::byte> tls_engine::output() const noexcept {
    return std::span(out_).subspan(out_begin_);
}

void tls_engine::sent(std::size_t n) noexcept {
    out_begin_ += n;
    RAKKA_DCHECK(out_begin_ <= out_.size());
    if (out_begin_ != out_.size()) {
        // A peer that always leaves a rest must not make it grow: what has been sent goes.
        if (out_begin_ > out_.size() / 2 && out_begin_ > record_size) {
            out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(out_begin_));
            out_begin_ = 0;
        }
        return;
    }
    out_begin_ = 0;
    // Most of the time there is nothing to send: idle connections hold no buffer.
    if (out_.capacity() > record_size) {
        out_ = {};
    } else {
        out_.clear();
    }
}

bool tls_engine::shaking_hands() const noexcept {
    return !established_ || SSL_in_init(session_.ssl.get()) != 0;
}

void tls_engine::fail(tls_failure f) {
    if (!failure_) failure_ = std::move(f);
}

/// What a call of OpenSSL that did not succeed means.
tls_engine::progress tls_engine::outcome_of(int returned) {
    if (failure_) {
        ERR_clear_error();
        return progress::failed;
    }
    switch (SSL_get_error(session_.ssl.get(), returned)) {
        case SSL_ERROR_WANT_READ:
            return progress::want_bytes;
        case SSL_ERROR_WANT_WRITE:
            return progress::want_room;
        case SSL_ERROR_ZERO_RETURN:
            return progress::closed;
        default:
            fail(established_ ? explain_broken_session(session_.side, request_)
                              : explain_tls_error(session_.side, request_, std::move(bad_certificate_)));
            return progress::failed;
    }
}

tls_engine::progress tls_engine::shake_hands() {
    if (failure_) return progress::failed;
    if (!heard_ && !in_.empty()) {
        heard_ = true;
        // OpenSSL's words about what is not TLS at all help nobody. [tls §Record Layer: handshake, alert]
        const auto first = static_cast<std::uint8_t>(in_.front());
        if (first != 0x16 && !(first == 0x15 && session_.side == tls_side::client)) {
            fail(explain_foreign_bytes(in_, session_.side));
            // In answer a fatal alert in plain text (unexpected_message), by which a node knows TLS.
            constexpr std::array<std::uint8_t, 7> alert{0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x0a};
            const auto alert_bytes = std::as_bytes(std::span(alert));
            out_.insert(out_.end(), alert_bytes.begin(), alert_bytes.end());
            return progress::failed;
        }
    }
    ERR_clear_error();
    const int n = SSL_do_handshake(session_.ssl.get());
    if (n == 1) {
        established_ = true;
        return progress::done;
    }
    const progress p = outcome_of(n);
    if (p == progress::closed) {
        fail(explain_tls_silence(tls_silence::closed, session_.side, true));
        return progress::failed;
    }
    return p;
}

tls_engine::progress tls_engine::read(std::span<std::byte> into, std::size_t& size) {
    size = 0;
    if (failure_) return progress::failed;
    while (size < into.size()) {
        std::size_t n = 0;
        ERR_clear_error();
        const int returned = SSL_read_ex(session_.ssl.get(), into.data() + size, into.size() - size, &n);
        if (returned != 1) {
            const progress p = outcome_of(returned);
            return size > 0 ? progress::done : p;
        }
        size += n;
    }
    return progress::done;
}

bool tls_engine::write_record(const std::byte* data, std::size_t size, std::size_t& written) {
    ERR_clear_error();
    std::size_t n = 0;
    const int returned = SSL_write_ex(session_.ssl.get(), data, size, &n);
    if (returned != 1) {
        static_cast<void>(outcome_of(returned));
        return false;
    }
    written += n;
    ++records_;
    return n == size;
}

std::size_t tls_engine::encrypt(std::span<const iovec> parts, std::size_t skip) {
    RAKKA_DCHECK(output().empty());
    if (failure_ || shaking_hands()) return 0;
    renew_keys();
    reserve_output(parts, skip);
    std::unique_ptr<std::byte[]> gathered;  // small parts of one record
    std::size_t filled = 0;
    std::size_t written = 0;
    std::size_t left = limits_.ahead;
    const auto write_gathered = [&] {
        return filled == 0 || write_record(gathered.get(), std::exchange(filled, 0), written);
    };
    for (const iovec& part : parts) {
        const auto* data = static_cast<const std::byte*>(part.iov_base);
        std::size_t size = part.iov_len;
        const std::size_t skipped = std::min(skip, size);
        skip -= skipped;
        data += skipped;
        size -= skipped;
        while (size > 0 && left > 0) {
            const bool whole = filled == 0 && (size >= record_size || &part == &parts.back());
            const std::size_t n = std::min({size, left, record_size - filled});
            if (whole) {
                if (!write_record(data, n, written)) return written;
            } else {
                if (!gathered) gathered.reset(new std::byte[record_size]);
                std::memcpy(gathered.get() + filled, data, n);
                filled += n;
                if (filled == record_size && !write_gathered()) return written;
            }
            data += n;
            size -= n;
            left -= n;
        }
        if (left == 0) break;
    }
    static_cast<void>(write_gathered());
    return written;
}

/// Room for all that one round encrypts, so that records are not moved while others are appended.
void tls_engine::reserve_output(std::span<const iovec> parts, std::size_t skip) {
    std::size_t size = 0;
    for (const iovec& part : parts) {
        size += part.iov_len;
        if (size >= skip + limits_.ahead) break;
    }
    size = std::min(size - std::min(size, skip), limits_.ahead);
    constexpr std::size_t record_overhead = 64;  // head, nonce, tag
    out_.reserve(size + (size / record_size + 2) * record_overhead);
}

/// [RFC 8446 §5.5]: a key of AES-GCM is good for so many records only; OpenSSL does not count them.
void tls_engine::renew_keys() {
    if (records_ < limits_.records_per_key) return;
    records_ = 0;
    if (SSL_version(session_.ssl.get()) < TLS1_3_VERSION) return;  // there the peer may renegotiate
    static_cast<void>(SSL_key_update(session_.ssl.get(), SSL_KEY_UPDATE_NOT_REQUESTED));
    ERR_clear_error();
}

/// A handshake costs much more than asking for it.
void tls_engine::count_renegotiation() {
    if (!established_) return;
    const auto now = std::chrono::steady_clock::now();
    if (renegotiations_ == 0 || now - renegotiations_since_ > limits_.renegotiation_window) {
        renegotiations_ = 0;
        renegotiations_since_ = now;
    }
    if (++renegotiations_ > limits_.renegotiations)
        fail({node_errc::tls_failed, "the peer renegotiates TLS again and again"});
}

std::string tls_engine::encryption() const {
    return fmt::format("{}, {}", SSL_get_version(session_.ssl.get()),
                       SSL_get_cipher_name(session_.ssl.get()));
}

}  // namespace rakka::transport
