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
/// What is sent through an alias is counted apart until the process takes it in: only the process can tell
/// whether it is a message, and which are replies, that always get through.
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
    /// The same for a message through an alias, until it has been taken_in().
    [[nodiscard]] admitted admit_arriving(std::uint32_t serial) noexcept;
    /// Owner: one of those has arrived. What is a message and no reply is admitted now.
    [[nodiscard]] std::optional<notice> taken_in(std::uint32_t serial) noexcept;
    /// Any thread.
    [[nodiscard]] std::optional<notice> exceeded(std::uint32_t serial) noexcept;
    /// Owner: a marked message has been received.
    [[nodiscard]] std::optional<notice> received(std::uint32_t serial) noexcept;
    /// Whoever had this notice has said it.
    [[nodiscard]] std::optional<notice> said(const notice& n) noexcept;

    /// Any thread: a message was not let in.
    void lost() noexcept { lost_.fetch_add(1, std::memory_order_relaxed); }
    /// How many, of the process that has a limit now. Any thread.
    [[nodiscard]] std::uint64_t messages_lost() const noexcept {
        return lost_.load(std::memory_order_relaxed);
    }

private:
    /// Serial and length.
    using counter = std::atomic<std::uint64_t>;
    [[nodiscard]] admitted one_more(counter& count, std::uint32_t serial, std::uint32_t most) noexcept;
    static void one_less(counter& count, std::uint32_t serial) noexcept;
    [[nodiscard]] std::optional<notice> became_less() noexcept;
    [[nodiscard]] std::uint32_t most_arriving() const noexcept;
    void look_whether_it_is_over() noexcept;
    [[nodiscard]] std::optional<notice> take_notice() noexcept;
    static constexpr std::uint64_t pack(std::uint32_t serial, std::uint32_t length) noexcept {
        return std::uint64_t{serial} << 32 | length;
    }

    static constexpr std::uint8_t too_long = 1;       // it is
    static constexpr std::uint8_t said_too_long = 2;  // what was said last
    static constexpr std::uint8_t somebody_says = 4;  // and will look at the others again

    counter count_{0};
    counter arriving_{0};
    std::atomic<std::uint64_t> lost_{0};
    std::atomic<std::uint32_t> most_{0};
    std::atomic<bool> lets_in_{true};  // also beyond the limit
    std::atomic<std::uint8_t> state_{0};
    mutable spin_lock lock_;
    mailbox_limit limit_;  // guarded by lock_
};

}  // namespace rakka::detail
