#include "epmd/registry.hpp"

#include <gtest/gtest.h>

#include <string>

namespace rakka::test {
namespace {

using namespace epmd;

constexpr std::uint32_t start = 1'000'000;

node_entry named(std::string name, std::uint16_t highest = 6) {
    return {.name = std::move(name), .port = 40000, .highest_version = highest, .extra = {}};
}

class EpmdRegistry : public testing::Test {
protected:
    std::uint32_t now_ = start;
    registry names_{{.active = 5, .old = 3}, [this] { return now_; }};
    connection_number one_{1};
    connection_number two_{2};
};

TEST_F(EpmdRegistry, StartsCreationsAtTheClockAndCountsThemUpForEachName) {
    EXPECT_EQ(names_.add(named("a"), one_), start);
    names_.remove("a", one_);
    now_ += 1000;
    EXPECT_EQ(names_.add(named("a"), one_), start + 1);
    EXPECT_EQ(names_.add(named("b"), two_), start + 1000);
}

TEST_F(EpmdRegistry, GivesOldNodesCreationsOneToThree) {
    for (std::uint32_t i = 0; i < 6; ++i) {
        EXPECT_EQ(names_.add(named("a", 5), one_), (start + i) % 3 + 1);
        names_.remove("a", one_);
    }
}

TEST_F(EpmdRegistry, NeverGivesAReservedCreation) {
    now_ = 0;
    EXPECT_EQ(names_.add(named("a"), one_), 4u);
}

TEST_F(EpmdRegistry, RefusesALivingName) {
    EXPECT_TRUE(names_.add(named("a"), one_));
    EXPECT_FALSE(names_.add(named("a"), two_));
    EXPECT_EQ(names_.find("a")->connection, one_);
}

TEST_F(EpmdRegistry, ForgetsANameOnlyForItsOwner) {
    (void)names_.add(named("a"), one_);
    EXPECT_FALSE(names_.remove("a", two_));
    EXPECT_TRUE(names_.remove("a", one_));
    EXPECT_FALSE(names_.remove("a", one_));
    EXPECT_EQ(names_.find("a"), nullptr);
}

TEST_F(EpmdRegistry, RefusesNamesThatCannotBe) {
    std::string wide;
    for (int i = 0; i < 255; ++i)
        wide += "\xc3\xa9";
    EXPECT_TRUE(names_.add(named(wide), one_));
    for (const std::string& name : {std::string(), wide + "e", std::string(256, 'q'), std::string("\xff"),
                                    std::string("a\nname b at port 1")}) {
        EXPECT_FALSE(names_.add(named(name), one_)) << name;
    }
    node_entry chatty = named("chatty");
    chatty.extra = std::string(2000, 'e');
    EXPECT_FALSE(names_.add(chatty, one_));
}

TEST_F(EpmdRegistry, KeepsItsBoundOfLivingNames) {
    for (int i = 0; i < 5; ++i)
        EXPECT_TRUE(names_.add(named("n" + std::to_string(i)), one_));
    EXPECT_FALSE(names_.add(named("n5"), one_));
    names_.remove("n0", one_);
    EXPECT_TRUE(names_.add(named("n5"), one_));
}

TEST_F(EpmdRegistry, KeepsItsBoundOfOldNamesAndForgetsTheOldestFirst) {
    for (int i = 0; i < 100; ++i) {
        const std::string name = "n" + std::to_string(i);
        (void)names_.add(named(name), one_);
        names_.remove(name, one_);
    }
    ASSERT_EQ(names_.old().size(), 3u);
    EXPECT_EQ(names_.old().front().node.name, "n97");
    EXPECT_EQ(names_.old().back().node.name, "n99");
    now_ += 50;
    EXPECT_EQ(names_.add(named("n98"), one_), start + 1) << "remembered";
    EXPECT_EQ(names_.add(named("n1"), two_), start + 50) << "forgotten";
}

TEST_F(EpmdRegistry, ListsTheNewestFirst) {
    (void)names_.add(named("a"), one_);
    (void)names_.add(named("b"), two_);
    EXPECT_EQ(names_.active().front().node.name, "b");
}

}  // namespace
}  // namespace rakka::test
