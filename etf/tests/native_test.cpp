#include <rakka/etf/build.hpp>
#include <rakka/etf/encode.hpp>
#include <rakka/etf/native.hpp>
#include <rakka/etf/order.hpp>

#include <boost/describe.hpp>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace rakka {
namespace {

/// Counts what is done with it.
struct traced {
    struct counts {
        int living = 0, copies = 0, moves = 0;
    };
    counts* seen;
    int value;
    traced(counts& c, int v) : seen(&c), value(v) { ++seen->living; }
    traced(const traced& o) : seen(o.seen), value(o.value) { ++seen->living, ++seen->copies; }
    traced(traced&& o) noexcept : seen(o.seen), value(std::exchange(o.value, -1)) {
        ++seen->living, ++seen->moves;
    }
    ~traced() { --seen->living; }
};
struct other {
    std::string name;
};
struct alignas(64) wide {
    std::array<char, 200> bytes{};
};
enum class colour { red, green };
struct described {
    int a = 0;
};
BOOST_DESCRIBE_STRUCT(described, (), (a))
struct throws_when_moved {
    throws_when_moved() = default;
    throws_when_moved(throws_when_moved&&) { throw std::runtime_error("stuck"); }
};

static_assert(etf::native<traced> && etf::native<std::unique_ptr<int>> && etf::native<colour>);
static_assert(!etf::native<described> && !etf::native<std::vector<int>> && !etf::native<std::string>);
static_assert(!etf::native<tuple_view> && !etf::native<list_view> && !etf::native<map_view>);
static_assert(!etf::native<std::span<const int>> && !etf::native<std::span<std::byte>>);
static_assert(!etf::native<int*> && !etf::native<term> && !etf::native<term_view> && !etf::native<pid>);

TEST(native, objects_live_as_long_as_a_term_that_holds_them) {
    traced::counts seen;
    {
        const term t = make_native(traced(seen, 7));
        EXPECT_EQ(seen.moves, 1);
        EXPECT_EQ(native_cast<traced>(t)->value, 7);
        EXPECT_EQ(native_cast<other>(t), nullptr);
        EXPECT_EQ(native_cast<traced>(term(1).view()), nullptr);
        term inside = list(tuple("here"_a, t), 1);
        EXPECT_EQ(native_cast<traced>(inside.list().head().tuple()[1]), native_cast<traced>(t));
        const term kept = inside.share(inside.list().head().tuple()[1]);
        inside = term();
        EXPECT_EQ(native_cast<traced>(kept)->value, 7);
        EXPECT_EQ(kept, t);
        EXPECT_EQ(seen.living, 1);
    }
    EXPECT_EQ(seen.living, 0);
    EXPECT_EQ(seen.copies, 0);
}

TEST(native, objects_are_no_other_term_and_leave_no_program) {
    const term a = make_native(other{"a"}), b = make_native(other{"a"});
    EXPECT_TRUE(a.is(kind::resource));
    EXPECT_EQ(a, a);
    EXPECT_FALSE(a == b);
    EXPECT_EQ(a.to_string(), "#Resource<>");
    EXPECT_EQ(etf::encode(a).error(), etf::errc::not_encodable);
    EXPECT_THROW(static_cast<void>(term::copy(a)), boost::system::system_error);
}

TEST(native, objects_of_any_size_and_alignment) {
    const term w = make_native(wide{});
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(native_cast<wide>(w)) % alignof(wide), 0U);
    const term e = make_native(colour::green);
    EXPECT_EQ(*native_cast<colour>(e), colour::green);
    EXPECT_EQ(native_cast<colour>(make_native(other{}).view()), nullptr);
    EXPECT_THROW(static_cast<void>(make_native(throws_when_moved())), std::runtime_error);
}

TEST(native, objects_can_be_taken_by_their_only_owner) {
    traced::counts seen;
    term t = make_native(traced(seen, 7));
    EXPECT_FALSE(take_native<other>(std::move(t)));
    {
        const term second = t;
        EXPECT_FALSE(take_native<traced>(std::move(t)));
    }
    ASSERT_TRUE(t.has_value());
    EXPECT_EQ(take_native<traced>(std::move(t))->value, 7);
    EXPECT_FALSE(t.has_value());
    EXPECT_EQ(seen.living, 0);
    EXPECT_EQ(seen.copies, 0);
}

TEST(native, objects_are_not_taken_from_those_who_hold_a_term_around_them) {
    traced::counts seen;
    const term held = make_native(traced(seen, 7));
    term message = tuple("x"_a, held);
    term part = message.share(message.tuple()[1]);
    message = term();
    EXPECT_FALSE(take_native<traced>(std::move(part)));
    EXPECT_EQ(match(std::move(part), on<traced>([](traced&& v) { return v.value; })), std::nullopt);
    message = tuple("x"_a, held);
    const term_view inside = message.tuple()[1];
    EXPECT_EQ(match(std::move(message).narrowed(inside), on<traced>([](traced v) { return v.value; })), 7);
    EXPECT_EQ(native_cast<traced>(held)->value, 7);
}

TEST(native, clauses_choose_by_type) {
    const auto which = [](term t) {
        return match(std::move(t),
                     on<traced>([](const traced& v) { return "traced " + std::to_string(v.value); }),
                     on<other>([](other o) { return "other " + o.name; }),
                     on<described>([](described d) { return "described " + std::to_string(d.a); }),
                     on("atom"_a, [] { return std::string("atom"); }));
    };
    traced::counts seen;
    EXPECT_EQ(which(make_native(traced(seen, 3))), "traced 3");
    EXPECT_EQ(which(make_native(other{"x"})), "other x");
    EXPECT_EQ(which(to_term(described{5})), "described 5");
    EXPECT_EQ(which("atom"_a), "atom");
    EXPECT_EQ(which(make_native(colour::red)), std::nullopt);
    EXPECT_EQ(which(list()), std::nullopt);
}

TEST(native, clauses_move_what_is_given_away_and_show_what_is_not) {
    traced::counts seen;
    term t = make_native(traced(seen, 7));
    const auto by_value = [](traced v) { return v.value; };
    const auto by_rvalue = [](traced&& v) { return v.value; };
    seen = {1, 0, 0};
    EXPECT_EQ(match(t, on<traced>(by_value)), 7);
    EXPECT_EQ(seen.copies, 1) << "whoever keeps the term keeps the object";
    EXPECT_EQ(match(t, on<traced>(by_rvalue)), std::nullopt);
    EXPECT_EQ(match(t.view(), on<traced>([](const traced& v) { return v.value; })), 7);
    {
        const term second = t;
        EXPECT_EQ(match(term(t), on<traced>(by_rvalue)), std::nullopt);
        EXPECT_EQ(match(term(t), on<traced>(by_value)), 7);
        EXPECT_EQ(native_cast<traced>(t)->value, 7);
    }
    seen = {1, 0, 0};
    EXPECT_EQ(match(std::move(t), on<traced>(by_value)), 7);
    EXPECT_EQ(seen.copies, 0);
    EXPECT_EQ(seen.moves, 1);
    const auto owned = match(make_native(std::make_unique<int>(4)),
                             on<std::unique_ptr<int>>([](std::unique_ptr<int> p) { return p; }));
    ASSERT_TRUE(owned && *owned);
    EXPECT_EQ(**owned, 4);
}

}  // namespace
}  // namespace rakka
