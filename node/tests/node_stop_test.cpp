// Ending a node while its system ends, or others use it.
#include "support/cluster.hpp"

#include <rakka/actors/links.hpp>
#include <rakka/actors/monitors.hpp>

#include <gtest/gtest.h>

#include <latch>
#include <thread>

namespace rakka::testing {
namespace {

class node_stop : public cluster {};

TEST_F(node_stop, a_node_may_be_stopped_while_its_system_is) {
    member& peer = start("peer");
    const pid echo = start_echo(peer, "echo"_a);
    const pid there{peer.name(), echo.id, echo.serial, peer->creation().value()};
    for (int i = 0; i < 20; ++i) {
        member& m = start("m" + std::to_string(i));
        ASSERT_TRUE(m->connect(peer.name()));
        std::latch busy(1);
        m.sys.spawn([&] {
            trap_exit(true);
            link(there);
            static_cast<void>(monitor(there));
            for (bool first = true;; first = false) {
                send(there, term(tuple(self(), 1)));
                if (first) busy.count_down();
                static_cast<void>(receive());
            }
        });
        busy.wait();
        std::latch start_together(2);
        std::thread stops_node([&] {
            start_together.arrive_and_wait();
            m->stop();
        });
        start_together.arrive_and_wait();
        EXPECT_EQ(m.sys.stop(), 0U);
        stops_node.join();
        EXPECT_FALSE(m->disconnect(peer.name()));
        remove(m);
    }
}

}  // namespace
}  // namespace rakka::testing
