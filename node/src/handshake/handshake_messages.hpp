// The messages of the distribution handshake as structs, and their bytes. [dist §Distribution Handshake]
#pragma once

#include "bytes.hpp"
#include "handshake/challenge_digest.hpp"

#include <rakka/base/result.hpp>
#include <rakka/node/creation.hpp>
#include <rakka/node/distribution_flags.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace rakka::handshake {

/// Size of the length in front of each handshake message: 2 bytes over plain carriers, 4 inside TLS.
enum class length_prefix : std::uint8_t { two_bytes = 2, four_bytes = 4 };

/// First byte of a message body.
enum class message_tag : std::uint8_t {
    name = 'N',        ///< send_name, and the challenge that answers it
    old_name = 'n',    ///< send_name before OTP 23
    status = 's',      ///< how the acceptor goes on; the dialler's answer to `alive`
    complement = 'c',  ///< what the old send_name left out
    reply = 'r',       ///< the dialler's digest and own challenge
    ack = 'a',         ///< the acceptor's digest
};

/// What a status message says. [dist §Handshake/recv_status]
enum class status : std::uint8_t {
    ok,               ///< go on
    ok_simultaneous,  ///< go on; the acceptor gave up its own attempt
    nok,              ///< the acceptor's own attempt goes on, this one is dead
    not_allowed,      ///< refused: name or flags
    alive,            ///< "you are connected already; is this a new connection?"
    yes,              ///< `true`, the dialler's answer to `alive`
    no,               ///< `false`, likewise
    named,            ///< here is the name you asked for
};

/// A -> B: who wants to connect. Also the old form, which lacks creation and upper flags.
struct name_message {
    distribution_flags flags;
    rakka::creation creation;
    std::string name;  ///< Latin-1 bytes; only the host part with NAME_ME
    bool old_form = false;
};

/// Either way. `name` (UTF-8) and `creation` belong to `named` only.
struct status_message {
    handshake::status status = status::ok;
    std::string name;
    rakka::creation creation;
};

/// B -> A: who was reached, and the number to sign.
struct challenge_message {
    distribution_flags flags;
    handshake::challenge challenge;
    rakka::creation creation;
    std::string name;  ///< Latin-1 bytes
};

/// A -> B, only after the old send_name.
struct complement_message {
    std::uint32_t upper_flags = 0;
    rakka::creation creation;
};

/// A -> B: the signed number, and one to sign in return.
struct reply_message {
    handshake::challenge challenge;
    handshake::digest digest{};
};

/// B -> A: the last message.
struct ack_message {
    handshake::digest digest{};
};

/// Whole messages, length included. A name longer than 255 bytes is the caller's bug.
[[nodiscard]] bytes encode(const name_message& m, length_prefix prefix);
[[nodiscard]] bytes encode(const status_message& m, length_prefix prefix);
[[nodiscard]] bytes encode(const challenge_message& m, length_prefix prefix);
[[nodiscard]] bytes encode(const complement_message& m, length_prefix prefix);
[[nodiscard]] bytes encode(const reply_message& m, length_prefix prefix);
[[nodiscard]] bytes encode(const ack_message& m, length_prefix prefix);

/// Bodies, without their length. Bytes after a name are ignored, as every BEAM does. Errors:
/// `handshake_bad_message` (another tag, too short, too long), `unsupported_version` (an old form of another
/// version). Never throw.
result<name_message> decode_name(byte_view body);
result<status_message> decode_status(byte_view body);
result<challenge_message> decode_challenge(byte_view body);
result<complement_message> decode_complement(byte_view body);
result<reply_message> decode_reply(byte_view body);
result<ack_message> decode_ack(byte_view body);

/// The text of a status on the wire, `snamed:` without its tail. Any thread.
std::string_view to_string(status s) noexcept;

/// Cuts messages out of arriving bytes. Owner only. Holds at most one incomplete message plus what the last
/// `append` brought.
class message_buffer {
public:
    message_buffer(length_prefix prefix, std::size_t max_message_size) noexcept
        : prefix_size_(static_cast<std::size_t>(prefix)), max_message_size_(max_message_size) {}

    void append(byte_view more) { buffer_.insert(buffer_.end(), more.begin(), more.end()); }

    /// The next whole body; nothing when more bytes are needed; `handshake_too_large` as soon as a length
    /// field exceeds the limit.
    result<std::optional<bytes>> next();

    /// What arrived and is not part of a message returned by `next`.
    byte_view pending() const noexcept { return buffer_; }

    /// Takes `pending` out: after the last message these bytes are the first frames.
    bytes take_pending() noexcept { return std::exchange(buffer_, {}); }

private:
    std::size_t prefix_size_;
    std::size_t max_message_size_;
    bytes buffer_;
};

}  // namespace rakka::handshake
