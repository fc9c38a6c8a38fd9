#include "engine/poller.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>

namespace rakka::detail {

namespace asio = boost::asio;

namespace {

// A peer that always has something for us must not keep the holder from its tasks.
constexpr std::size_t handlers_at_once = 64;

}  // namespace

struct poller::loop {
    asio::io_context context{1};  // one thread at a time runs it
    asio::executor_work_guard<asio::io_context::executor_type> stay{context.get_executor()};
};

poller::poller() : loop_(std::make_unique<loop>()) {}
poller::~poller() = default;

asio::io_context& poller::context() noexcept {
    return loop_->context;
}

std::size_t poller::poll() noexcept {
    if (loop_->context.stopped()) loop_->context.restart();
    std::size_t n = 0;
    while (n < handlers_at_once && loop_->context.poll_one() != 0)
        ++n;
    return n;
}

bool poller::wait(nanoseconds at_most) noexcept {
    if (loop_->context.stopped()) loop_->context.restart();
    if (at_most == never) return loop_->context.run_one() != 0;
    if (at_most.count() <= 0) return loop_->context.poll_one() != 0;
    // Asio cuts longer waits itself; an hour keeps its arithmetic far from overflow.
    return loop_->context.run_one_for(std::min<nanoseconds>(at_most, std::chrono::hours(1))) != 0;
}

void poller::interrupt() noexcept {
    asio::post(loop_->context, [] {});
}

}  // namespace rakka::detail
