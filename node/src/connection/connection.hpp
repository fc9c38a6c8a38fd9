// One incarnation of the link to one node: signals out through any thread, signals in on the I/O thread.
#pragma once

#include "connection/connection_phase.hpp"
#include "connection/dial_attempt.hpp"
#include "connection/outbound_queue.hpp"
#include "connection/read_pacer.hpp"
#include "connection/relations.hpp"
#include "handshake/handshake_io.hpp"
#include "transport/io_loop.hpp"
#include "transport/stream.hpp"
#include "wire/message_reader.hpp"
#include "wire/tick_policy.hpp"

#include <rakka/actors/io.hpp>
#include <rakka/etf/term.hpp>
#include <rakka/node/connection_info.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rakka::detail {

class peer_guard;

/// What became of a signal.
enum class submitted : std::uint8_t {
    ok,
    suspend,      ///< accepted; the sender given must wait until it is resumed
    would_block,  ///< not accepted: the connection is busy and the sender does not want to wait
    closed,       ///< not accepted: this incarnation is over
};

/// Whether the sender can be made to wait.
enum class when_busy : std::uint8_t { suspend, go_on, refuse };

/// See connection_phase.hpp for its life. Kept alive by the table, its timers and its stream's operations.
class connection final : public transport::stream_user, public std::enable_shared_from_this<connection> {
public:
    /// Whoever lets the connection go last, it is destroyed on the I/O thread.
    [[nodiscard]] static std::shared_ptr<connection> make(node_core& core, atom node, std::uint64_t id);
    ~connection() override;

    // ---- any thread
    [[nodiscard]] atom node() const noexcept { return node_; }
    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
    [[nodiscard]] connection_phase phase() const noexcept { return phase_.load(std::memory_order_acquire); }
    /// Takes `s` when the result is ok or suspend. Order: as submitted by one thread.
    [[nodiscard]] submitted submit(outbound_signal& s, const pid& sender, when_busy busy);
    /// What the peer asked for and has got: flags as in a spawn reply.
    void add_relations(const pid& local, const pid& remote, const reference& ref, std::uint64_t flags);
    [[nodiscard]] connection_info info() const;
    [[nodiscard]] bool hidden() const noexcept { return hidden_.load(std::memory_order_relaxed); }

    // ---- I/O thread
    using waiter = std::function<void(error_code, const std::string& text)>;
    /// Begins to dial, or gets in line for it.
    void dial(dial_wish whose);
    /// Calls back when the connection is up, or at the latest when this incarnation ends.
    void when_up(waiter w);
    /// What a peer that dials us finds: how far our own attempt is.
    [[nodiscard]] handshake::peer_relation own_attempt() const noexcept;
    /// Gives the own attempt up in favour of the peer's.
    void await_inbound();
    /// The peer's attempt has failed after all, and it has no other.
    void inbound_failed();
    /// The peer has dialled us and shaken hands.
    static void adopt_inbound(node_core& core, atom node, std::unique_ptr<transport::stream> s,
                              handshake::established e);
    /// Ends this incarnation: everybody who must know is told before it returns. `reason` is what
    /// `net_kernel:monitor_nodes` shows. Nothing happens when it is closed already.
    void lose(error_code code, std::string_view text, atom reason);
    /// The rules of what peers may do are new.
    void follow_rules();
    /// Null: the peer may do everything.
    [[nodiscard]] peer_guard* guard() const noexcept { return guard_.get(); }
    /// Writes what waits for the end of a slice. True when a slice has asked for that since the last call.
    bool flush_overdue();

private:
    connection(node_core& core, atom node, std::uint64_t id);
    void establish(std::unique_ptr<transport::stream> s, handshake::established e, bool outgoing);
    void attempt(dial_place place);
    void on_dial_failed(error_code code, const std::string& text, const std::string& address, bool wait);
    void give_up_dialling(error_code code, const std::string& text, const std::string& address);
    void on_read(error_code error, std::size_t size) override;
    void on_writable(error_code error) override;
    void read_more();
    bool take_frames();
    void wake_tick();
    void tell_waiters(error_code code, const std::string& text);
    [[nodiscard]] std::string describe() const;

    void encode_ahead(outbound_signal& s) const;
    void flush() noexcept;
    void write_batches(std::unique_lock<std::mutex>& lock);
    void encode(outbound_signal& s, const pid& sender);
    void answer_dropped(const outbound_signal& s, atom why);
    [[nodiscard]] bool is_busy_for(const pid& sender) const noexcept;
    void release_senders(std::unique_lock<std::mutex>& lock);
    void lose_later(error_code code, std::string text, atom reason);

    // ---- constant
    node_core& core_;
    const std::shared_ptr<node_core> keep_core_;
    const atom node_;
    const std::uint64_t id_;

    // ---- own synchronisation
    std::atomic<connection_phase> phase_{
        connection_phase::pending};  // changed under mutex_ by the I/O thread
    std::atomic<bool> hidden_{false};
    std::atomic<std::uint64_t> frames_in_{0};
    std::atomic<std::uint64_t> signals_in_{0};  // written by the I/O thread alone
    std::atomic<std::uint64_t> bytes_in_{0};
    slice_end flush_hook_;
    std::atomic<unsigned> armings_{0};           // of flush_hook_ that have not run; changed under mutex_
    std::atomic<bool> armed_lately_{false};      // since the last flush_overdue()
    std::atomic<bool> wrote_since_read_{false};  // a hint
    std::unique_ptr<transport::stream> stream_;  // set once, before phase up; try_write: whoever set writing_

    // ---- guarded by mutex_
    mutable std::mutex mutex_;
    std::vector<std::pair<pid, outbound_signal>> waiting_;  // phase pending: sender and signal
    std::size_t waiting_weight_ = 0;
    std::optional<wire::message_encoder> encoder_;  // set once, before phase up
    outbound_queue queue_;
    relations relations_;
    struct suspended_sender {
        pid who;
        std::size_t bytes;  // about what it sent last
        bool behind_large;  // it waits for a large message of its own, else for all that is ahead
    };
    std::vector<suspended_sender> suspended_;
    std::size_t suspended_bytes_ = 0;  // of all of them
    bool writing_ = false;             // somebody is between begin_batch and the end of it
    bool written_since_tick_ = false;
    std::shared_ptr<connection> keep_while_armed_;
    std::uint64_t frames_out_ = 0;
    std::uint64_t signals_out_ = 0;
    std::uint64_t bytes_out_ = 0;
    std::string address_;
    std::string encryption_;
    std::uint32_t peer_creation_ = 0;
    distribution_flags effective_;
    bool outgoing_ = false;
    std::chrono::steady_clock::time_point up_since_;

    // ---- I/O thread
    struct failure {
        error_code code;
        std::string text;
        std::string address;
    };
    std::shared_ptr<dial_attempt> dial_;
    bool in_line_ = false;                // for a place to dial
    bool awaiting_inbound_ = false;       // the peer's own connection
    std::optional<failure> dial_failed_;  // while awaiting it all the same
    failure ended_;                       // why it is closed
    int redials_ = 0;
    transport::timer patience_;  // with either of them
    std::vector<waiter> waiters_;
    std::unique_ptr<wire::message_reader> reader_;
    std::unique_ptr<peer_guard> guard_;
    wire::tick_policy tick_;
    transport::timer tick_timer_;
    read_pacer read_pacer_;
    transport::timer read_timer_;
};

}  // namespace rakka::detail
