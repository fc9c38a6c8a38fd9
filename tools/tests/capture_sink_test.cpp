#include "capture_sink.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace rakka::tools {
namespace {

using capture::happening;
using kind = capture::happening::kind;

constexpr std::size_t room = 10'000;

/// A place that writes nothing until it is let.
class slow_place {
public:
    explicit slow_place(std::size_t bytes = room)
        : sink_(std::make_unique<capture_sink>(
              bytes,
              [this](const happening& h) {
                  may_write_.wait();
                  written_.push_back(h);
              },
              [this] { ++pauses_; })) {}

    void push(kind what, std::uint32_t connection, std::size_t size = 0) {
        happening h{.what = what, .connection = connection};
        h.data.resize(what == kind::bytes ? size : 0);
        sink_->push(std::make_shared<const happening>(std::move(h)));
    }
    /// "open 1, 500 of 1, closed 1": all that has been written, in the end.
    std::string written() {
        let_.set_value();
        given_up_ = sink_->given_up();
        sink_.reset();
        std::string all;
        for (const happening& h : written_) {
            if (!all.empty()) all += ", ";
            const std::string number = std::to_string(h.connection);
            if (h.what == kind::opened) all += "open " + number;
            if (h.what == kind::bytes) all += std::to_string(h.data.size()) + " of " + number;
            if (h.what == kind::closed) all += (h.text.empty() ? "closed " : "given up ") + number;
        }
        return all;
    }
    [[nodiscard]] std::size_t given_up() const { return given_up_; }
    [[nodiscard]] int pauses() const { return pauses_; }

private:
    std::promise<void> let_;
    std::shared_future<void> may_write_{let_.get_future()};
    std::vector<happening> written_;  // the sink's thread, until it has ended
    int pauses_ = 0;                  // likewise
    std::size_t given_up_ = 0;
    std::unique_ptr<capture_sink> sink_;
};

TEST(capture_sink, writes_everything_in_order_before_it_ends) {
    slow_place place;
    place.push(kind::opened, 1);
    place.push(kind::bytes, 1, 500);
    place.push(kind::opened, 2);
    place.push(kind::bytes, 1, 501);
    place.push(kind::closed, 1);
    EXPECT_EQ(place.written(), "open 1, 500 of 1, open 2, 501 of 1, closed 1");
    EXPECT_EQ(place.given_up(), 0U);
    EXPECT_GT(place.pauses(), 0);
}

TEST(capture_sink, a_connection_ends_where_there_is_no_room_and_others_go_on) {
    slow_place place;
    place.push(kind::opened, 1);
    place.push(kind::opened, 2);
    place.push(kind::bytes, 1, 5000);
    place.push(kind::bytes, 1, 5000);  // no room
    place.push(kind::bytes, 1, 1);     // would fit, behind a hole
    place.push(kind::bytes, 2, 1000);
    place.push(kind::closed, 1);
    place.push(kind::closed, 2);
    EXPECT_EQ(place.written(), "open 1, open 2, 5000 of 1, given up 1, 1000 of 2, closed 2");
    EXPECT_EQ(place.given_up(), 1U);
}

TEST(capture_sink, nothing_is_written_of_a_connection_that_begins_without_room) {
    slow_place place;
    place.push(kind::opened, 1);
    place.push(kind::bytes, 1, room - 500);
    place.push(kind::bytes, 1, room);  // given up
    for (std::uint32_t n = 2; n < 20; ++n)
        place.push(kind::opened, n);
    place.push(kind::bytes, 19, 5);
    const std::string all = place.written();
    EXPECT_EQ(all.find(" 19"), std::string::npos) << all;
    EXPECT_GT(place.given_up(), 10U);
}

TEST(capture_sink, there_is_room_again_when_something_is_written) {
    std::atomic<int> written = 0;
    capture_sink sink(
        room, [&](const happening&) { ++written; }, [] {});
    const auto begin = std::make_shared<const happening>(happening{.what = kind::opened});
    sink.push(begin);
    for (int i = 1; i <= 20; ++i) {
        while (written != i)
            std::this_thread::yield();
        happening h{.what = kind::bytes};
        h.data.resize(room / 3);  // beside the one before, which may still be counted
        sink.push(std::make_shared<const happening>(std::move(h)));
    }
    EXPECT_EQ(sink.given_up(), 0U);
}

}  // namespace
}  // namespace rakka::tools
