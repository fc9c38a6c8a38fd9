#include "text_lexer.hpp"

#include "utf8.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace rakka::etf::detail {
namespace {

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
constexpr int digit_value(char c) noexcept {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'z') return c - 'a' + 10;
    if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
    return 99;
}
constexpr bool starts_word(char32_t c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 0xDF && c <= 0xFF && c != 0xF7);
}
constexpr bool continues_word(char32_t c) noexcept {
    return starts_word(c) || (c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7) ||
           (c >= '0' && c <= '9') || c == '_' || c == '@';
}
constexpr bool is_blank(char c) noexcept {
    return static_cast<unsigned char>(c) <= ' ';
}

}  // namespace

void text_lexer::fail_at(std::size_t offset, errc code, std::string what) const {
    const std::string_view before = text_.substr(0, offset);
    const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    const auto is_lead = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
    throw parse_error{code, static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1,
                      static_cast<std::size_t>(std::count_if(
                          before.begin() + static_cast<std::ptrdiff_t>(line_start), before.end(), is_lead)) +
                          1,
                      std::move(what)};
}

void text_lexer::expect(std::string_view punctuation) {
    if (!take(punctuation)) fail(errc::syntax, "expected '" + std::string(punctuation) + "'");
}

void text_lexer::skip_blanks() {
    while (more()) {
        if (peek() == '%') {
            while (more() && peek() != '\n')
                ++at_;
        } else if (is_blank(peek())) {
            ++at_;
        } else {
            return;
        }
    }
}

void text_lexer::advance() {
    skip_blanks();
    start_ = at_;
    quoted_ = false;
    value_.clear();
    if (!more()) {
        token_ = token::end;
        return;
    }
    const char c = peek();
    if (is_digit(c)) return read_number();
    if (c == '"') return read_quoted(c);
    if (c == '\'') return read_quoted(c);
    if (c == '$') return read_character();
    const code_point first = next_utf8(text_.substr(at_));
    if (first.size == 0) fail(errc::bad_utf8, "not UTF-8");
    if (starts_word(first.value)) return read_word();
    if (!read_identifier()) read_punctuation();
}

char32_t text_lexer::next_character() {
    const code_point c = next_utf8(text_.substr(at_));
    if (c.size == 0)
        fail_at(at_, more() ? errc::bad_utf8 : errc::syntax, more() ? "not UTF-8" : "the text ends here");
    at_ += c.size;
    return c.value;
}

void text_lexer::read_digits(int base) {
    value_.clear();
    for (; digit_value(peek()) < base; ++at_) {
        value_ += peek();
        if (peek(1) == '_' && digit_value(peek(2)) < base) ++at_;
        if (value_.size() > limits_.max_digits) fail(errc::too_large, "an integer with too many digits");
    }
    base_ = base;
}

void text_lexer::read_number() {
    read_digits(10);
    token_ = token::integer;
    if (peek() == '#') {
        const int base = value_.size() <= 2 ? std::stoi(value_) : 0;
        if (base < 2 || base > 36) fail(errc::syntax, "the base of an integer is 2 to 36");
        ++at_;
        read_digits(base);
        if (value_.empty()) fail(errc::syntax, "expected digits");
    } else if (peek() == '.' && is_digit(peek(1))) {
        read_fraction();
    }
}

void text_lexer::read_fraction() {
    const auto take_digits = [&] {
        for (; is_digit(peek()); ++at_) {
            value_ += peek();
            if (peek(1) == '_' && is_digit(peek(2))) ++at_;
        }
    };
    value_ += '.';
    ++at_;
    take_digits();
    if ((peek() == 'e' || peek() == 'E') &&
        (is_digit(peek(1)) || ((peek(1) == '-' || peek(1) == '+') && is_digit(peek(2))))) {
        value_ += 'e';
        ++at_;
        if (!is_digit(peek())) {
            if (peek() == '-') value_ += '-';
            ++at_;
        }
        take_digits();
    }
    token_ = token::real;
    const auto read = std::from_chars(value_.data(), value_.data() + value_.size(), real_);
    if (read.ec == std::errc::result_out_of_range && value_.find("e-") != std::string::npos) {
        real_ = 0;  // too small to tell from zero
    } else if (read.ec != std::errc{} || !std::isfinite(real_)) {
        fail(errc::bad_float, "a float out of range");
    }
}

void text_lexer::read_character() {
    ++at_;
    char32_t c = next_character();
    if (c == '\\') c = read_escape();
    token_ = token::integer;
    base_ = 10;
    value_ = std::to_string(static_cast<std::uint32_t>(c));
}

char32_t text_lexer::read_hexadecimal() {
    const bool braces = peek() == '{';
    if (braces) ++at_;
    std::uint32_t value = 0;
    std::size_t n = 0;
    for (; digit_value(peek()) < 16 && n < (braces ? 6u : 2u); ++at_, ++n)
        value = value * 16 + static_cast<std::uint32_t>(digit_value(peek()));
    if ((braces && peek() != '}') || n == 0 || (!braces && n != 2))
        fail_at(at_, errc::syntax, "a malformed \\x escape");
    if (braces) ++at_;
    if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        fail_at(at_, errc::syntax, "not a character");
    return value;
}

char32_t text_lexer::read_escape() {
    const char32_t c = next_character();
    if (c == 'x') return read_hexadecimal();
    if (c == '^') return next_character() & 31;
    if (c >= '0' && c <= '7') {
        char32_t value = c - '0';
        for (int i = 0; i < 2 && peek() >= '0' && peek() <= '7'; ++i, ++at_)
            value = value * 8 + static_cast<char32_t>(peek() - '0');
        return value;
    }
    constexpr std::string_view names = "b\bd\177e\033f\fn\nr\rs t\tv\v";
    for (std::size_t i = 0; i < names.size(); i += 2)
        if (static_cast<char32_t>(names[i]) == c) return static_cast<char32_t>(names[i + 1]);
    return c;
}

void text_lexer::read_quoted(char quote) {
    characters_.clear();
    quoted_ = true;
    ++at_;
    for (;;) {
        if (!more()) fail(errc::syntax, "a quoted text without an end");
        char32_t c = next_character();
        if (c == static_cast<char32_t>(quote)) break;
        characters_ += c == '\\' ? read_escape() : c;
    }
    token_ = quote == '"' ? token::string : token::atom;
    if (quote == '\'')
        for (const char32_t c : characters_)
            append_utf8(value_, c);
}

void text_lexer::read_word() {
    while (more()) {
        const code_point c = next_utf8(text_.substr(at_));
        if (c.size == 0 || !continues_word(c.value)) break;
        at_ += c.size;
    }
    token_ = token::atom;
    value_ = text_.substr(start_, at_ - start_);
}

/// `<0.7.3>`, `#Ref<0.1.2.3>`, `#Port<0.5>`; what stands in such brackets otherwise is an error of its own.
bool text_lexer::read_identifier() {
    const std::string_view rest = text_.substr(at_);
    if (rest.size() > 1 && rest[0] == '<' && is_digit(rest[1])) {
        at_ += 1;
        read_numbers();
        return true;
    }
    for (const std::string_view name : {"#Ref<", "#Port<"}) {
        if (!rest.starts_with(name)) continue;
        at_ += name.size();
        read_numbers();
        value_ = name.substr(1, name.size() - 2);
        return true;
    }
    if (rest.starts_with("#Fun<")) fail(errc::syntax, "a local fun cannot be read back from its text");
    for (const std::string_view name : {"#Resource<", "#None<"})
        if (rest.starts_with(name)) fail(errc::syntax, "this has no text to be read back from");
    return false;
}

void text_lexer::read_numbers() {
    constexpr std::size_t most = 6;  // in a reference of five words
    token_ = token::identifier;
    numbers_.clear();
    do {
        std::uint64_t value = 0;
        const char* const from = text_.data() + at_;
        const auto read = std::from_chars(from, text_.data() + text_.size(), value);
        if (read.ec != std::errc{} || numbers_.size() == most)
            fail_at(at_, errc::syntax, "a malformed identifier");
        numbers_.push_back(value);
        at_ += static_cast<std::size_t>(read.ptr - from);
        if (peek() != '.' && peek() != '>') fail_at(at_, errc::syntax, "a malformed identifier");
        ++at_;
    } while (text_[at_ - 1] == '.');
}

void text_lexer::read_punctuation() {
    token_ = token::punctuation;
    if (peek() == '.') {
        if (at_ + 1 < text_.size() && !is_blank(peek(1)) && peek(1) != '%')
            fail(errc::syntax, "unexpected '.'");
        ++at_;
        token_ = token::stop;
        return;
    }
    for (const std::string_view two : {"=>", ":=", "<<", ">>"}) {
        if (text_.substr(at_, 2) == two) {
            value_ = two;
            at_ += 2;
            return;
        }
    }
    constexpr std::string_view known = "{}[]()|,:/=#+-<>";
    if (known.find(peek()) == std::string_view::npos) fail(errc::syntax, "unexpected character");
    value_ = peek();
    ++at_;
}

}  // namespace rakka::etf::detail
