#include "handshake/challenge_digest.hpp"

#include "random_bits.hpp"

#include <rakka/base/check.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <memory>
#include <string>

namespace rakka::handshake {

challenge random_challenge() {
    return challenge{detail::random_bits<std::uint32_t>()};
}

digest make_digest(const cookie& secret, challenge asked) {
    const std::string number = std::to_string(asked.value());
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> md5(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    digest out{};
    unsigned int size = 0;
    // MD5 is what the protocol says; it can be missing only where OpenSSL runs in FIPS mode.
    RAKKA_CHECK(md5 != nullptr && EVP_DigestInit_ex(md5.get(), EVP_md5(), nullptr) == 1);
    RAKKA_CHECK(EVP_DigestUpdate(md5.get(), secret.secret().data(), secret.secret().size()) == 1);
    RAKKA_CHECK(EVP_DigestUpdate(md5.get(), number.data(), number.size()) == 1);
    RAKKA_CHECK(EVP_DigestFinal_ex(md5.get(), out.data(), &size) == 1 && size == out.size());
    return out;
}

bool digests_match(std::span<const std::uint8_t, 16> a, std::span<const std::uint8_t, 16> b) noexcept {
    return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace rakka::handshake
