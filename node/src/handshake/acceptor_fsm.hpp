// Our side of a handshake that a peer began: hear its name, decide, challenge it, check its proof, prove
// ourselves.
//
//     A (peer)                        B (we)
//     send_name            ------->
//                          <-------   status
//     [true | false        ------->   only after status alive]
//                          <-------   challenge
//     [complement          ------->   only after the old send_name]
//     reply                ------->   now the peer has proven itself: take_over
//                          <-------   ack
#pragma once

#include "handshake/conversation.hpp"

#include <rakka/base/result.hpp>

#include <optional>
#include <string>

namespace rakka::handshake {

struct acceptor_options {
    node_name own_name;
    rakka::creation own_creation;
    distribution_flags own_flags = flag_sets::wanted;
    distribution_flags required_flags = flag_sets::mandatory;
    cookie own_cookie;  ///< for peers without one of their own, see peer_allowed
    carrier_options carrier;
};

/// See handshake_io.hpp for how to drive it. Uses every action but check_attempt.
class acceptor_fsm {
public:
    /// `own_challenge` must be fresh: `random_challenge()`.
    acceptor_fsm(acceptor_options options, challenge own_challenge);

    [[nodiscard]] action resume(const event& e);

    /// The peer's name. REQUIRES: the last action was check_peer, or a later one.
    const node_name& peer_name() const;
    /// The host part a nameless peer sent. REQUIRES: the last action was assign_name.
    const std::string& peer_host() const noexcept { return peer_host_; }
    /// What the peer can do, digest expanded. REQUIRES: as peer_name() or peer_host().
    distribution_flags peer_flags() const noexcept { return peer_flags_; }

    /// REQUIRES: the last action was `fail`.
    const handshake_error& error() const { return conversation_.error(); }

    /// Moves the result out; once. REQUIRES: the last action was `done`.
    established take_result();

private:
    /// What follows once the status has been written.
    struct refusal {
        node_errc code;
        std::string cause;
    };

    action pump();
    action on_written();
    action on_name(byte_view body);
    action on_nameless(const name_message& m);
    action on_peer_name(const name_message& m);
    action on_relation(const peer_allowed& answer);
    action on_attempt_pending();
    action on_name_assigned(const name_assigned& given);
    std::optional<action> on_alive_answer(byte_view body);
    std::optional<action> on_complement(byte_view body);
    action on_reply(byte_view body);
    action finish();

    distribution_flags lacking_flags() const noexcept;
    distribution_flags offered_flags() const noexcept;
    action send_status(const status_message& m);
    action refuse(status said, node_errc code, std::string cause);
    action send_challenge();
    action send_ack();

    acceptor_options options_;
    challenge own_challenge_;
    conversation conversation_;
    std::optional<node_name> peer_;
    std::string peer_host_;
    rakka::creation peer_creation_;
    distribution_flags peer_flags_;
    challenge peer_challenge_;
    status said_ = status::ok;
    bool old_form_ = false;
    bool gave_name_ = false;
    std::optional<refusal> refusal_;
    std::optional<established> result_;
};

/// A name for a nameless peer on `host`, as BEAM makes them: 64 random bits in base 36 before the '@'. Any
/// thread. Errors: those of node_name::parse, when `host` is no host part.
result<node_name> make_dynamic_name(std::string_view host);

}  // namespace rakka::handshake
