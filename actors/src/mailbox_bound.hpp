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
class mailbox_bound {
public:
    enum class admitted : std::uint8_t {
        uncounted,  ///< this process has no limit
        counted,    ///< the message is to be marked
        over,       ///< likewise, and exceeded() is to be called
        refused,    ///< not counted; exceeded() is to be called
    };

    /// The owner, or the spawner before there is one. `length`: messages counted so far.
    void begin(std::uint32_t serial, const mailbox_limit& limit, std::uint32_t length = 0) noexcept;
    void end() noexcept;
    /// What the process with this serial has.
    [[nodiscard]] std::optional<mailbox_limit> limit(std::uint32_t serial) const;

    /// Any thread: a message is about to be sent to the process with this serial.
    [[nodiscard]] admitted admit(std::uint32_t serial) noexcept;
    /// Any thread. The limit, when nobody has been told yet that it was exceeded.
    [[nodiscard]] std::optional<mailbox_limit> exceeded(std::uint32_t serial);
    /// Owner: a marked message has been received. True when somebody is to be told that the worst is over.
    [[nodiscard]] bool received(std::uint32_t serial) noexcept;

private:
    void one_less(std::uint32_t serial) noexcept;
    static constexpr std::uint64_t pack(std::uint32_t serial, std::uint32_t length) noexcept {
        return std::uint64_t{serial} << 32 | length;
    }

    std::atomic<std::uint64_t> count_{0};  // serial and length
    std::atomic<std::uint32_t> most_{0};
    std::atomic<bool> lets_in_{true};  // also beyond the limit
    std::atomic<bool> told_{false};
    mutable spin_lock lock_;
    mailbox_limit limit_;  // guarded by lock_
};

}  // namespace rakka::detail
