#include "transport/tls_contexts.hpp"

#include "transport/tls_certificate.hpp"
#include "transport/tls_optfile.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <new>
#include <utility>

namespace rakka::transport {

boost::system::result<std::unique_ptr<tls_contexts>, std::string> tls_contexts::make(tls_options options,
                                                                                     bool listens) {
    if (!options.optfile.empty()) {
        auto read = read_tls_optfile(options.optfile);
        if (!read) return read.error();
        options = std::move(*read);
    }
    std::unique_ptr<tls_contexts> made(new tls_contexts);
    made->server_.options = std::move(options.server);
    made->client_.options = std::move(options.client);
    for (side_state* const s : {&made->server_, &made->client_}) {
        if (s->side == tls_side::server && !listens) continue;
        s->stamps = look(s->options);
        auto context = make_tls_context(s->options, s->side);
        if (!context) return context.error();
        s->context = std::move(*context);
    }
    return made;
}

std::vector<std::filesystem::path> tls_contexts::files(const tls_side_options& o) {
    std::vector<std::filesystem::path> all;
    for (const auto* const f : {&o.certfile, &o.keyfile, &o.cacertfile, &o.dhfile})
        if (!f->empty()) all.push_back(*f);
    return all;
}

std::vector<detail::file_stamp> tls_contexts::look(const tls_side_options& o) {
    std::vector<detail::file_stamp> all;
    for (const auto& f : files(o))
        all.push_back(detail::file_stamp::of(f));
    return all;
}

/// Files that have changed are read again, once for each change: what cannot be used is told of once.
void tls_contexts::refresh(side_state& s) const {
    auto now = look(s.options);  // before reading: a change meanwhile is one for the next time
    if (now == s.stamps) return;
    s.stamps = std::move(now);
    auto context = make_tls_context(s.options, s.side);
    std::string names;
    for (const auto& f : files(s.options))
        names += (names.empty() ? "" : ", ") + f.string();
    if (context) s.context = std::move(*context);
    if (reread) reread(names, context ? std::string() : context.error());
}

tls_session tls_contexts::session(side_state& s) const {
    refresh(s);
    tls_session made;
    made.side = s.side;
    made.ssl.reset(SSL_new(s.context.get()));
    if (!made.ssl) {
        ERR_clear_error();
        throw std::bad_alloc();
    }
    return made;
}

tls_session tls_contexts::server_session() {
    return session(server_);
}

tls_session tls_contexts::client_session(const std::string& host) {
    tls_session made = session(client_);
    const tls_side_options& o = client_.options;
    const std::string& name = o.server_name.empty() ? host : o.server_name;
    if (!o.check_hostname) return made;
    if (o.verify == tls_verify::peer) made.expected_host = name;
    // [RFC 6066 §3]: addresses are not told.
    if (!is_address(name)) {
        std::string copy = name;  // OpenSSL takes no const text here; SSL_set_tlsext_host_name is a cast
        SSL_ctrl(made.ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, copy.data());
    }
    return made;
}

}  // namespace rakka::transport
