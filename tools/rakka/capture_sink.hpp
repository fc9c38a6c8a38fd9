// Takes what a relay hears to a place that may be slow, a disk or a terminal, without making anybody wait.
#pragma once

#include <rakka/node/capture.hpp>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_set>

namespace rakka::tools {

/// A thread and the happenings it has yet to write, of which it holds so many bytes. When there is no room
/// for one, its connection is given up: it ends there with a happening that says so, and what follows of it
/// is left out, so that what is written of each connection is whole up to its end. Others, and connections
/// opened later, are written as long as there is room.
class capture_sink {
public:
    using happening = capture::happening;

    /// `write` is called on the sink's thread for each, `pause` when for the moment there are no more.
    capture_sink(std::size_t max_bytes, std::function<void(const happening&)> write,
                 std::function<void()> pause);
    /// Writes what is left first, however long that takes.
    ~capture_sink();
    capture_sink(const capture_sink&) = delete;
    capture_sink& operator=(const capture_sink&) = delete;

    /// Never waits for the place. One thread.
    void push(std::shared_ptr<const happening> h);
    /// Connections that were not written to their end.
    [[nodiscard]] std::size_t given_up() const noexcept { return given_up_count_; }

private:
    [[nodiscard]] static std::size_t size_of(const happening& h) noexcept;
    void add(std::shared_ptr<const happening> h);
    void run();

    const std::size_t max_bytes_;
    const std::function<void(const happening&)> write_;
    const std::function<void()> pause_;
    std::unordered_set<std::uint32_t> given_up_;  // of them more may come. The pushing thread's
    std::size_t given_up_count_ = 0;              // likewise

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::shared_ptr<const happening>> waiting_;  // guarded by mutex_
    std::size_t bytes_ = 0;  // guarded by mutex_; of those and the one being written
    bool over_ = false;      // guarded by mutex_
    std::thread thread_;
};

}  // namespace rakka::tools
