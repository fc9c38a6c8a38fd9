#include "transport/io_loop.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <utility>

namespace rakka::transport {

void post(io_loop& io, std::function<void()> work) {
    boost::asio::post(io, std::move(work));
}

// Shared with the handlers under way: a handler that was already queued when the timer was cancelled sees
// another generation and does nothing.
struct timer::state {
    explicit state(io_loop& io) : asio_timer(io) {}
    boost::asio::steady_timer asio_timer;
    std::function<void()> expired;
    std::uint64_t generation = 0;
};

timer::timer(io_loop& io) : state_(std::make_shared<state>(io)) {}

timer::timer(timer&&) noexcept = default;

timer::~timer() {
    if (state_) cancel();
}

void timer::start(std::chrono::nanoseconds delay, std::function<void()> expired) {
    state& s = *state_;
    s.expired = std::move(expired);
    const std::uint64_t generation = ++s.generation;
    s.asio_timer.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(delay));
    s.asio_timer.async_wait([keep = state_, generation](error_code) {
        if (keep->generation != generation) return;
        ++keep->generation;
        const auto call = std::exchange(keep->expired, nullptr);
        call();
    });
}

void timer::cancel() noexcept {
    ++state_->generation;
    state_->expired = nullptr;
    error_code ignored;
    try {
        state_->asio_timer.cancel(ignored);
    } catch (...) {
        // the generation has changed already: a late handler does nothing
    }
}

}  // namespace rakka::transport
