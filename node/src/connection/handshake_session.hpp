// Drives one handshake machine over one stream, within a time limit.
#pragma once

#include "handshake/handshake_io.hpp"
#include "transport/conversation_io.hpp"
#include "transport/io_loop.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace rakka::detail {

/// The common half of dialling and accepting. I/O thread. Whoever derives answers the machine's questions
/// about the connection table in `perform`. Stays alive as long as its stream has work under way; ends with
/// `finished` or `failed`, at most once, never after `drop`.
class handshake_session : public transport::conversation_io,
                          public std::enable_shared_from_this<handshake_session> {
public:
    handshake_session(transport::io_loop& io, std::unique_ptr<transport::stream> s, bool was_dialled);

    /// Begins; the whole exchange may take `limit`.
    void start(std::chrono::nanoseconds limit);
    /// Ends it without a word to the owner.
    void drop() noexcept;

    [[nodiscard]] const std::string& peer_address() const noexcept { return address_; }
    /// Whether we dialled (or the peer did).
    [[nodiscard]] bool outgoing() const noexcept { return outgoing_; }

protected:
    /// One step of the machine.
    [[nodiscard]] virtual handshake::action resume(const handshake::event& e) = 0;
    /// Does what any action but read, write, done and fail asks for, and returns the answer.
    [[nodiscard]] virtual handshake::event perform(handshake::action_kind what) = 0;
    virtual void finished(std::unique_ptr<transport::stream> s) = 0;
    virtual void failed() = 0;

private:
    void on_outcome(const transport::io_outcome& o) override;
    void drive(handshake::event next);

    transport::timer deadline_;
    std::string address_;
    bool outgoing_;
    bool over_ = false;
};

}  // namespace rakka::detail
