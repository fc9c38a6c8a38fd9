// The sending conversation of a connection: control messages and payloads in, frames out.
#pragma once

#include "wire/atom_cache.hpp"
#include "wire/buffer_ref.hpp"
#include "wire/control_message.hpp"
#include "wire/dist_header.hpp"

#include <rakka/base/result.hpp>
#include <rakka/etf/byte_buffer.hpp>
#include <rakka/etf/encode.hpp>
#include <rakka/etf/term.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace rakka::wire {

/// What an encoder needs to know of its connection.
struct encoder_options {
    distribution_flags effective;
    /// Payloads above this leave in pieces of this size, if fragments are negotiated. The BEAM uses the same
    /// number.
    std::size_t fragment_size = std::size_t{64} << 10;
    /// Use the atom cache where it is negotiated. Without, atoms are written out each time. Measured with a
    /// gen call: a third fewer bytes and cheaper for the reader, which outweighs some 100 ns more for the
    /// writer.
    bool atom_cache = true;
    /// Payloads of more bytes are refused.
    std::size_t max_payload = SIZE_MAX;
};

/// A run of bytes in a shared buffer.
struct buffer_part {
    buffer_ref buffer;
    byte_span bytes;
};

/// A payload that has been encoded before its frame's turn came.
struct encoded_payload {
    std::vector<buffer_part> parts;
    std::size_t size = 0;
};

/// The frames of a large message after its first, to be taken one at a time so that messages of other
/// processes can go between them. Messages of the same sender must wait until it is done(), or they would
/// overtake it. One thread at a time; independent of the encoder that made it.
class outgoing_fragments {
public:
    /// Appends the next frame. REQUIRES: not done(). Nothing is copied if `out` gathers pieces.
    void append_next(etf::byte_buffer& out);
    [[nodiscard]] bool done() const noexcept { return fragment_ == 0; }
    /// Payload bytes still to come.
    [[nodiscard]] std::size_t remaining() const noexcept { return remaining_; }

private:
    friend class message_encoder;
    void append_payload(etf::byte_buffer& out, std::size_t size);

    std::vector<buffer_part> parts_;
    std::size_t next_part_ = 0;
    std::size_t remaining_ = 0;
    std::size_t fragment_size_ = 0;
    std::uint64_t sequence_ = 0;
    std::uint64_t fragment_ = 0;  // number of the next frame, counting down
};

/// What became of one message.
struct encoded_message {
    bool written =
        false;  ///< false: these flags have no way to say it (choose_operation), nothing was appended
    std::unique_ptr<outgoing_fragments>
        rest;  ///< what is to follow the frame just appended; null: that was all
};

/// Encodes for one connection. The frames must leave in the order in which they were appended, because each
/// header builds on the atoms of those before it. One thread at a time; does not block. Throws
/// std::bad_alloc.
class message_encoder {
public:
    explicit message_encoder(const encoder_options& options) noexcept;

    /// Appends the first, usually only frame of `m` with its message, exit reason or argument list to `out`,
    /// in the form that the effective flags ask for. `payload` of kinds that have none is not looked at.
    /// Terms are encoded straight into `out`. Errors: etf::errc::not_encodable (a resource, no term),
    /// too_large (above max_payload, or what a frame can hold); `out` and the atom cache are then as before.
    [[nodiscard]] result<encoded_message> append(etf::byte_buffer& out, const control_message& m,
                                                 term_view payload);

    /// The payload of `m` as a later append() takes it: with every atom written out, as only the frames know
    /// the state of the atom cache. Nothing when the message has no payload in these flags' form, or cannot
    /// be encoded, which append() then reports. Any thread, also while others use the encoder; binaries of at
    /// least `gather_from` bytes in shared buffers are not copied. Throws std::bad_alloc.
    [[nodiscard]] std::unique_ptr<encoded_payload> encode_ahead(const control_message& m, term_view payload,
                                                                std::size_t gather_from) const;
    /// As the other append(), with what encode_ahead() of this encoder gave for the message. Its bytes are
    /// not copied if `out` gathers pieces.
    [[nodiscard]] result<encoded_message> append(etf::byte_buffer& out, const control_message& m,
                                                 encoded_payload payload);

    /// Appends a tick.
    static void append_tick(etf::byte_buffer& out);

    [[nodiscard]] const distribution_flags& effective() const noexcept { return options_.effective; }

private:
    struct draft;  // a frame being written
    [[nodiscard]] result<void> encode_terms(draft& d, const control_message& m, control_op op,
                                            term_view payload);
    [[nodiscard]] result<void> encode_control_part(draft& d, const control_message& m, control_op op,
                                                   term_view payload, etf::encode_options& terms);
    [[nodiscard]] bool fits(std::size_t body) const noexcept;
    [[nodiscard]] std::unique_ptr<outgoing_fragments> make_fragments(std::size_t payload_size);
    void finish_large(draft& d, outgoing_fragments& rest);
    void finish_frame(draft& d, std::uint64_t sequence, std::uint64_t fragments);
    void write_prefix(std::uint64_t sequence, std::uint64_t fragments);
    [[nodiscard]] std::unique_ptr<outgoing_fragments> detach_payload(draft& d);

    const encoder_options options_;
    const header_mode mode_;
    const bool cached_;
    etf::message_atoms atoms_;
    outbound_atom_cache cache_;
    std::vector<std::byte> prefix_;  // header of the frame at hand
    std::size_t expected_prefix_ =
        16;  // room left for it: the size of the last one, since messages resemble each other
    std::uint64_t next_sequence_ = 1;
};

}  // namespace rakka::wire
