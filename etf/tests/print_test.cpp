#include <rakka/etf/build.hpp>
#include <rakka/etf/decode.hpp>
#include <rakka/etf/print.hpp>

#include <gtest/gtest.h>

#include <charconv>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace rakka {
namespace {

/// One line of the table made by scripts/make_print_table.escript.
struct row {
    term value;
    std::string p0, tp0, w, W;
};

std::vector<std::byte> bytes_of_hex(std::string_view hex) {
    std::vector<std::byte> out;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        unsigned value = 0;
        std::from_chars(hex.data() + i, hex.data() + i + 2, value, 16);
        out.push_back(static_cast<std::byte>(value));
    }
    return out;
}

/// Identifiers print the number of their node in this program's atom table, which differs from a BEAM's.
bool names_a_node(std::string_view text) {
    return text.find("#Ref<") != text.npos || text.find("#Port<") != text.npos;
}

std::vector<row> read_table() {
    std::ifstream in(RAKKA_ETF_SAMPLES "/print_table.txt");
    std::vector<row> rows;
    for (std::string line; std::getline(in, line);) {
        std::vector<std::string> columns;
        std::istringstream parts(line);
        for (std::string column; std::getline(parts, column, '\t');)
            columns.push_back(column);
        if (columns.size() != 5) {
            ADD_FAILURE() << "bad line: " << line;
            continue;
        }
        if (names_a_node(columns[1])) continue;
        auto value = etf::decode(bytes_of_hex(columns[0]));
        if (!value) {
            ADD_FAILURE() << "does not decode: " << columns[0];
            continue;
        }
        rows.push_back({std::move(value->term), columns[1], columns[2], columns[3], columns[4]});
    }
    return rows;
}

const std::vector<row>& table() {
    static const std::vector<row> rows = read_table();
    return rows;
}

TEST(print, prints_on_one_line_as_erlang_does) {
    ASSERT_GT(table().size(), 400u);
    for (const row& r : table())
        EXPECT_EQ(r.value.to_string(), r.p0);
}

TEST(print, prints_unicode_as_erlang_does) {
    for (const row& r : table())
        EXPECT_EQ(to_string(r.value.view(), {.charset = print_charset::unicode}), r.tp0);
}

TEST(print, prints_plainly_as_erlang_does) {
    for (const row& r : table())
        EXPECT_EQ(to_string(r.value.view(), {.style = print_style::plain}), r.w);
}

TEST(print, stops_at_the_depth_where_erlang_does) {
    for (const row& r : table())
        EXPECT_EQ(to_string(r.value.view(), {.style = print_style::plain, .depth = 5}), r.W) << r.w;
}

TEST(print, stops_at_max_chars_between_characters) {
    const term t = list(1, 2, 3, "text"_a);
    EXPECT_EQ(to_string(t.view(), {.max_chars = 4}), "[1,2...");
    EXPECT_EQ(to_string(t.view(), {.max_chars = 12}), "[1,2,3,text]") << "fits";
    EXPECT_EQ(to_string(term(charlist("ååå")).view(), {.max_chars = 4}), "\"å...");
    EXPECT_EQ(to_string(term(std::string(1000, 'x')).view(), {.max_chars = 5}), "<<\"xx...");
}

TEST(print, deep_terms_need_no_call_stack) {
    term t = list();
    for (int i = 0; i < 200'000; ++i)
        t = tuple(t);
    EXPECT_EQ(t.to_string().size(), 400'002u);
}

TEST(print, resources_and_nothing_have_a_text) {
    EXPECT_EQ(term().to_string(), "#None<>");
    EXPECT_EQ(to_string("it's"_a), R"('it\'s')");
}

TEST(print, local_identifiers_print_as_those_of_the_own_node) {
    EXPECT_EQ(term(pid{{}, 7, 3, 1}).to_string(), "<0.7.3>");
    EXPECT_EQ(term(reference{{}, 1, 3, {1, 2, 3}}).to_string(), "#Ref<0.3.2.1>");
}

}  // namespace
}  // namespace rakka
