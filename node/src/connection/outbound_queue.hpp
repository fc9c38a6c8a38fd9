// Encoded bytes on their way to one peer: small frames in order, large messages in between them piece by
// piece.
#pragma once

#include "connection/outbound_signal.hpp"
#include "wire/message_encoder.hpp"

#include <rakka/etf/byte_buffer.hpp>
#include <rakka/etf/identifiers.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <sys/uio.h>
#include <utility>
#include <vector>

namespace rakka::detail {

/// Filled by senders, emptied by whoever flushes. Its connection's mutex guards it, except that the bytes of
/// the batch in flight may be read without the mutex by the one who began it.
///
/// Frames appended to tail() leave in that order, as the atom cache needs it. The later fragments of a large
/// message name no atoms: they wait beside and leave one per message and batch, so that small messages of
/// other processes get past. What the sender of a large message sends after it is held back, not encoded,
/// until that is out.
class outbound_queue {
public:
    outbound_queue();

    /// Shared binaries from this size on are written from where they are.
    static constexpr std::size_t gather_from = std::size_t{16} << 10;

    /// Where whole frames are appended.
    [[nodiscard]] etf::byte_buffer& tail() noexcept { return tail_; }

    /// The rest of a large message whose first frame is at the end of tail().
    void add_large(const pid& sender, std::unique_ptr<wire::outgoing_fragments> rest);
    /// Whether `sender` has a large message on its way, so that its next signals must wait.
    [[nodiscard]] bool has_large(const pid& sender) const noexcept;
    /// Keeps `s` until the large message of `sender` is out. REQUIRES: has_large(sender).
    void hold_back(const pid& sender, outbound_signal s);

    /// What waits for the kernel: bytes, and about the memory of the signals held back.
    [[nodiscard]] std::size_t bytes() const noexcept;
    /// The part of it that a small message would wait for.
    [[nodiscard]] std::size_t bytes_ahead() const noexcept { return tail_.total_size() + batch_left_; }
    /// Whose large messages are out since the last call; again for each of them.
    [[nodiscard]] std::vector<pid> take_ended() { return std::exchange(ended_, {}); }

    using held_back = std::vector<std::pair<pid, outbound_signal>>;
    /// Begins a new batch if none is in flight: everything in tail() and a fragment of each large message, up
    /// to about `limit` bytes of fragments. False when there is nothing to write. Signals in `released` are
    /// to be encoded now.
    bool begin_batch(held_back& released, std::size_t limit = std::size_t{256} << 10);
    /// What is left of the batch, in at most as many parts as one writev takes. Valid until wrote().
    [[nodiscard]] std::span<const iovec> batch() const noexcept {
        return std::span(parts_).subspan(next_part_, std::min(parts_.size() - next_part_, max_parts));
    }
    /// The kernel took the first `n` bytes of batch(). True when the batch is done.
    bool wrote(std::size_t n) noexcept;
    [[nodiscard]] bool in_flight() const noexcept { return next_part_ < parts_.size(); }

    /// What one writev takes at most.
    static constexpr std::size_t max_parts = 1000;

    /// Drops everything. REQUIRES: nobody is writing the batch.
    void clear();

private:
    struct large {
        pid sender;
        std::unique_ptr<wire::outgoing_fragments> rest;
        std::vector<outbound_signal> behind;
    };

    void add_parts(const etf::byte_buffer& bytes);

    etf::byte_buffer tail_;
    std::vector<large> large_;
    std::vector<pid> ended_;
    std::size_t held_back_weight_ = 0;

    // The batch: what parts_ point into, and how far it is written.
    etf::byte_buffer frames_;
    etf::byte_buffer fragments_;
    std::vector<iovec> parts_;
    std::size_t next_part_ = 0;
    std::size_t batch_left_ = 0;
};

}  // namespace rakka::detail
