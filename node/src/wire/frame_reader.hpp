// Cuts a stream of received bytes into frames, in memory that decoded binaries may go on using. [dist
// §Protocol between Connected Nodes]
#pragma once

#include "wire/buffer_ref.hpp"
#include "wire/wire_error.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace rakka::wire {

/// Sizes of a frame_reader.
struct frame_limits {
    /// A frame's body at most. Peers that cut large messages into fragments stay below 100 KiB.
    std::size_t max_frame_size = std::size_t{128} << 20;
    /// Small frames share buffers of this size. At least 8.
    std::size_t chunk_size = std::size_t{128} << 10;
    /// A larger frame than a chunk gets memory for all of it at once up to this size; beyond, for twice what
    /// has arrived.
    std::size_t at_once = std::size_t{2} << 20;
    /// prepare() tries to offer at least this much, but never more than a quarter of a chunk is given up for
    /// it.
    std::size_t min_read_size = std::size_t{4} << 10;
};

/// One complete frame. Empty body: a tick. `body` lies in `*buffer` and is valid until the reader's next
/// prepare(); take a buffer_ref to keep it longer.
struct frame {
    byte_span body;
    etf::shared_buffer* buffer = nullptr;

    [[nodiscard]] bool is_tick() const noexcept { return body.empty(); }
};

/// The receiving end of one connection: read into prepare(), say how much with commit(), take frames with
/// next() until there is none. One thread at a time; never blocks. prepare() may throw std::bad_alloc.
///
/// Holds `taken_ <= received_ <= buffer size` after every call: bytes before taken_ were handed out, bytes
/// before received_ came from the peer.
class frame_reader {
public:
    explicit frame_reader(frame_limits limits = {}) noexcept;

    /// Memory for the next read, never empty. A frame larger than a chunk ends in a buffer of just its size;
    /// at most the part of it that has already arrived is copied there, and of that nothing beyond the first
    /// `at_once` bytes. Nothing is reserved for a frame over the limit.
    [[nodiscard]] std::span<std::byte> prepare();
    /// The first `n` bytes of the last prepare() are filled. REQUIRES: n is not more than that.
    void commit(std::size_t n);
    /// Puts bytes in that were read elsewhere (the rest of a handshake). Any number.
    void feed(byte_span data);

    enum class status { need_bytes, ready };
    /// The next complete frame, into `out`; need_bytes when it has not arrived whole. frame_too_large when
    /// its length field is over the limit; then, and after any other error of the conversation, the reader is
    /// of no further use.
    [[nodiscard]] wire_result<status> next(frame& out);

    /// Complete frames so far, ticks included: what counts as a sign of life.
    [[nodiscard]] std::uint64_t frames() const noexcept { return frames_; }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    /// Bytes of an unfinished frame held back.
    [[nodiscard]] std::size_t pending() const noexcept { return received_ - taken_; }

private:
    [[nodiscard]] std::size_t capacity() const noexcept { return buffer_ ? buffer_->size() : 0; }
    [[nodiscard]] std::size_t wanted_size() const noexcept;
    void move_to(std::size_t size);
    void make_room(std::size_t wanted);
    bool rewind();
    void check() const noexcept;

    frame_limits limits_;
    buffer_ref buffer_;
    std::size_t taken_ = 0;
    std::size_t received_ = 0;
    std::uint64_t frames_ = 0;
    std::uint64_t bytes_ = 0;
};

}  // namespace rakka::wire
