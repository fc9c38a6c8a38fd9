#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/integer.hpp>
#include <rakka/etf/order.hpp>
#include <rakka/etf/print.hpp>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace model {

enum class role { admin, guest };
BOOST_DESCRIBE_ENUM(role, admin, guest)

struct address {
    std::string city;
    std::optional<int> zip;
    bool operator==(const address&) const = default;
};
BOOST_DESCRIBE_STRUCT(address, (), (city, zip))

struct user {
    std::int64_t id = 0;
    std::string name;
    std::optional<int> age;
    std::vector<address> homes;
    model::role role = role::guest;
    bool operator==(const user&) const = default;
};
BOOST_DESCRIBE_STRUCT(user, (), (id, name, age, homes, role))
RAKKA_ELIXIR_STRUCT(user, "Elixir.User")

struct point {
    double x = 0, y = 0;
    std::optional<rakka::atom> label;
    bool operator==(const point&) const = default;
};
BOOST_DESCRIBE_STRUCT(point, (), (x, y, label))
RAKKA_RECORD(point, "point")

struct spot : point {
    int weight = 0;
    bool operator==(const spot&) const = default;
};
BOOST_DESCRIBE_STRUCT(spot, (point), (weight))

}  // namespace model

namespace rakka {
namespace {

template <class T>
void expect_round_trip(const T& value, std::string_view text) {
    const term t = to_term(value);
    EXPECT_EQ(t.to_string(), text);
    const auto back = t.as<T>();
    ASSERT_TRUE(back) << text << ": " << back.error().message();
    EXPECT_TRUE(*back == value) << text;
}

TEST(convert, containers_are_lists_maps_and_tuples) {
    expect_round_trip(std::vector<int>{1, 2, 300}, "[1,2,300]");
    expect_round_trip(std::vector<int>{}, "[]");
    expect_round_trip(std::vector<bool>{true, false}, "[true,false]");
    expect_round_trip(std::list<std::string>{"a", "b"}, R"([<<"a">>,<<"b">>])");
    expect_round_trip(std::deque<double>{1.5}, "[1.5]");
    expect_round_trip(std::set<int>{3, 1, 2}, "[1,2,3]");
    expect_round_trip(std::array<int, 3>{1, 2, 3}, "[1,2,3]");
    expect_round_trip(std::map<std::string, std::vector<int>>{{"k", {1}}, {"a", {}}},
                      R"(#{<<"a">> => [],<<"k">> => [1]})");
    expect_round_trip(std::unordered_map<int, atom>{{1, "one"_a}}, "#{1 => one}");
    expect_round_trip(std::tuple<int, std::string, atom>{1, "x", "y"_a}, R"({1,<<"x">>,y})");
    expect_round_trip(std::pair<int, std::pair<bool, bool>>{1, {true, false}}, "{1,{true,false}}");
    expect_round_trip(std::tuple<>{}, "{}");
    expect_round_trip(std::vector<std::byte>{std::byte{1}, std::byte{2}}, "<<1,2>>");
}

TEST(convert, keyword_lists_are_lists_of_pairs_in_their_order) {
    using keywords = std::vector<std::pair<atom, std::int64_t>>;
    const term t(keywords{{"timeout"_a, 5000}, {"retries"_a, 3}, {"timeout"_a, 1}});
    EXPECT_EQ(t.to_string(), "[{timeout,5000},{retries,3},{timeout,1}]");
    EXPECT_EQ(t.as<keywords>().value(), (keywords{{"timeout"_a, 5000}, {"retries"_a, 3}, {"timeout"_a, 1}}));
    EXPECT_TRUE(term(list()).as<keywords>()->empty());
    EXPECT_EQ(term(list(tuple("a"_a, 1), "b"_a)).as<keywords>().error(), etf::errc::wrong_type);
}

TEST(convert, optionals_write_undefined_and_read_nil_too) {
    expect_round_trip(std::optional<int>{5}, "5");
    expect_round_trip(std::optional<int>{}, "undefined");
    EXPECT_EQ(term("nil"_a).as<std::optional<int>>().value(), std::nullopt);
    EXPECT_EQ(term("none"_a).as<std::optional<int>>().error(), etf::errc::wrong_type);
    expect_round_trip(std::monostate{}, "undefined");
}

TEST(convert, variants_take_the_first_alternative_that_fits) {
    using value = std::variant<std::monostate, bool, std::int64_t, double, std::string, std::vector<int>>;
    expect_round_trip(value{}, "undefined");
    expect_round_trip(value{true}, "true");
    expect_round_trip(value{std::int64_t{7}}, "7");
    expect_round_trip(value{7.0}, "7.0");
    expect_round_trip(value{std::string("s")}, R"(<<"s">>)");
    expect_round_trip(value{std::vector<int>{1}}, "[1]");
    EXPECT_EQ(term(tuple()).as<value>().error(), etf::errc::wrong_type);
}

TEST(convert, described_structs_are_maps_unless_told_otherwise) {
    expect_round_trip(model::address{"Berlin", 10115}, R"(#{city => <<"Berlin">>,zip => 10115})");
    expect_round_trip(model::address{"Berlin", {}}, R"(#{city => <<"Berlin">>,zip => undefined})");
    EXPECT_EQ(term(map("city"_a, "Bonn")).as<model::address>().value(), (model::address{"Bonn", {}}));
}

TEST(convert, elixir_structs_carry_their_module_and_nil) {
    expect_round_trip(
        model::user{1, "Ann", {}, {{"Bonn", {}}}, model::role::admin},
        R"(#{'__struct__' => 'Elixir.User',age => nil,homes => [#{city => <<"Bonn">>,zip => undefined}],)"
        R"(id => 1,name => <<"Ann">>,role => admin})");
    const term plain = map("id"_a, 1, "name"_a, "Ann", "homes"_a, list(), "role"_a, "guest"_a);
    EXPECT_EQ(plain.as<model::user>().error(), etf::errc::wrong_type) << "no __struct__";
}

TEST(convert, records_are_tagged_tuples) {
    expect_round_trip(model::point{1, 2, {}}, "{point,1.0,2.0,undefined}");
    expect_round_trip(model::point{1, 2, "here"_a}, "{point,1.0,2.0,here}");
    EXPECT_EQ(term(tuple("spot"_a, 1.0, 2.0, "here"_a)).as<model::point>().error(), etf::errc::wrong_type);
    EXPECT_EQ(term(tuple("point"_a, 1.0, 2.0)).as<model::point>().error(), etf::errc::wrong_type);
}

TEST(convert, members_of_bases_count_but_not_their_shape) {
    expect_round_trip(model::spot{{1, 2, {}}, 3}, "#{label => undefined,weight => 3,x => 1.0,y => 2.0}");
}

TEST(convert, errors_say_what_is_wrong_and_where) {
    const auto error = [](const term& t) { return convert<model::user>(t.view()).error(); };
    const auto person = [](auto id, auto name, auto homes, auto role) {
        return term(map("__struct__"_a, "Elixir.User"_a, "id"_a, id, "name"_a, name, "homes"_a, homes,
                        "role"_a, role));
    };
    EXPECT_TRUE(convert<model::user>(person(1, "Ann", list(), "guest"_a).view()));
    const auto wrong_id = error(person("1", "Ann", list(), "guest"_a));
    EXPECT_EQ(wrong_id.code, etf::errc::wrong_type);
    EXPECT_EQ(wrong_id.path, ".id");
    const auto wrong_zip =
        error(person(1, "Ann", list(map("city"_a, "Bonn"), map("city"_a, "Ulm", "zip"_a, "x")), "guest"_a));
    EXPECT_EQ(wrong_zip.path, ".homes[1].zip");
    const auto no_city = error(person(1, "Ann", list(map()), "guest"_a));
    EXPECT_EQ(no_city.code, etf::errc::missing_key);
    EXPECT_EQ(no_city.path, ".homes[0].city");
    const auto wrong_role = error(person(1, "Ann", list(), "boss"_a));
    EXPECT_EQ(wrong_role.code, etf::errc::unknown_name);
    EXPECT_EQ(wrong_role.path, ".role");
    EXPECT_EQ(wrong_role.message(), ".role: an atom that is no enumerator's name");
    EXPECT_EQ(term(map("city"_a, "Bonn", "country"_a, "x")).as<model::address>().error(),
              etf::errc::unknown_key);
    const term pairs = list(tuple("a"_a, 1), tuple("b"_a, 2.0));
    EXPECT_EQ((convert<std::vector<std::pair<atom, int>>>(pairs.view()).error().path), "[1]{2}");
}

TEST(convert, lists_must_be_proper_and_arrays_of_their_size) {
    EXPECT_EQ(term(cons(1, 2)).as<std::vector<int>>().error(), etf::errc::wrong_type);
    EXPECT_EQ(term("x"_a).as<std::vector<int>>().error(), etf::errc::wrong_type);
    EXPECT_EQ((term(list(1, 2)).as<std::array<int, 3>>().error()), etf::errc::wrong_type);
    EXPECT_EQ((term(tuple(1, 2)).as<std::tuple<int>>().error()), etf::errc::wrong_type);
    EXPECT_EQ(term(list(1, 300)).as<std::vector<std::uint8_t>>().error(), etf::errc::out_of_range);
}

TEST(convert, two_keys_that_read_alike_are_an_error) {
    const term t = map("a"_a, 1, "nil"_a, 3, "undefined"_a, 4);
    EXPECT_EQ((t.as<std::unordered_map<std::optional<atom>, int>>().error()), etf::errc::duplicate_key);
}

TEST(convert, text_comes_from_binaries_and_character_lists) {
    EXPECT_EQ(as_text(term("bin").view()).value(), "bin");
    EXPECT_EQ(as_text(term(charlist("grün €")).view()).value(), "grün €");
    EXPECT_EQ(as_text(term(list()).view()).value(), "");
    EXPECT_EQ(as_text(term(list(97, "b"_a)).view()).error(), etf::errc::wrong_type);
    EXPECT_EQ(as_text(term(list(0xD800)).view()).error(), etf::errc::wrong_type);
    EXPECT_EQ(as_text(term(cons(97, 98)).view()).error(), etf::errc::wrong_type);
}

TEST(convert, integers_of_any_size) {
    for (const char* text : {"0", "-1", "1152921504606846975", "1152921504606846976", "-1152921504606846976",
                             "-1152921504606846977", "18446744073709551615", "18446744073709551616",
                             "-340282366920938463463374607431768211456"})
        expect_round_trip(cpp_int(text), text);
    EXPECT_EQ(to_term(cpp_int(5)), term(5));
    EXPECT_EQ(term(1.0).as<cpp_int>().error(), etf::errc::wrong_type);
}

RC_GTEST_PROP(convert_property, nested_containers_come_back_equal,
              (const std::vector<
                  std::pair<std::string, std::map<std::int64_t, std::tuple<bool, std::uint64_t>>>>& value)) {
    const term t = to_term(value);
    RC_ASSERT(t.as<std::decay_t<decltype(value)>>().value() == value);
}

}  // namespace
}  // namespace rakka
