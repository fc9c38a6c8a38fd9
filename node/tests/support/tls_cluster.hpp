// Nodes that talk TLS, with certificates of one authority.
#pragma once

#include "support/certificates.hpp"
#include "support/cluster.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rakka::testing {

class tls_cluster : public cluster {
protected:
    /// Both sides with one certificate, which is for 127.0.0.1, and both checking the peer's.
    [[nodiscard]] tls_options tls_with(const credentials& c) {
        tls_options t;
        for (tls_side_options* const s : {&t.server, &t.client}) {
            s->certfile = c.certfile;
            s->keyfile = c.keyfile;
            s->cacertfile = files.authority();
        }
        return t;
    }
    [[nodiscard]] node_options secure(const std::string& alive) {
        node_options o = options(alive);
        o.visibility = node_visibility::hidden;  // nothing crosses the wire but what the test sends
        o.tls = tls_with(files.issue(alive));
        return o;
    }
    [[nodiscard]] node_options secure(const std::string& alive, std::vector<tls_version> versions) {
        node_options o = secure(alive);
        o.tls->server.versions = versions;
        o.tls->client.versions = std::move(versions);
        return o;
    }

    certificate_folder files;
};

}  // namespace rakka::testing
