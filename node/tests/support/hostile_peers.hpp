// A node under attack by raw sockets, and a friend of it that must not notice anything.
#pragma once

#include "support/cluster.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

namespace rakka::testing {

/// Descriptors that this program has open.
inline std::size_t open_files() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// `target` is what the tests attack; `friend_` stays connected to it all the time and must not notice
/// anything.
class hostile_peers : public cluster {
protected:
    void begin(node_options o) {
        target = &start(std::move(o));
        friend_ = &start("friend");
        echo = start_echo(*target, "echo"_a);
        ASSERT_TRUE((*friend_)->connect(target->name()));
        connection = (*friend_)->connection_info(target->name())->id;
    }
    void TearDown() override {
        if (target == nullptr) return;
        // Still there, still the same connection, still answering.
        friend_->sys.run([&] {
            send(registered_name{"echo"_a, target->name()}, term(tuple(self(), 1)));
            EXPECT_TRUE(receive_soon());
        });
        const auto info = (*friend_)->connection_info(target->name());
        ASSERT_TRUE(info);
        EXPECT_EQ(info->id, connection);
    }
    raw_peer dial() { return raw_peer((*target)->port()); }

    /// What happens to a peer that shakes hands properly and then sends `bytes`.
    node_log_event after_handshake(const bytes& sent, const std::string& expected) {
        raw_peer evil = dial();
        EXPECT_TRUE(evil.shake_hands("evil@127.0.0.1", "cluster"));
        evil.write(sent);
        EXPECT_TRUE(evil.wait_for_close());
        const auto e = target->log.wait_for(expected);
        EXPECT_EQ(e.peer, "evil@127.0.0.1");
        EXPECT_FALSE(e.address.empty());
        EXPECT_EQ(e.level, node_log_level::warning);
        return e;
    }

    /// Waits until no more descriptors are open than `files` and nobody but `friend_` is connected: the node
    /// closes a socket a moment after it has told of its end, and opens some in vain, to answer evil.
    void expect_nothing_left(std::size_t files) {
        // Whoever knocked before these two has been let in, and counts.
        for (const std::uint16_t port : {(*target)->port(), epmd_->port()}) {
            raw_peer last(port);
            last.write("GET / HTTP/1.0\r\n\r\n");
            EXPECT_TRUE(last.wait_for_close());
        }
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        const auto settled = [&] { return open_files() <= files && (*target)->nodes().size() == 1; };
        while (!settled() && std::chrono::steady_clock::now() < end)
            std::this_thread::yield();
        EXPECT_LE(open_files(), files);
        EXPECT_EQ((*target)->nodes(), std::vector<atom>{friend_->name()});
        // No link or monitor of a peer that is gone: a process looks at its signals before it is described.
        target->sys.run([&] {
            const auto info = process_info(echo);
            ASSERT_TRUE(info);
            EXPECT_TRUE(info->links.empty());
            EXPECT_TRUE(info->monitored_by.empty());
        });
    }

    member* target = nullptr;
    member* friend_ = nullptr;
    pid echo;
    std::uint64_t connection = 0;
};

}  // namespace rakka::testing
