// Splits Erlang source text into the tokens that terms are written with. Used by parse.cpp alone.
#pragma once

#include <rakka/etf/parse.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rakka::etf::detail {

enum class token : std::uint8_t {
    end,          // of the text
    stop,         // '.' and then white space, a comment or the end
    integer,      // digits() in base()
    real,         // real()
    atom,         // text()
    string,       // characters()
    identifier,   // text(): `Ref` or `Port`, empty for a pid; numbers()
    punctuation,  // text(): one of { } [ ] ( ) | , : / = # + - < > or => := << >>
};

/// Throws parse_error from every function; parse.cpp catches it.
class text_lexer {
public:
    text_lexer(std::string_view text, const parse_limits& limits) noexcept : text_(text), limits_(limits) {}

    /// Moves to the next token.
    void advance();
    [[nodiscard]] token current() const noexcept { return token_; }
    [[nodiscard]] bool is(std::string_view punctuation) const noexcept {
        return token_ == token::punctuation && value_ == punctuation;
    }
    /// Moves on when the token is this punctuation.
    bool take(std::string_view punctuation) {
        if (!is(punctuation)) return false;
        advance();
        return true;
    }
    void expect(std::string_view punctuation);
    /// An atom that stands there without quotes, such as `fun`.
    [[nodiscard]] bool is_word(std::string_view word) const noexcept {
        return token_ == token::atom && !quoted_ && value_ == word;
    }

    [[nodiscard]] const std::string& text() const noexcept { return value_; }
    [[nodiscard]] const std::string& digits() const noexcept { return value_; }
    [[nodiscard]] const std::u32string& characters() const noexcept { return characters_; }
    [[nodiscard]] int base() const noexcept { return base_; }
    [[nodiscard]] double real() const noexcept { return real_; }
    [[nodiscard]] std::span<const std::uint64_t> numbers() const noexcept { return numbers_; }

    /// At the current token.
    [[noreturn]] void fail(errc code, std::string what) const { fail_at(start_, code, std::move(what)); }

private:
    [[noreturn]] void fail_at(std::size_t offset, errc code, std::string what) const;
    [[nodiscard]] char peek(std::size_t ahead = 0) const noexcept {
        return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
    }
    [[nodiscard]] bool more() const noexcept { return at_ < text_.size(); }
    char32_t next_character();
    void skip_blanks();
    void read_number();
    void read_digits(int base);
    void read_fraction();
    void read_character();
    void read_quoted(char quote);
    void read_word();
    void read_punctuation();
    bool read_identifier();
    void read_numbers();
    char32_t read_escape();
    char32_t read_hexadecimal();

    std::string_view text_;
    const parse_limits& limits_;
    std::size_t at_ = 0;
    std::size_t start_ = 0;
    token token_ = token::end;
    bool quoted_ = false;
    int base_ = 10;
    double real_ = 0;
    std::string value_;
    std::u32string characters_;
    std::vector<std::uint64_t> numbers_;
};

}  // namespace rakka::etf::detail
