#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
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

/// One line of print_table.txt, made by scripts/make_print_table.escript.
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

std::vector<std::vector<std::string>> read_columns(const char* file, std::size_t expected) {
    std::ifstream in(std::string(RAKKA_ETF_SAMPLES "/") + file);
    std::vector<std::vector<std::string>> rows;
    for (std::string line; std::getline(in, line);) {
        std::vector<std::string>& columns = rows.emplace_back();
        std::istringstream parts(line);
        for (std::string column; std::getline(parts, column, '\t');)
            columns.push_back(column);
        if (columns.size() == expected) continue;
        ADD_FAILURE() << "bad line: " << line;
        rows.pop_back();
    }
    return rows;
}

std::vector<row> read_table() {
    std::vector<row> rows;
    for (const auto& columns : read_columns("print_table.txt", 5)) {
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

/// Undoes how the table writes line breaks.
std::string with_line_breaks(std::string text) {
    constexpr std::string_view sign = "\u2424";
    for (auto at = text.find(sign); at != text.npos; at = text.find(sign, at))
        text.replace(at, sign.size(), "\n");
    return text;
}

TEST(print, breaks_lines_where_erlang_does) {
    const auto rows = read_columns("print_lines.txt", 6);
    ASSERT_GT(rows.size(), 200u);
    for (const auto& r : rows) {
        const auto value = etf::decode(bytes_of_hex(r[3]));
        ASSERT_TRUE(value);
        print_options how{.line_length = std::stoul(r[0]), .column = std::stoul(r[1])};
        EXPECT_EQ(to_string(value->term.view(), how), with_line_breaks(r[4])) << r[0] << ' ' << r[1];
        how.charset = print_charset::unicode;
        how.depth = std::stoul(r[2]);
        EXPECT_EQ(to_string(value->term.view(), how), with_line_breaks(r[5])) << r[0] << ' ' << r[1];
    }
}

TEST(print, indents_what_is_inside) {
    const term t = tuple("state"_a, map("name"_a, charlist("calc"), "pending"_a, list(1, 2, 3)),
                         list(tuple("client"_a, 1.5), tuple("client"_a, "text")));
    EXPECT_EQ(to_string(t.view(), {.line_length = 100}),
              R"({state,#{name => "calc",pending => [1,2,3]},[{client,1.5},{client,<<"text">>}]})");
    EXPECT_EQ(to_string(t.view(), {.line_length = 40}), R"({state,#{name => "calc",
         pending => [1,2,3]},
       [{client,1.5},
        {client,<<"text">>}]})");
    EXPECT_EQ(to_string(t.view(), {.line_length = 40, .column = 3}), R"({state,#{name => "calc",
           pending => [1,2,3]},
         [{client,1.5},
          {client,<<"text">>}]})");
    EXPECT_EQ(to_string(t.view(), {.style = print_style::plain, .line_length = 10}).find('\n'),
              std::string::npos);
}

TEST(print, a_text_that_is_cut_is_laid_out_no_further_than_it_is_seen) {
    std::vector<term> parts;
    for (int i = 0; i < 2000; ++i)
        parts.push_back(tuple("part"_a, i, map("key"_a, i, "list"_a, list("x"_a, i))));
    const term t = to_term(parts);
    const std::string whole = to_string(t.view(), {.line_length = 30});
    for (std::size_t n = 1; n < 3000; n += 7) {
        const std::string cut = to_string(t.view(), {.line_length = 30, .max_chars = n});
        ASSERT_EQ(cut, whole.substr(0, n) + "...");
    }
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
    EXPECT_EQ(to_string(t.view(), {.line_length = 80}).size(), 400'002u)
        << "nothing to put on a line of its own";
    for (int i = 0; i < 200'000; ++i)
        t = i % 2 ? term(list("a"_a, t)) : term(map("key"_a, tuple("tag"_a, t)));
    const std::string seen = to_string(t.view(), {.line_length = 80, .max_chars = 100'000});
    EXPECT_EQ(seen.size(), 100'003u);
    EXPECT_LT(to_string(t.view(), {.line_length = 80, .depth = 500}).size(), 10'000'000u);
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
