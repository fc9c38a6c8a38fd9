// The base of tests over TLS: certificates that both sides can read, BEAMs and Rakka nodes that use them.
#pragma once

#include "support/certificates.hpp"
#include "support/cluster.hpp"
#include "support/otp_test.hpp"

#include <rakka/rakka.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace rakka::interop {

/// What the option file of a BEAM says beyond the certificates: one side each, Erlang source.
struct beam_tls {
    std::string server = "{verify, verify_peer}, {fail_if_no_peer_cert, true}";
    std::string client = "{verify, verify_peer}";
    testing::certificate_request server_certificate{.subject = "beam"};
    testing::certificate_request client_certificate{.subject = "beam"};
    bool client_has_certificate = true;
    std::string carrier = "inet_tls";
};

/// A Rakka node in the test's program, with its log.
class tls_peer {
public:
    explicit tls_peer(node_options o) : node_(start(std::move(o))) {}
    ~tls_peer() { node_.stop(); }

    [[nodiscard]] rakka::system& system() noexcept { return system_; }
    [[nodiscard]] rakka::node& node() noexcept { return node_; }
    [[nodiscard]] testing::log_record& log() noexcept { return log_; }

private:
    rakka::node start(node_options o) {
        o.log = log_.sink();
        auto started = node::start(system_, std::move(o));
        if (!started) throw std::runtime_error(started.error().message);
        return *std::move(started);
    }

    testing::log_record log_;
    rakka::system system_{{.workers = 2}};
    rakka::node node_;
};

class tls_test : public otp_test {
protected:
    void SetUp() override {
        otp_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        root_ = otp_root(release());
        files_.emplace(root_.empty() ? std::filesystem::temp_directory_path() : root_ / "tmp");
    }

    [[nodiscard]] testing::certificate_folder& files() { return *files_; }

    /// As the BEAM finds it.
    [[nodiscard]] std::string seen(const std::filesystem::path& file) const {
        return file.string().substr(root_.string().size());
    }

    [[nodiscard]] beam_options beam(const std::string& alive, const beam_tls& t = {}) {
        const auto side = [&](const char* name, const testing::certificate_request& r, bool certificate,
                              const std::string& more) {
            std::string text =
                "{" + std::string(name) + ", [{cacertfile, \"" + seen(files().authority()) + "\"}";
            if (certificate) {
                const auto c = files().issue(alive + "_" + name, r);
                text += ", {certfile, \"" + seen(c.certfile) + "\"}, {keyfile, \"" + seen(c.keyfile) + "\"}";
            }
            return text + (more.empty() ? "" : ", " + more) + "]}";
        };
        const auto file = files().write(
            alive + ".conf", "[" + side("server", t.server_certificate, true, t.server) + ",\n " +
                                 side("client", t.client_certificate, t.client_has_certificate, t.client) +
                                 "].\n");
        beam_options o = options(alive);
        o.flags = {"-proto_dist", t.carrier, "-ssl_dist_optfile", seen(file)};
        return o;
    }

    /// Our own: a certificate for both sides, the peer's is checked.
    [[nodiscard]] tls_options own_tls(const testing::certificate_request& r = {.subject = "rakka"}) {
        const auto c = files().issue("rakka", r);
        tls_options t;
        for (tls_side_options* const s : {&t.server, &t.client}) {
            s->certfile = c.certfile;
            s->keyfile = c.keyfile;
            s->cacertfile = files().authority();
        }
        return t;
    }

    [[nodiscard]] node_options rakka_options(std::optional<tls_options> t,
                                             const std::string& host = "127.0.0.1") {
        node_options o;
        o.name = "cpp@" + host;
        o.cookie = cookie::from_text(options("unused").cookie).value();
        o.visibility = node_visibility::hidden;  // who is connected is up to the test alone
        o.listen_address = host;
        o.tls = std::move(t);
        o.epmd = epmd_mode::running;
        o.epmd_port = epmd().port();
        o.dial_backoff = std::chrono::milliseconds(0);
        return o;
    }

private:
    std::filesystem::path root_;
    std::optional<testing::certificate_folder> files_;
};

}  // namespace rakka::interop
