// A byte stream to one peer, whatever carries it: the narrow door between connections and sockets.
#pragma once

#include <rakka/base/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

struct iovec;

namespace rakka::transport {

/// Whoever uses a stream. Kept alive by the stream while an operation is under way. Called on the I/O thread.
class stream_user {
public:
    virtual ~stream_user() = default;
    /// The end of read_some. `size` is 0 only together with an error; end of file is boost::asio::error::eof.
    virtual void on_read(error_code error, std::size_t size) = 0;
    /// The end of wait_writable.
    virtual void on_writable(error_code error) = 0;
};

/// One connected stream. Functions are for the I/O thread unless they say otherwise. Destroying it closes it;
/// any thread may do that when nothing else is under way.
class stream {
public:
    virtual ~stream() = default;

    /// Reads at least one byte into `into`, which must stay valid until on_read. At most one at a time. Never
    /// calls back from within.
    virtual void read_some(std::span<std::byte> into, std::shared_ptr<stream_user> user) = 0;

    /// Calls on_writable once try_write can make progress again. At most one at a time. Never calls back from
    /// within.
    virtual void wait_writable(std::shared_ptr<stream_user> user) = 0;

    /// Writes what the kernel takes without waiting; 0 = nothing now. At most one thread at a time; any
    /// thread, also while reading, also after close_both (then an error). The next call begins with the bytes
    /// that were not taken.
    virtual result<std::size_t> try_write(std::span<const iovec> parts) noexcept = 0;

    /// Ends both directions: operations under way end with an error. Idempotent.
    virtual void close_both() noexcept = 0;

    /// What `e`, an error of this stream, is in words for a log: a stream may know more than the code tells.
    /// Any thread.
    [[nodiscard]] virtual std::string explain(error_code e) const { return e.message(); }

    /// How it is encrypted, "TLSv1.3, TLS_AES_256_GCM_SHA384"; empty: it is not. Any thread.
    [[nodiscard]] virtual std::string encryption() const { return {}; }

    /// "127.0.0.1:4369". Any thread; valid as long as the stream.
    [[nodiscard]] virtual const std::string& peer_address() const noexcept = 0;
    [[nodiscard]] virtual const std::string& own_address() const noexcept = 0;
};

}  // namespace rakka::transport
