// Certificates made for one test: authorities, what they sign, and the files of it.
#pragma once

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace rakka::testing {

struct certificate_request {
    std::string subject = "node";
    /// As OpenSSL writes them: "IP:127.0.0.1,DNS:localhost"; empty: none.
    std::string hosts = "IP:127.0.0.1,DNS:127.0.0.1,IP:::1,DNS:::1,DNS:localhost";
    std::chrono::seconds from = -std::chrono::hours(1);  ///< from now
    std::chrono::seconds until = std::chrono::hours(24);
    std::string issuer = "ca";  ///< an authority of the folder; empty: signed by itself
    bool rsa = false;           ///< else a key on the curve P-256
};

struct credentials {
    std::filesystem::path certfile;
    std::filesystem::path keyfile;
};

/// A folder of its own, gone with this object.
class certificate_folder {
public:
    explicit certificate_folder(const std::filesystem::path& under = std::filesystem::temp_directory_path()) {
        std::string name = (under / "rakka-tls-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder for certificates");
        folder_ = name;
    }
    ~certificate_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    certificate_folder(const certificate_folder&) = delete;
    certificate_folder& operator=(const certificate_folder&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return folder_; }

    /// The certificate of an authority, made on first use; whoever trusts it takes this file. `by`: another
    /// authority that has signed it, instead of itself.
    std::filesystem::path authority(const std::string& name = "ca", const std::string& by = {}) {
        if (!authorities_.contains(name)) {
            if (!by.empty()) authority(by);
            key k = new_key(false);
            certificate c = sign({.subject = name, .hosts = "", .issuer = by}, k.get(),
                                 by.empty() ? nullptr : &authorities_.at(by), true);
            save(name + ".pem", c.get());
            authorities_.emplace(name, std::pair(std::move(k), std::move(c)));
        }
        return folder_ / (name + ".pem");
    }

    /// Writes `file`.pem and `file`.key (encrypted if there is a password), whole or not at all, in place of
    /// what was there.
    credentials issue(const std::string& file, const certificate_request& r = {}, std::string password = {}) {
        const pair* by = nullptr;
        if (!r.issuer.empty()) {
            authority(r.issuer);
            by = &authorities_.at(r.issuer);
        }
        const key k = new_key(r.rsa);
        const certificate c = sign(r, k.get(), by, false);
        save(file + ".pem", c.get());
        const std::filesystem::path at = folder_ / (file + ".key");
        const bio out(BIO_new_file((at.string() + ".new").c_str(), "w"));
        const bool plain = password.empty();
        check(PEM_write_bio_PrivateKey(out.get(), k.get(), plain ? nullptr : EVP_aes_256_cbc(),
                                       plain ? nullptr : reinterpret_cast<unsigned char*>(password.data()),
                                       static_cast<int>(password.size()), nullptr, nullptr));
        BIO_flush(out.get());
        std::filesystem::rename(at.string() + ".new", at);
        return {folder_ / (file + ".pem"), at};
    }

    /// A file of any contents.
    std::filesystem::path write(const std::string& file, std::string_view text) {
        std::ofstream(folder_ / file, std::ios::binary) << text;
        return folder_ / file;
    }

private:
    template <class T, void (*Free)(T*)>
    struct freeing {
        void operator()(T* p) const noexcept { Free(p); }
    };
    struct free_bio {
        void operator()(BIO* p) const noexcept { BIO_free(p); }
    };
    using key = std::unique_ptr<EVP_PKEY, freeing<EVP_PKEY, EVP_PKEY_free>>;
    using certificate = std::unique_ptr<X509, freeing<X509, X509_free>>;
    using bio = std::unique_ptr<BIO, free_bio>;
    using pair = std::pair<key, certificate>;

    static void check(int done) {
        if (done <= 0) throw std::runtime_error("a certificate could not be made");
    }

    static key new_key(bool rsa) {
        constexpr std::size_t bits = 2048;
        return key(rsa ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits)
                       : EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
    }

    static void extend(X509* c, X509* issuer, int what, const std::string& value) {
        if (value.empty()) return;
        X509V3_CTX context{};
        X509V3_set_ctx(&context, issuer, c, nullptr, nullptr, 0);
        X509_EXTENSION* const e = X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str());
        check(e != nullptr ? 1 : 0);
        X509_add_ext(c, e, -1);
        X509_EXTENSION_free(e);
    }

    certificate sign(const certificate_request& r, EVP_PKEY* own, const pair* by, bool is_authority) {
        certificate c(X509_new());
        X509_set_version(c.get(), 2);
        ASN1_INTEGER_set(X509_get_serialNumber(c.get()), ++serial_);
        X509_gmtime_adj(X509_getm_notBefore(c.get()), static_cast<long>(r.from.count()));
        X509_gmtime_adj(X509_getm_notAfter(c.get()), static_cast<long>(r.until.count()));
        X509_set_pubkey(c.get(), own);
        X509_NAME_add_entry_by_txt(X509_get_subject_name(c.get()), "CN", MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(r.subject.c_str()), -1, -1, 0);
        X509* const issuer = by != nullptr ? by->second.get() : c.get();
        X509_set_issuer_name(c.get(), X509_get_subject_name(issuer));
        extend(c.get(), issuer, NID_basic_constraints, is_authority ? "critical,CA:TRUE" : "CA:FALSE");
        extend(c.get(), issuer, NID_key_usage,
               is_authority ? "critical,keyCertSign,cRLSign" : "digitalSignature,keyEncipherment");
        extend(c.get(), issuer, NID_subject_key_identifier, "hash");
        extend(c.get(), issuer, NID_subject_alt_name, r.hosts);
        check(X509_sign(c.get(), by != nullptr ? by->first.get() : own, EVP_sha256()));
        return c;
    }

    void save(const std::string& file, X509* c) const {
        const std::filesystem::path at = folder_ / file;
        const bio out(BIO_new_file((at.string() + ".new").c_str(), "w"));
        check(PEM_write_bio_X509(out.get(), c));
        BIO_flush(out.get());
        std::filesystem::rename(at.string() + ".new", at);
    }

    std::filesystem::path folder_;
    std::map<std::string, pair> authorities_;
    long serial_ = 1;
};

}  // namespace rakka::testing
