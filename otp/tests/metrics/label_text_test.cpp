// Values of labels are UTF-8 in one line, whatever they were.
#include "metrics/label_text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace rakka::detail {
namespace {

TEST(label_text_of, utf8_stays_as_it_is) {
    for (const char* const s : {"", "plain", "\"quoted\\", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x90\xa6",
                                "\xed\x9f\xbf", "\xee\x80\x80", "\xf4\x8f\xbf\xbf", "tab\tand\r"})
        EXPECT_EQ(label_text(s), s);
    EXPECT_EQ(label_text(std::string("a\0b", 3)), std::string("a\0b", 3));
}

TEST(label_text_of, line_breaks_become_blanks) {
    EXPECT_EQ(label_text("a\nb\n"), "a b ");
}

TEST(label_text_of, what_is_no_character_is_replaced_byte_by_byte) {
    const std::string r = "\xef\xbf\xbd";
    const std::vector<std::pair<std::string, std::string>> cases{
        {"\xff", r},
        {"\x80", r},
        {"a\xc3", "a" + r},           // cut off
        {"\xe2\x82z", r + r + "z"},   // cut off in the middle
        {"\xc0\xaf", r + r},          // longer than need be
        {"\xe0\x9f\xbf", r + r + r},  // likewise
        {"\xf0\x8f\xbf\xbf", r + r + r + r},
        {"\xed\xa0\x80", r + r + r},          // a surrogate
        {"\xf4\x90\x80\x80", r + r + r + r},  // beyond the last character
        {"\xf5\x80\x80\x80", r + r + r + r},
        {"\xc3\xa9\xff\xc3\xa9", "\xc3\xa9" + r + "\xc3\xa9"},
    };
    for (const auto& [given, wanted] : cases)
        EXPECT_EQ(label_text(given), wanted);
}

}  // namespace
}  // namespace rakka::detail
