// What a TLS stream holds, and who hears of its end.
#include "transport/tls_stream.hpp"

#include "support/tls_pair.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace rakka::transport {
namespace {

/// Operations that never end by themselves: whoever keeps the list is the loop that they are under way in.
using under_way = std::vector<std::shared_ptr<stream_user>>;

class stuck_stream final : public stream {
public:
    explicit stuck_stream(under_way& loop) : loop_(loop) {}
    void read_some(std::span<std::byte>, std::shared_ptr<stream_user> user) override {
        loop_.push_back(std::move(user));
    }
    void wait_writable(std::shared_ptr<stream_user> user) override { loop_.push_back(std::move(user)); }
    result<std::size_t> try_write(std::span<const iovec>) noexcept override { return std::size_t{0}; }
    void close_both() noexcept override {}
    const std::string& peer_address() const noexcept override { return address_; }
    const std::string& own_address() const noexcept override { return address_; }

private:
    under_way& loop_;
    std::string address_ = "nowhere";
};

/// Like a connection: has the stream that it waits for.
class owner final : public stream_user {
public:
    void on_read(error_code e, std::size_t) override { read = e; }
    void on_writable(error_code e) override { writable = e; }

    std::unique_ptr<stream> has;
    error_code read;
    error_code writable;
};

class tls_stream_test : public testing::tls_pair {
protected:
    void SetUp() override {
        auto made = tls_contexts::make(options, true);
        ASSERT_TRUE(made) << made.error();
        user->has = std::make_unique<tls_stream>(*io, std::make_unique<stuck_stream>(loop),
                                                 (*made)->client_session("127.0.0.1"));
    }
    void wait_for_both() {
        user->has->read_some(buffer, user);
        user->has->wait_writable(user);
    }

    std::unique_ptr<io_loop> io = std::make_unique<io_loop>();
    under_way loop;
    std::array<std::byte, 100> buffer{};
    std::shared_ptr<owner> user = std::make_shared<owner>();
};

TEST_F(tls_stream_test, who_waits_hears_of_the_end_without_the_carrier) {
    wait_for_both();
    user->has->close_both();
    EXPECT_FALSE(user->read);  // never from within
    io->run();
    EXPECT_EQ(user->read, boost::asio::error::operation_aborted);
    EXPECT_EQ(user->writable, boost::asio::error::operation_aborted);
}

TEST_F(tls_stream_test, after_the_end_there_is_nothing_to_wait_for) {
    user->has->close_both();
    wait_for_both();
    EXPECT_FALSE(user->read);
    io->run();
    EXPECT_EQ(user->read, boost::asio::error::operation_aborted);
    EXPECT_EQ(user->writable, boost::asio::error::operation_aborted);
    EXPECT_TRUE(loop.empty());
}

TEST_F(tls_stream_test, a_loop_that_ends_with_the_stream_leaves_nobody_behind) {
    wait_for_both();
    const std::weak_ptr<owner> still_there = user;
    user->has->close_both();
    user = nullptr;
    EXPECT_FALSE(still_there.expired());
    loop.clear();
    io = nullptr;
    EXPECT_TRUE(still_there.expired());
}

TEST_F(tls_stream_test, so_does_one_that_ends_before_anything_could_be_waited_for) {
    user->has->close_both();
    wait_for_both();
    const std::weak_ptr<owner> still_there = user;
    user = nullptr;
    io = nullptr;
    EXPECT_TRUE(still_there.expired());
}

}  // namespace
}  // namespace rakka::transport
