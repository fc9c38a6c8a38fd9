// Puts the fragments of large messages together again, within limits, whatever order the sequences interleave
// in. [dist §Protocol between Connected Nodes / fragmented messages]
#pragma once

#include "wire/atom_table.hpp"
#include "wire/buffer_ref.hpp"
#include "wire/control_message.hpp"
#include "wire/dist_header.hpp"
#include "wire/wire_error.hpp"

#include <cstddef>
#include <cstdint>
#include <unordered_map>

namespace rakka::wire {

/// What unfinished sequences of one connection may hold.
struct fragment_limits {
    std::size_t max_sequences = 4096;
    std::size_t max_sequence_size = std::size_t{512} << 20;  ///< payload bytes of one
    std::size_t max_total_size = std::size_t{1} << 30;       ///< payload bytes of all
};

/// A message of several frames. `atoms` are those of its first frame's header, whatever later frames did to
/// the cache.
struct fragmented_message {
    control_message control;
    const control_operation* operation = nullptr;
    atom_table atoms;
    buffer_ref buffer;
    std::size_t size = 0;  ///< payload bytes in `buffer` so far

    [[nodiscard]] byte_span payload() const noexcept {
        return buffer ? byte_span(buffer->data(), size) : byte_span();
    }
};

/// The unfinished sequences of one connection; they die with it. Memory follows what the peer has really sent
/// (at most twice that, and 64 MiB for all sequences together), not what it announces. One thread at a time.
class fragment_assembler {
public:
    explicit fragment_assembler(fragment_limits limits = {}) noexcept : limits_(limits) {}

    /// A first fragment that has further ones behind it (`header.fragment` > 1), with the beginning of its
    /// payload. `control_size` is what its control message took encoded, which counts too: it is kept as
    /// well. bad_frame: the sequence id is in use. limit_exceeded.
    [[nodiscard]] wire_result<bool> begin(const dist_header& header, fragmented_message message,
                                          byte_span payload, std::size_t control_size = 0);
    /// A further fragment. True when it was the last: the message is then in `done`. bad_frame: no such
    /// sequence, or not the fragment that is due. limit_exceeded.
    [[nodiscard]] wire_result<bool> add(const dist_header& header, byte_span payload,
                                        fragmented_message& done);

    [[nodiscard]] std::size_t sequences() const noexcept { return running_.size(); }
    [[nodiscard]] std::size_t total_size() const noexcept { return total_; }
    /// Bytes of memory for payloads, filled or not.
    [[nodiscard]] std::size_t reserved() const noexcept { return reserved_; }

private:
    struct sequence {
        fragmented_message message;
        std::uint64_t due;     // number of the fragment to come, counting down
        std::size_t held = 0;  // counted in total_ besides the payload
    };
    [[nodiscard]] wire_result<bool> append(sequence& s, byte_span payload);
    void make_room(sequence& s, std::size_t needed, std::size_t piece);

    fragment_limits limits_;
    std::unordered_map<std::uint64_t, sequence> running_;
    std::size_t total_ = 0;
    std::size_t reserved_ = 0;  // sizes of the buffers
};

}  // namespace rakka::wire
