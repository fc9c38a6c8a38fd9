// Our side of a handshake that we began: dial, be challenged, prove, check the proof.
//
//     A (we)                          B
//     send_name            ------->
//                          <-------   status
//     [true | false        ------->   only after status alive]
//                          <-------   challenge
//     reply                ------->
//                          <-------   ack
#pragma once

#include "handshake/conversation.hpp"

#include <rakka/base/result.hpp>

#include <optional>

namespace rakka::handshake {

struct initiator_options {
    std::optional<node_name> own_name;  ///< none: ask the peer for a name (`-sname undefined`)
    std::string own_host;               ///< used only without `own_name`
    rakka::creation own_creation;       ///< likewise replaced by the peer's when we ask for a name
    distribution_flags own_flags = flag_sets::wanted;
    distribution_flags required_flags = flag_sets::mandatory;
    node_name peer;      ///< as dialled; the peer must answer with exactly this name
    cookie peer_cookie;  ///< our cookie for that peer
    carrier_options carrier;
};

/// See handshake_io.hpp for how to drive it. Uses the actions read, write, check_attempt, done and fail.
/// After `fail` with `simultaneous_connect` the owner waits for the peer's own connection instead of dialling
/// again.
class initiator_fsm {
public:
    /// `own_challenge` must be fresh: `random_challenge()`.
    initiator_fsm(initiator_options options, challenge own_challenge);

    [[nodiscard]] action resume(const event& e);

    /// REQUIRES: the last action was `fail`.
    const handshake_error& error() const { return conversation_.error(); }

    /// Moves the result out; once. REQUIRES: the last action was `done`.
    established take_result();

private:
    bool asks_for_name() const noexcept { return !options_.own_name.has_value(); }
    distribution_flags offered_flags() const noexcept;
    action send_name();
    action on_written();
    action on_attempt(attempt answer);
    action pump();
    std::optional<action> on_status(byte_view body);
    std::optional<action> take_given_name(const status_message& m);
    action on_challenge(byte_view body);
    action on_ack(byte_view body);

    initiator_options options_;
    challenge own_challenge_;
    conversation conversation_;
    rakka::creation peer_creation_;
    distribution_flags peer_flags_;
    bool attempt_wanted_ = true;
    std::optional<established> result_;
};

}  // namespace rakka::handshake
