// What would point into a term that is gone does not compile.
#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/match.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace rakka {
namespace {

struct owner {
    int id = 0;
    std::string name;
    std::vector<owner> children;  // a type that holds itself
};
BOOST_DESCRIBE_STRUCT(owner, (), (id, name, children))

struct borrower {
    int id = 0;
    std::optional<std::string_view> name;
};
BOOST_DESCRIBE_STRUCT(borrower, (), (id, name))

template <class T>
constexpr bool reads_from_temporary = requires(term t) {
    std::move(t).template as<T>();
};
template <class T>
constexpr bool reads_from_name = requires(const term t) {
    t.template as<T>();
};

template <class T>
constexpr bool only_from_name = reads_from_name<T> && !reads_from_temporary<T>;
template <class T>
constexpr bool from_both = reads_from_name<T>&& reads_from_temporary<T>;

static_assert(only_from_name<term_view>);
static_assert(only_from_name<std::string_view>);
static_assert(only_from_name<std::span<const std::byte>>);
static_assert(only_from_name<tuple_view>);
static_assert(only_from_name<list_view>);
static_assert(only_from_name<map_view>);
static_assert(only_from_name<std::vector<std::string_view>>);
static_assert(only_from_name<std::map<int, term_view>>);
static_assert(only_from_name<std::pair<int, std::string_view>>);
static_assert(only_from_name<std::array<std::string_view, 2>>);
static_assert(only_from_name<std::variant<int, std::optional<list_view>>>);
static_assert(only_from_name<borrower>);
static_assert(only_from_name<std::vector<borrower>>);

static_assert(from_both<int>);
static_assert(from_both<std::string>);
static_assert(from_both<term>);
static_assert(from_both<atom>);
static_assert(from_both<std::map<std::string, std::vector<std::byte>>>);
static_assert(from_both<std::array<double, 2>>);
static_assert(from_both<owner>);

template <class Term>
constexpr bool looks_inside = requires(Term&& t) {
    std::forward<Term>(t).tuple();
}
|| requires(Term&& t) {
    std::forward<Term>(t).list();
}
|| requires(Term&& t) {
    std::forward<Term>(t).map();
}
|| requires(Term&& t, term_view v) {
    v = std::forward<Term>(t);
};
static_assert(looks_inside<const term&> && !looks_inside<term> && !looks_inside<const term>);

constexpr auto identity = [](auto&& value) { return value; };

template <class Subject, class Clause>
constexpr bool can_match = requires(Subject&& subject, Clause clause) {
    match(std::forward<Subject>(subject), clause);
};
template <class T, class Handler>
using clause_of = decltype(on(tuple_of("ok"_a, x<T>), std::declval<Handler>()));
template <class Subject, class T, class Handler>
constexpr bool matches = can_match<Subject, clause_of<T, Handler>>;
static_assert(matches<const term&, term_view, decltype(identity)>);
static_assert(!matches<term, term_view, decltype(identity)>);
static_assert(!matches<term, std::string_view, decltype(identity)>);
static_assert(!matches<const term, std::string_view, decltype(identity)>);
static_assert(!matches<term, borrower, decltype(identity)>);
static_assert(matches<term, std::string, decltype(identity)>);
static_assert(matches<term_view, term_view, decltype(identity)>,
              "who asks for a view knows what it looks at");
static_assert(matches<term, std::string_view, decltype([](std::string_view s) { return s.size(); })>);
static_assert(matches<term, std::string_view, decltype([](std::string_view) {})>);

template <class T>
constexpr bool selects_temporary = requires(etf::clause_set<decltype(on(x<T>, [](T) {}))> set, term t) {
    set.select(std::move(t));
};
static_assert(!selects_temporary<term_view> && selects_temporary<std::string> && selects_temporary<term>);

TEST(borrowing, a_temporary_lives_as_long_as_the_handlers_run) {
    const auto size = match(term(tuple("ok"_a, std::string(100, 'x'))),
                            on(tuple_of("ok"_a, x<std::string_view>), [](std::string_view s) {
                                return std::string(s) == std::string(100, 'x') ? s.size() : 0;
                            }));
    EXPECT_EQ(size, 100u);
    const term named = tuple("ok"_a, "text");
    const auto view = match(named, on(tuple_of("ok"_a, x<std::string_view>), identity));
    EXPECT_EQ(view, "text");
    EXPECT_EQ(term(list(1, 2)).as<std::vector<int>>().value(), (std::vector<int>{1, 2}));
}

}  // namespace
}  // namespace rakka
