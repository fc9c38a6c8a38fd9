#include <rakka/node/errc.hpp>
#include <rakka/node/node_name.hpp>

#include <gtest/gtest.h>

#include <string>

namespace rakka {
namespace {

TEST(NodeName, SplitsAtTheAtSign) {
    const node_name n = node_name::parse("calc@host.example.org").value();
    EXPECT_EQ(n.text(), "calc@host.example.org");
    EXPECT_EQ(n.alive(), "calc");
    EXPECT_EQ(n.host(), "host.example.org");
}

TEST(NodeName, NeedsTextOnBothSidesOfExactlyOneAtSign) {
    for (const auto* text : {"", "a", "@", "a@", "@b", "a@b@c", "a@@b"}) {
        EXPECT_EQ(node_name::parse(text).error(), node_errc::bad_node_name) << text;
    }
}

TEST(NodeName, RefusesBlanksControlsAndCharactersBeyondLatin1) {
    for (const auto* text :
         {"a b@c", "a@b c", "a@b\n", "a\t@b", "\xc2\x85@b", "\xe2\x82\xac@b", "\xff@b", "\xc3"}) {
        EXPECT_EQ(node_name::parse(text).error(), node_errc::bad_node_name_character) << text;
    }
}

TEST(NodeName, HoldsUpTo255Characters) {
    EXPECT_TRUE(node_name::parse(std::string(253, 'a') + "@b"));
    EXPECT_EQ(node_name::parse(std::string(254, 'a') + "@b").error(), node_errc::node_name_too_long);
    EXPECT_EQ(node_name::parse(std::string(100'000, 'a') + "@b").error(), node_errc::node_name_too_long);
    std::string wide;
    for (int i = 0; i < 253; ++i)
        wide += "\xc3\xa9";
    EXPECT_TRUE(node_name::parse(wide + "@b"));
    EXPECT_EQ(node_name::parse(wide + "e@b").error(), node_errc::node_name_too_long);
}

TEST(NodeName, IsUtf8InTermsAndLatin1InHandshakes) {
    const node_name n = node_name::from_latin1("\xe9t\xe9@h\xf6st").value();
    EXPECT_EQ(n.text(), "\xc3\xa9t\xc3\xa9@h\xc3\xb6st");
    EXPECT_EQ(n.latin1(), "\xe9t\xe9@h\xf6st");
    EXPECT_EQ(n.alive(), "\xc3\xa9t\xc3\xa9");
    EXPECT_EQ(n.host(), "h\xc3\xb6st");
    EXPECT_EQ(node_name::parse(n.text()).value(), n);
}

TEST(NodeName, OfOurOwnFollowsTheRulesOfBeam) {
    EXPECT_TRUE(node_name::parse_own("calc_1-x@host", name_form::short_names));
    EXPECT_TRUE(node_name::parse_own("calc@host.org", name_form::long_names));
    EXPECT_TRUE(node_name::parse_own("calc@127.0.0.1", name_form::long_names));
    EXPECT_TRUE(node_name::parse_own("calc@::1", name_form::long_names));
    EXPECT_EQ(node_name::parse_own("calc@host.org", name_form::short_names).error(),
              node_errc::host_has_dots);
    EXPECT_EQ(node_name::parse_own("calc@host", name_form::long_names).error(), node_errc::host_has_no_dots);
    EXPECT_EQ(node_name::parse_own("ca.lc@host", name_form::short_names).error(),
              node_errc::bad_node_name_character);
}

TEST(NodeName, IsOrderedAsAtomsAre) {
    EXPECT_LT(node_name::parse("a@b").value(), node_name::parse("b@a").value());
    EXPECT_LT(node_name::parse("B@b").value(), node_name::parse("a@b").value());
    EXPECT_LT(node_name::parse("z@b").value(), node_name::parse("\xc3\xa9@b").value());
    EXPECT_LT(node_name::parse("a@b").value(), node_name::parse("a@bb").value());
}

TEST(NodeName, ExplainsWhatIsWrongAndWhatToDo) {
    const std::string text = explain_bad_node_name("calc", node_errc::bad_node_name);
    EXPECT_EQ(
        text,
        "node name \"calc\": not a node name: write name@host, with text on both sides of exactly one '@'");
    EXPECT_EQ(explain_bad_node_name("a\n@b", node_errc::bad_node_name_character).find('\n'),
              std::string::npos);
}

}  // namespace
}  // namespace rakka
