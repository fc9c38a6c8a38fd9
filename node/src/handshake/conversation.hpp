// What both handshake machines have in common: the message buffer, and the memory an error text is made from.
#pragma once

#include "handshake/handshake_error.hpp"
#include "handshake/handshake_io.hpp"

#include <optional>
#include <string>

namespace rakka::handshake {

/// Bookkeeping of one handshake. Owner only.
class conversation {
public:
    conversation(role who, carrier_options carrier) noexcept
        : carrier_(carrier), role_(who), buffer_(carrier.prefix, carrier.max_message_size) {}

    step where() const noexcept { return step_; }
    length_prefix prefix() const noexcept { return carrier_.prefix; }
    bool failed() const noexcept { return error_.has_value(); }
    /// REQUIRES: failed().
    const handshake_error& error() const;

    void set_peer(std::string name) { peer_ = std::move(name); }

    /// A `write` of `message`; `in_words` is how an error text names it.
    action write(step next, bytes message, std::string in_words);

    /// Any other action. Not to be used for `fail`.
    action go(step next, action_kind kind);

    /// Asks for more bytes, in the step we are in.
    action read_more();

    /// Ends the program when `e` is no answer to the action given last: a bug of the owner.
    void check_answers(const event& e) const;

    void append(byte_view data) { buffer_.append(data); }

    /// The next message, remembered for error texts; nothing when more bytes are needed or the handshake
    /// failed.
    std::optional<bytes> next_message();

    /// Ends the handshake. `cause` empty: guessed from step, code and bytes.
    action fail(node_errc code, std::string cause = {});

    /// The events every step treats alike.
    action fail_closed(const closed& how);
    action fail_timed_out();

    /// Ends it successfully. Returns the bytes that belong to the frames.
    bytes finish();

private:
    carrier_options carrier_;
    role role_;
    step step_ = step::not_started;
    std::optional<action_kind> asked_;  ///< the action given last
    message_buffer buffer_;
    std::optional<bytes> last_message_;
    std::string peer_;
    std::string sent_;
    std::optional<handshake_error> error_;
};

/// "flags 0x6d07df7fbd, creation 305419896", for descriptions of messages.
std::string describe(distribution_flags flags, rakka::creation creation);

}  // namespace rakka::handshake
