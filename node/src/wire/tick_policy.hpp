// When to send a tick and when to give a silent peer up: net_ticktime as a machine without a clock. [dist
// §Protocol between Connected Nodes]
#pragma once

#include <cstdint>

namespace rakka::wire {

enum class peer_visibility : bool { visible, hidden };

/// What a wake asks the connection to do.
enum class tick_action { nothing, send_tick, peer_dead };

/// The policy of one connection. A timer calls wake() every `net_ticktime / intensity`; between the wakes the
/// connection says what happened. A peer is given up when `intensity` wakes in a row saw no complete frame of
/// it, which is between T - T/I and T + T/I after its last one. One thread at a time.
///
///     wake with                                              -> action
///     `intensity` wakes without a read                       -> peer_dead (and nothing else from then on)
///     nothing written since the last wake, nothing queued    -> send_tick
///     peer hidden and nothing read since the last wake       -> send_tick
///     otherwise                                              -> nothing
class tick_policy {
public:
    /// `intensity` 0 is taken as 1.
    explicit constexpr tick_policy(peer_visibility peer = peer_visibility::visible,
                                   unsigned intensity = 4) noexcept
        : intensity_(intensity == 0 ? 1 : intensity), peer_(peer) {}

    /// A complete frame, a tick included, has arrived. A part of a frame is no sign of life.
    constexpr void frame_read() noexcept { read_ = true; }
    /// Bytes went out, or wait in the queue of an unfinished write.
    constexpr void written() noexcept { written_ = true; }

    /// `write_pending`: bytes are queued that the socket has not taken; a tick would only queue behind them.
    [[nodiscard]] constexpr tick_action wake(bool write_pending) noexcept {
        silent_wakes_ = read_ ? 0 : silent_wakes_ + 1;
        if (silent_wakes_ >= intensity_) {
            silent_wakes_ = intensity_;
            return tick_action::peer_dead;
        }
        const bool idle = !written_ && !write_pending;
        const bool reassure = peer_ == peer_visibility::hidden && !read_;
        read_ = written_ = false;
        return idle || reassure ? tick_action::send_tick : tick_action::nothing;
    }

    [[nodiscard]] constexpr unsigned silent_wakes() const noexcept { return silent_wakes_; }

private:
    unsigned intensity_;
    unsigned silent_wakes_ = 0;
    peer_visibility peer_;
    bool read_ = false;
    bool written_ = false;
};

}  // namespace rakka::wire
