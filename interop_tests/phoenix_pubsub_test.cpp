// The example phoenix_pubsub beside an Erlang node that does what Phoenix's adapter does.
#include "phoenix_pubsub/pubsub.hpp"
#include "support/otp_test.hpp"
#include "support/rakka_peer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;
using phoenix::pubsub;

class phoenix_pubsub : public otp_test {};
RAKKA_OTP_TEST_SUITE(phoenix_pubsub);

std::string next() {
    const auto m = receive_if([](term_view t) { return t.is_tagged("hello"_a, 2); }, 20s);
    return m ? m->to_string() : "nothing";
}

TEST_P(phoenix_pubsub, broadcasts_go_both_ways_by_topic) {
    rakka_peer cpp("cpp", options("unused"), epmd(), {.workers = 2}, node_visibility::visible);
    auto erl = start_erlang("erl");
    erl.load_module(RAKKA_EXAMPLE_DIR "/pubsub_demo.erl");
    EXPECT_EQ(erl.eval("pubsub_demo:start(\"MyApp.PubSub\")"), "ok");
    auto shell = erl.new_shell();
    EXPECT_EQ(shell.eval("pubsub_demo:subscribe(\"MyApp.PubSub\", <<\"news\">>)"), "ok");
    cpp.system().run([&] {
        pg::start(pubsub::module()).value();
        const pid server = pubsub::start_link("MyApp.PubSub");
        const auto members = pg::monitor(pubsub::module(), pubsub::adapter("MyApp.PubSub"));
        EXPECT_EQ(members.members, std::vector{server});
        pubsub::subscribe("MyApp.PubSub", "news");
        EXPECT_TRUE(cpp.node().ping("erl@127.0.0.1"_a));
        EXPECT_TRUE(receive_if([&](term_view m) { return m.is_tuple(4); }, 20s)) << "it has joined";

        pubsub::broadcast("MyApp.PubSub", "weather", tuple("hello"_a, "rain"_a));
        pubsub::broadcast("MyApp.PubSub", "news", tuple("hello"_a, "from_cpp"_a));
        EXPECT_EQ(next(), "{hello,from_cpp}") << "those here get it too";
        EXPECT_EQ(shell.eval("receive M -> M after 20000 -> nothing end"), "{hello,from_cpp}");

        const std::string all =
            "length(pg:get_members('Elixir.Phoenix.PubSub', "
            "'Elixir.MyApp.PubSub.Adapter'))";
        for (int i = 0; i < 2000 && erl.eval(all) != "2"; ++i)
            EXPECT_FALSE(receive_if([](term_view) { return false; }, 10ms));
        EXPECT_EQ(shell.eval("pubsub_demo:broadcast(\"MyApp.PubSub\", <<\"weather\">>, {hello, sun}), "
                             "pubsub_demo:broadcast(\"MyApp.PubSub\", <<\"news\">>, {hello, from_erl})"),
                  "ok");
        EXPECT_EQ(next(), "{hello,from_erl}");
        EXPECT_EQ(shell.eval("receive M2 -> M2 after 20000 -> nothing end"), "{hello,from_erl}");
    });
}

}  // namespace
}  // namespace rakka::interop
