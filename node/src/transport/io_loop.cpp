#include "transport/io_loop.hpp"

#include "transport/loop_world.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <optional>
#include <utility>

namespace rakka::transport {

void post(io_loop& io, std::function<void()> work) {
    boost::asio::post(io, std::move(work));
}

// Shared with the handlers under way: a handler that was already queued when the timer was cancelled sees
// another generation and does nothing.
struct timer::state {
    explicit state(io_loop& io) : world(world_of(io)) {
        if (world == nullptr) asio_timer.emplace(io);
    }
    loop_world* const world;
    std::optional<boost::asio::steady_timer> asio_timer;  // without a world
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
    auto run = [keep = state_, generation](error_code = {}) {
        if (keep->generation != generation) return;
        ++keep->generation;
        const auto call = std::exchange(keep->expired, nullptr);
        call();
    };
    if (s.world != nullptr) return s.world->call_later(delay, std::move(run));
    s.asio_timer->expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(delay));
    s.asio_timer->async_wait(std::move(run));
}

void timer::cancel() noexcept {
    ++state_->generation;
    state_->expired = nullptr;
    if (!state_->asio_timer) return;
    error_code ignored;
    try {
        state_->asio_timer->cancel(ignored);
    } catch (...) {
        // the generation has changed already: a late handler does nothing
    }
}

}  // namespace rakka::transport
