// Control messages to and from the bytes of their tuple, as the table in control_message.hpp says.
// [dist §Protocol between Connected Nodes]
#pragma once

#include "wire/buffer_ref.hpp"
#include "wire/control_message.hpp"
#include "wire/wire_error.hpp"

#include <rakka/etf/byte_buffer.hpp>
#include <rakka/etf/decode.hpp>
#include <rakka/etf/encode.hpp>

#include <cstddef>

namespace rakka::wire {

/// Who is talking: what the rules about `From` and `To` are checked against.
struct control_context {
    /// Own name, creation and origin, the frame's atoms, budget and limits; `envelope` is not looked at.
    etf::decode_options terms;
    /// The peer's node name.
    atom peer;
};

/// A control message read, and the bytes it took.
struct decoded_control {
    const control_operation* operation = nullptr;
    std::size_t bytes_used = 0;
};

/// Reads the control tuple at the front of `bytes` (no version byte) into `out`, whose old content is
/// dropped. Pids and references allocate nothing; only tokens, reasons, spawn requests and foreign names do.
/// bad_control_message: an unknown operation, a wrong number of elements, or an element that is not what the
/// table asks for; the text says which. Operation 37 gets the kind that its flags mean.
[[nodiscard]] wire_result<decoded_control> decode_control(byte_span bytes, const control_context& context,
                                                          control_message& out);

/// Appends the tuple of `m` in the form `op` (see choose_operation) without version byte, atoms by `options`.
/// `reason` is written where the form carries it in the tuple. Errors as etf::encode_to; `out` is then as it
/// was.
[[nodiscard]] result<void> encode_control(etf::byte_buffer& out, const control_message& m, control_op op,
                                          term_view reason, const etf::encode_options& options);

}  // namespace rakka::wire
