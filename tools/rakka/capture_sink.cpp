#include "capture_sink.hpp"

#include <string>
#include <utility>

namespace rakka::tools {

capture_sink::capture_sink(std::size_t max_bytes, std::function<void(const happening&)> write,
                           std::function<void()> pause)
    : max_bytes_(max_bytes), write_(std::move(write)), pause_(std::move(pause)), thread_([this] { run(); }) {}

capture_sink::~capture_sink() {
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

std::size_t capture_sink::size_of(const happening& h) noexcept {
    return sizeof(happening) + h.data.size() + h.text.size();
}

void capture_sink::push(std::shared_ptr<const happening> h) {
    const bool ends = h->what == happening::kind::closed;
    if (given_up_.contains(h->connection)) {
        if (ends) given_up_.erase(h->connection);
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        // An end takes next to nothing.
        if (ends || bytes_ + size_of(*h) <= max_bytes_) return add(std::move(h));
    }
    ++given_up_count_;
    given_up_.insert(h->connection);
    if (h->what == happening::kind::opened) return;  // nobody will hear of it at all
    happening end{.what = happening::kind::closed,
                  .from = h->from,
                  .connection = h->connection,
                  .at = h->at,
                  .text = "not recorded from here on, since writing is too slow"};
    const std::lock_guard lock(mutex_);
    add(std::make_shared<const happening>(std::move(end)));
}

void capture_sink::add(std::shared_ptr<const happening> h) {
    bytes_ += size_of(*h);
    waiting_.push_back(std::move(h));
    changed_.notify_one();
}

void capture_sink::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return over_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        const auto next = std::move(waiting_.front());
        waiting_.pop_front();
        const bool last = waiting_.empty();
        lock.unlock();
        write_(*next);
        if (last) pause_();
        lock.lock();
        bytes_ -= size_of(*next);
    }
}

}  // namespace rakka::tools
