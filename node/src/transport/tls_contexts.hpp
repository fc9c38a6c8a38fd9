// Where a node's TLS sessions come from: both sides' certificates, read again when their files change.
#pragma once

#include "file_stamp.hpp"
#include "transport/tls_context.hpp"
#include "transport/tls_engine.hpp"

#include <rakka/node/tls_options.hpp>

#include <boost/system/result.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace rakka::transport {

class tls_contexts {
public:
    /// Reads the optfile, if there is one, and all files; errors as make_tls_context and read_tls_optfile
    /// have them. Without `listens` there is no server side. Blocks on the file system.
    [[nodiscard]] static boost::system::result<std::unique_ptr<tls_contexts>, std::string> make(
        tls_options options, bool listens);

    /// Called when files have been read again: `error` is empty, or says why what was read before goes on.
    std::function<void(const std::string& files, const std::string& error)> reread;

    /// A session for a peer that dials us. I/O thread. Looks at the files, so that it blocks on the file
    /// system for a moment; likewise the next.
    [[nodiscard]] tls_session server_session();
    /// A session with a node on `host`, the host part of its name.
    [[nodiscard]] tls_session client_session(const std::string& host);

private:
    struct side_state {
        tls_side side = tls_side::client;
        tls_side_options options{};
        tls_context context{};
        std::vector<detail::file_stamp> stamps{};  // of files(), when they were read last
    };
    tls_contexts() = default;

    [[nodiscard]] static std::vector<std::filesystem::path> files(const tls_side_options& o);
    [[nodiscard]] static std::vector<detail::file_stamp> look(const tls_side_options& o);
    void refresh(side_state& s) const;
    [[nodiscard]] tls_session session(side_state& s) const;

    side_state server_{tls_side::server};
    side_state client_{tls_side::client};
};

}  // namespace rakka::transport
