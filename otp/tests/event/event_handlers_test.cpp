// The list of handlers alone: tables of what is where after which steps.
#include "event/event_handlers.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rakka::detail {
namespace {

pid process(std::uint32_t n) {
    pid p;
    p.node = "n@h"_a;
    p.id = n;
    return p;
}

installed_handler one(handler_id id, pid supervisor = {}) {
    return {std::move(id), supervisor, nullptr};
}

std::string shown(const event_handlers& all) {
    return term(all.names()).to_string();
}

TEST(handler_ids, read_what_erlang_takes_for_a_handler_and_nothing_else) {
    struct row {
        term given;
        const char* shown;  // null: no handler
    };
    const row table[] = {
        {term("m"_a), "m"},
        {tuple("m"_a, 1), "{m,1}"},
        {tuple("m"_a, tuple("a"_a, 1.5)), "{m,{a,1.5}}"},
        {tuple("m"_a, false), "m"},
        {tuple("m"_a, true), "{m,true}"},
        {tuple("m"_a, "undefined"_a), "{m,undefined}"},
        {term(1), nullptr},
        {tuple(1, 2), nullptr},
        {tuple("m"_a), nullptr},
        {tuple("m"_a, 1, 2), nullptr},
        {term("text"), nullptr},
    };
    for (const row& r : table) {
        const auto id = handler_id::read(r.given);
        ASSERT_EQ(id.has_value(), r.shown != nullptr) << r.given.to_string();
        if (id) {
            EXPECT_EQ(id->to_term().to_string(), r.shown);
        }
    }
}

TEST(handler_ids, are_equal_when_erlang_says_so) {
    EXPECT_EQ(handler_id("m"_a), handler_id("m"_a));
    EXPECT_EQ(handler_id("m"_a), handler_id("m"_a, atoms::known<"false">));
    EXPECT_NE(handler_id("m"_a), handler_id("m"_a, 1));
    EXPECT_NE(handler_id("m"_a), handler_id("n"_a));
    EXPECT_EQ(handler_id("m"_a, tuple(1, 2)), handler_id("m"_a, tuple(1, 2)));
    EXPECT_NE(handler_id("m"_a, 1), handler_id("m"_a, 1.0)) << "=:=";
}

TEST(event_handlers, the_newest_is_in_front_and_the_first_of_an_id_is_meant) {
    event_handlers all;
    EXPECT_TRUE(all.empty());
    EXPECT_EQ(all.find("a"_a), std::nullopt);
    all.insert(0, one("a"_a));
    all.insert(0, one({"a"_a, 1}));
    all.insert(0, one("b"_a));
    all.insert(0, one("a"_a, process(9)));
    EXPECT_EQ(shown(all), "[a,b,{a,1},a]");
    EXPECT_EQ(all.find("a"_a), 0U);
    EXPECT_EQ(all.find({"a"_a, 1}), 2U);
    EXPECT_EQ(all.find({"a"_a, 2}), std::nullopt);
    EXPECT_EQ(all.take(0).supervisor, process(9));
    EXPECT_EQ(all.find("a"_a), 2U);
    EXPECT_EQ(all.take(1).id, handler_id("a"_a, 1));
    EXPECT_EQ(shown(all), "[b,a]");
    all.insert(1, one("c"_a));
    EXPECT_EQ(shown(all), "[b,c,a]");
    EXPECT_EQ(all.size(), 3U);
}

TEST(event_handlers, those_of_one_supervisor_leave_in_their_order) {
    event_handlers all;
    for (int n = 5; n > 0; --n)
        all.insert(0, one({"h"_a, n}, n % 2 == 1 ? process(1) : n == 2 ? process(2) : pid()));
    const auto gone = all.take_supervised_by(process(1));
    ASSERT_EQ(gone.size(), 3U);
    EXPECT_EQ(gone[0].id, handler_id("h"_a, 1));
    EXPECT_EQ(gone[1].id, handler_id("h"_a, 3));
    EXPECT_EQ(gone[2].id, handler_id("h"_a, 5));
    EXPECT_EQ(shown(all), "[{h,2},{h,4}]");
    EXPECT_TRUE(all.take_supervised_by(process(3)).empty());
}

TEST(event_handlers, modules_are_told_once_and_sorted) {
    event_handlers all;
    for (const atom m : {"b"_a, "a"_a, "b"_a, "ab"_a, "B"_a})
        all.insert(0, one({m, static_cast<std::int64_t>(all.size())}));
    EXPECT_EQ(term(all.modules()).to_string(), "['B',a,ab,b]");
}

TEST(event_handlers, show_false_for_what_they_do_not_have) {
    EXPECT_EQ(one("a"_a).shown_id(), term("false"_a));
    EXPECT_EQ(one({"a"_a, 1}).shown_id(), term(1));
    EXPECT_EQ(one("a"_a).shown_supervisor(), term("false"_a));
    EXPECT_EQ(one("a"_a, process(1)).shown_supervisor(), term(process(1)));
}

}  // namespace
}  // namespace rakka::detail
