// The count behind a mailbox_limit.
#pragma once

#include "engine/spin_lock.hpp"

#include <rakka/actors/mailbox_limit.hpp>

#include <atomic>
#include <cstdint>
#include <optional>

namespace rakka::detail {

/// Belongs to a slot for ever once that has had a process with a limit; senders may look at it at any time.
/// The serial of the process that is counted for stands beside the count, so that a sender who comes late
/// counts for nobody.
///
/// That the limit is exceeded, and that it is no longer, is noticed by many threads but said by one at a
/// time, in the order in which it happened: whoever is handed a notice says it, and asks with said() for the
/// next.
class mailbox_bound {
public:
    enum class admitted : std::uint8_t {
        uncounted,  ///< this process has no limit
        counted,    ///< the message is to be marked
        over,       ///< likewise, and exceeded() is to be called
        refused,    ///< not counted; exceeded() is to be called
    };
    /// The process with this serial has too many messages, or has no longer.
    struct notice {
        std::uint32_t serial;
        bool too_long;
    };

    /// The owner, or the spawner before there is one. `length`: messages counted so far.
    void begin(std::uint32_t serial, const mailbox_limit& limit, std::uint32_t length = 0) noexcept;
    void end() noexcept;
    /// What the process with this serial has.
    [[nodiscard]] std::optional<mailbox_limit> limit(std::uint32_t serial) const;

    /// Any thread: a message is about to be sent to the process with this serial.
    [[nodiscard]] admitted admit(std::uint32_t serial) noexcept;
    /// Any thread.
    [[nodiscard]] std::optional<notice> exceeded(std::uint32_t serial) noexcept;
    /// Owner: a marked message has been received.
    [[nodiscard]] std::optional<notice> received(std::uint32_t serial) noexcept;
    /// Whoever had this notice has said it.
    [[nodiscard]] std::optional<notice> said(const notice& n) noexcept;

private:
    void one_less(std::uint32_t serial) noexcept;
    void look_whether_it_is_over() noexcept;
    [[nodiscard]] std::optional<notice> take_notice() noexcept;
    static constexpr std::uint64_t pack(std::uint32_t serial, std::uint32_t length) noexcept {
        return std::uint64_t{serial} << 32 | length;
    }

    static constexpr std::uint8_t too_long = 1;       // it is
    static constexpr std::uint8_t said_too_long = 2;  // what was said last
    static constexpr std::uint8_t somebody_says = 4;  // and will look at the others again

    std::atomic<std::uint64_t> count_{0};  // serial and length
    std::atomic<std::uint32_t> most_{0};
    std::atomic<bool> lets_in_{true};  // also beyond the limit
    std::atomic<std::uint8_t> state_{0};
    mutable spin_lock lock_;
    mailbox_limit limit_;  // guarded by lock_
};

}  // namespace rakka::detail
