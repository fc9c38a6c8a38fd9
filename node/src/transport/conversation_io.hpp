// The byte half of a conversation: a machine without sockets says read or write, this does it on a stream.
#pragma once

#include "bytes.hpp"
#include "transport/stream.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace rakka::transport {

/// What came of one read or write, in the words that all conversation machines share.
struct io_outcome {
    enum class kind : std::uint8_t {
        received,  ///< `data`, valid during the call
        written,   ///< all of it
        closed,    ///< for `reason`: the peer hung up, or the stream broke
    };
    kind what = kind::written;
    byte_view data{};
    std::string reason{};
    error_code error{};  ///< with `closed`
};

/// `o` as the event of a machine, which has one struct for each kind of outcome.
template <class Event, class Received, class Written, class Closed>
Event to_event(const io_outcome& o) {
    switch (o.what) {
        case io_outcome::kind::received:
            return Received{o.data};
        case io_outcome::kind::written:
            return Written{};
        case io_outcome::kind::closed:
            break;
    }
    return Closed{o.reason};
}

/// What every driver of a socket-free machine does alike. Whoever derives owns the machine and turns outcomes
/// into its events. One read or write at a time. I/O thread. Kept alive by its stream while one is under way.
class conversation_io : public stream_user {
protected:
    conversation_io() = default;
    explicit conversation_io(std::unique_ptr<stream> s) noexcept : stream_(std::move(s)) {}

    /// The end of read(), and of a write() that had to wait. Does not come after close() or release().
    virtual void on_outcome(const io_outcome& o) = 0;

    /// Reads at least one byte. `self` owns this object. REQUIRES: is_open().
    void read(std::shared_ptr<stream_user> self);
    /// Writes all of `data`: the outcome when it is known at once, else nothing and on_outcome() comes later.
    /// `self` owns this object. REQUIRES: is_open().
    [[nodiscard]] std::optional<io_outcome> write(bytes data, std::shared_ptr<stream_user> self);

    void open(std::unique_ptr<stream> s) noexcept { stream_ = std::move(s); }
    [[nodiscard]] bool is_open() const noexcept { return stream_ != nullptr; }
    /// Ends whatever is under way; on_outcome() does not come.
    void close() noexcept;
    /// The stream, for whoever goes on with it. REQUIRES: no read or write is under way.
    [[nodiscard]] std::unique_ptr<stream> release() noexcept { return std::move(stream_); }
    /// REQUIRES: is_open().
    [[nodiscard]] const stream& used() const noexcept { return *stream_; }

private:
    void on_read(error_code error, std::size_t size) final;
    void on_writable(error_code error) final;
    [[nodiscard]] std::optional<io_outcome> write_on();
    [[nodiscard]] io_outcome broken(error_code e) const;

    std::unique_ptr<stream> stream_;
    std::weak_ptr<stream_user> writer_;  // this object, while a write waits
    bytes out_;
    std::size_t written_ = 0;
    std::array<std::byte, 2048> in_{};
};

}  // namespace rakka::transport
