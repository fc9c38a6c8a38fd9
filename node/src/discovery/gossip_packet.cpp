#include "discovery/gossip_packet.hpp"

#include <rakka/base/check.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/decode.hpp>
#include <rakka/etf/encode.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <memory>

namespace rakka::discovery {
namespace {

constexpr std::string_view prelude = "heartbeat::";
constexpr std::size_t block = 16;

using cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

cipher new_cipher() {
    cipher c(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    RAKKA_CHECK(c != nullptr);
    return c;
}

unsigned char* raw(std::byte* p) {
    return reinterpret_cast<unsigned char*>(p);
}
const unsigned char* raw(const std::byte* p) {
    return reinterpret_cast<const unsigned char*>(p);
}

bool has_prelude(std::span<const std::byte> packet) {
    return packet.size() >= prelude.size() &&
           std::string_view(reinterpret_cast<const char*>(packet.data()), prelude.size()) == prelude;
}

}  // namespace

gossip_codec::gossip_codec(const std::optional<std::string>& secret) {
    if (!secret) return;
    key_.emplace(32);
    unsigned int size = 0;
    RAKKA_CHECK(EVP_Digest(secret->data(), secret->size(), key_->data(), &size, EVP_sha256(), nullptr) == 1);
    RAKKA_CHECK(size == key_->size());
}

std::vector<std::byte> gossip_codec::heartbeat(atom node) const {
    const auto encoded = etf::encode(term(map(atoms::known<"node">, node))).value();
    const auto text = std::as_bytes(std::span(prelude));
    std::vector<std::byte> plain(text.begin(), text.end());
    plain.insert(plain.end(), encoded.bytes().begin(), encoded.bytes().end());
    return key_ ? encrypt(plain) : plain;
}

std::vector<std::byte> gossip_codec::encrypt(std::span<const std::byte> plain) const {
    std::vector<std::byte> out(block + plain.size() + block);
    RAKKA_CHECK(RAND_bytes(raw(out.data()), static_cast<int>(block)) == 1);
    const cipher c = new_cipher();
    int first = 0;
    int last = 0;
    RAKKA_CHECK(EVP_EncryptInit_ex(c.get(), EVP_aes_256_cbc(), nullptr, key_->data(), raw(out.data())) == 1);
    RAKKA_CHECK(EVP_EncryptUpdate(c.get(), raw(out.data()) + block, &first, raw(plain.data()),
                                  static_cast<int>(plain.size())) == 1);
    RAKKA_CHECK(EVP_EncryptFinal_ex(c.get(), raw(out.data()) + block + first, &last) == 1);
    out.resize(block + static_cast<std::size_t>(first + last));
    return out;
}

std::optional<std::vector<std::byte>> gossip_codec::decrypt(std::span<const std::byte> packet) const {
    if (packet.size() < 2 * block || packet.size() % block != 0) return std::nullopt;
    const auto body = packet.subspan(block);
    std::vector<std::byte> plain(body.size() + block);
    const cipher c = new_cipher();
    int first = 0;
    int last = 0;
    RAKKA_CHECK(EVP_DecryptInit_ex(c.get(), EVP_aes_256_cbc(), nullptr, key_->data(), raw(packet.data())) ==
                1);
    if (EVP_DecryptUpdate(c.get(), raw(plain.data()), &first, raw(body.data()),
                          static_cast<int>(body.size())) != 1 ||
        EVP_DecryptFinal_ex(c.get(), raw(plain.data()) + first, &last) != 1)
        return std::nullopt;
    plain.resize(static_cast<std::size_t>(first + last));
    return plain;
}

std::optional<std::string> gossip_codec::node_of(std::span<const std::byte> packet) const {
    if (packet.size() > max_packet) return std::nullopt;
    std::optional<std::vector<std::byte>> decrypted;
    if (key_) {
        decrypted = decrypt(packet);
        if (!decrypted) return std::nullopt;
        packet = *decrypted;
    }
    if (!has_prelude(packet)) return std::nullopt;
    etf::decode_options options;
    options.limits = {
        .max_depth = 16, .max_words = 4 * max_packet, .max_inflated_bytes = max_packet, .max_new_atoms = 0};
    const auto told = etf::decode(packet.subspan(prelude.size()), options);
    if (!told || !told->term.is(kind::map)) return std::nullopt;
    for (const auto& [key, value] : told->term.map())
        if (key.is_atom(atoms::known<"node">) && value.is(kind::atom)) return std::string(value.atom_text());
    return std::nullopt;
}

}  // namespace rakka::discovery
