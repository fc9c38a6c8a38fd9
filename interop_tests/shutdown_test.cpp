// A BEAM asks a C++ node to end, and sees it leave the cluster in good order.
#include "support/otp_test.hpp"
#include "support/rakka_peer.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

class shutdown : public otp_test {
protected:
    /// What the program ends with after `expression` was evaluated on a BEAM that is connected and watches
    /// it.
    int status_after(const std::string& expression) {
        rakka_peer cpp("cpp", options("cpp"), epmd());
        auto beam = start_erlang("beam");
        EXPECT_EQ(beam.eval("net_adm:ping(" + cpp.name() + ")"), "pong");
        on_shutdown(cpp.system(), [this] { ++hooks; }, {.name = "counts"});
        int status = -1;
        std::thread program(
            [&] { status = run_until_shutdown(cpp.system(), {.timeout = 60s, .signals = false}); });
        // One process: what is evaluated next is another one, which gets no messages for this.
        const std::string seen = beam.eval(
            "Node = " + cpp.name() + ", true = erlang:monitor_node(Node, true), Answer = " + expression +
            ", receive {nodedown, Node} -> {Answer, left} after 15000 -> {Answer, stayed} end");
        graceful_shutdown(cpp.system());  // if the BEAM has failed to ask for it
        program.join();
        EXPECT_EQ(seen, "{ok,left}");
        EXPECT_EQ(beam.eval("lists:member(" + cpp_name + ", nodes(connected))"), "false");
        return status;
    }

    const std::string cpp_name = "'cpp@127.0.0.1'";
    std::atomic<int> hooks{0};
};
RAKKA_OTP_TEST_SUITE(shutdown);

TEST_P(shutdown, init_stop_ends_the_program_as_it_ends_a_beam) {
    EXPECT_EQ(status_after("rpc:call(Node, init, stop, [])"), 0);
    EXPECT_EQ(hooks, 1);
}

TEST_P(shutdown, init_stop_takes_a_status) {
    EXPECT_EQ(status_after("erpc:call(Node, init, stop, [7])"), 7);
    EXPECT_EQ(hooks, 1);
}

TEST_P(shutdown, init_stop_takes_a_text) {
    EXPECT_EQ(status_after("rpc:call(Node, init, stop, [\"out of order\"])"), 1);
}

}  // namespace
}  // namespace rakka::interop
