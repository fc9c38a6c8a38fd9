// The stream over TLS on another stream.
#pragma once

#include "transport/io_loop.hpp"
#include "transport/stream.hpp"
#include "transport/tls_engine.hpp"

#include <functional>
#include <memory>
#include <string>

namespace rakka::transport {

/// As stream says. Plaintext counts as written when its ciphertext has left through the carrier, so that what
/// waits in here is bounded (tls_engine_limits). One lock guards the session: a reader and a writer wait for
/// each other for about as long as 64 KiB take to be encrypted, never for the peer.
class tls_stream final : public stream {
public:
    /// `carrier` is connected.
    tls_stream(io_loop& io, std::unique_ptr<stream> carrier, tls_session session,
               tls_engine_limits limits = {});
    ~tls_stream() override;

    /// Comes first. Calls `done` once on the I/O thread, never from within, unless close_both comes before.
    /// An error is one of node_errc; explain() has the story.
    void shake_hands(std::function<void(error_code)> done);
    /// Whether the peer has sent anything. Any thread.
    [[nodiscard]] bool heard_anything() const;

    void read_some(std::span<std::byte> into, std::shared_ptr<stream_user> user) override;
    void wait_writable(std::shared_ptr<stream_user> user) override;
    result<std::size_t> try_write(std::span<const iovec> parts) noexcept override;
    void close_both() noexcept override;
    std::string explain(error_code e) const override;
    std::string encryption() const override;
    const std::string& peer_address() const noexcept override;
    const std::string& own_address() const noexcept override;

private:
    struct state;
    std::shared_ptr<state> state_;
};

}  // namespace rakka::transport
