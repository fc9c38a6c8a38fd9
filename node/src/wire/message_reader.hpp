// The receiving conversation of a connection: bytes in, ticks and control messages with their payloads out.
#pragma once

#include "wire/control_codec.hpp"
#include "wire/fragment_assembler.hpp"
#include "wire/frame_reader.hpp"

#include <rakka/etf/decode.hpp>
#include <rakka/node/distribution_flags.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace rakka::wire {

/// What a reader needs to know of its connection, and what it allows the peer.
struct reader_options {
    distribution_flags effective;  ///< decide the form of frames for the connection's whole life
    atom peer{};  ///< the peer's node name; no atom: the rules about foreign pids are not checked
    etf::node_identity own{};  ///< this node's name and creation; no name: likewise
    std::uint32_t origin = 0;  ///< system whose pids those of `own` are; 0: none become local
    frame_limits frames{};
    fragment_limits fragments{};
    etf::decode_limits terms{};
    /// Atoms the peer may add to the atom table over the life of this connection. Others stay foreign.
    std::size_t max_new_atoms = 50'000;
    /// In place of max_new_atoms: a budget kept over several connections of the same peer. Outlives the
    /// reader.
    etf::atom_budget* new_atoms = nullptr;
    /// A binary stays a slice of the receive buffer if that keeps at most this many times its size alive.
    std::size_t max_slice_retention = 16;
};

class message_reader;

/// A control message that has arrived whole. Valid until the reader's next call: a view, nothing is copied.
class inbound_message {
public:
    [[nodiscard]] const control_message& control() const noexcept { return *control_; }
    [[nodiscard]] control_message& control() noexcept { return *control_; }
    /// Whether there is a message, exit reason or argument list at all: see control_kind.
    [[nodiscard]] bool has_payload() const noexcept;
    /// Encoded bytes of the payload, 0 when it travelled in the control tuple. What delivering it costs,
    /// roughly.
    [[nodiscard]] std::size_t payload_size() const noexcept { return bytes_.size(); }
    /// The message, exit reason or argument list as a term with an arena of its own, decoded by this call. Do
    /// not ask for it when nobody is there to receive it: that is all it takes to drop a message. bad_frame
    /// when it is missing or no term; the connection must then be closed.
    [[nodiscard]] wire_result<term> payload() const;

private:
    friend class message_reader;
    control_message* control_ = nullptr;
    const control_operation* operation_ = nullptr;
    byte_span bytes_;
    etf::shared_buffer* buffer_ = nullptr;
    const etf::decode_options* terms_ = nullptr;
    std::span<const etf::detail::word> atoms_;
    std::size_t retention_ = 0;
};

/// Reads one connection from the first byte after the handshake to its end:
///
///     n = read(socket, reader.prepare()); reader.commit(n);
///     while ((s = reader.next(message)) && *s != need_bytes) …    // a tick or a message
///
/// After an error every further next() returns the same error. One thread at a time; never blocks. Throws
/// std::bad_alloc.
class message_reader {
public:
    explicit message_reader(const reader_options& options);
    message_reader(const message_reader&) = delete;
    message_reader& operator=(const message_reader&) = delete;

    [[nodiscard]] std::span<std::byte> prepare() { return frames_.prepare(); }
    void commit(std::size_t n) { frames_.commit(n); }
    /// Bytes that were read elsewhere, as the handshake's leftover.
    void feed(byte_span data) { frames_.feed(data); }

    enum class event { need_bytes, tick, message };
    /// The next event. Fragments that complete nothing are taken in silently. `message`: `out` is set.
    [[nodiscard]] wire_result<event> next(inbound_message& out);

    /// For the tick policy: complete frames so far, ticks and fragments included.
    [[nodiscard]] std::uint64_t frames() const noexcept { return frames_.frames(); }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return frames_.bytes(); }
    [[nodiscard]] std::size_t unfinished_sequences() const noexcept { return fragments_.sequences(); }
    /// How to decode other terms of this peer.
    [[nodiscard]] const etf::decode_options& term_options() const noexcept { return context_.terms; }

private:
    [[nodiscard]] wire_result<event> fail(wire_error e);
    [[nodiscard]] wire_result<event> read_frame(const frame& f, inbound_message& out);
    [[nodiscard]] wire_result<event> read_pass_through(const frame& f, inbound_message& out);
    [[nodiscard]] wire_result<event> read_first_fragment(const dist_header& header, byte_span rest,
                                                         inbound_message& out);
    [[nodiscard]] wire_result<event> read_next_fragment(const dist_header& header, byte_span rest,
                                                        inbound_message& out);
    void set_message(inbound_message& out, control_message& control, const control_operation& operation,
                     byte_span payload, etf::shared_buffer* buffer, const atom_table& atoms) const noexcept;

    const header_mode mode_;
    const std::size_t retention_;
    etf::atom_budget own_budget_;
    frame_reader frames_;
    inbound_atom_cache cache_;
    atom_table atoms_;  // of the frame at hand
    control_context context_;
    control_message control_;  // of the frame at hand
    fragment_assembler fragments_;
    fragmented_message assembled_;  // the last one that was completed
    std::unique_ptr<wire_error> failed_;
};

}  // namespace rakka::wire
