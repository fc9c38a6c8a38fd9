// Asking an epmd from outside of any node.
#include "support/cluster.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace rakka::testing {
namespace {

class epmd_client : public cluster {
protected:
    [[nodiscard]] epmd_query here() const { return {"127.0.0.1", epmd_->port()}; }
};

TEST_F(epmd_client, lists_nodes_and_finds_their_ports) {
    member& a = start("a");
    member& b = start("b");
    rakka::system asking({.workers = 1});
    const auto look = [&] {
        auto names = epmd_names(asking, here()).value();
        std::sort(names.begin(), names.end(),
                  [](const epmd_name& x, const epmd_name& y) { return x.name < y.name; });
        EXPECT_EQ(names, (std::vector<epmd_name>{{"a", a->port()}, {"b", b->port()}}));
        EXPECT_EQ(epmd_port_of(asking, "b", here()).value(), b->port());
        EXPECT_EQ(epmd_port_of(asking, "c", here()).error().code, node_errc::node_not_registered);
    };
    look();
    asking.run(look);  // in a process
}

TEST_F(epmd_client, an_epmd_that_is_not_there_is_an_error_with_words) {
    rakka::system asking({.workers = 1});
    const epmd_query nowhere{"127.0.0.1", 9};
    const auto names = epmd_names(asking, nowhere);
    ASSERT_FALSE(names);
    EXPECT_EQ(names.error().code, node_errc::epmd_unreachable);
    EXPECT_NE(names.error().message.find("127.0.0.1:9"), std::string::npos) << names.error().message;
    EXPECT_THROW(static_cast<void>(epmd_port_of(asking, "a", nowhere).value()), boost::system::system_error);
    asking.stop();
    EXPECT_FALSE(epmd_names(asking, here())) << "nobody hears the answer";
}

}  // namespace
}  // namespace rakka::testing
