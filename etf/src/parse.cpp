#include "big_text.hpp"
#include "parse_identifier.hpp"
#include "text_lexer.hpp"
#include "utf8.hpp"

#include <rakka/etf/builder.hpp>
#include <rakka/etf/parse.hpp>

#include <boost/system/system_error.hpp>
#include <boost/throw_exception.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

namespace rakka {
namespace etf::detail {
namespace {

/// Reads terms with a stack of open containers. Their parts so far wait in one vector, the innermost's at its
/// end.
class parser {
public:
    parser(std::string_view text, const parse_options& options)
        : lexer_(text, options.limits), limits_(options.limits), origin_(options.origin) {
        lexer_.advance();
    }

    [[nodiscard]] bool at_end() const noexcept { return lexer_.current() == token::end; }
    void end() {
        if (!at_end()) lexer_.fail(errc::syntax, "expected the end");
    }
    /// Moves behind the full stop; at the very end it may be missing when `optional`.
    void stop(bool optional) {
        if (lexer_.current() == token::stop) return lexer_.advance();
        if (!optional || !at_end()) lexer_.fail(errc::syntax, optional ? "expected the end" : "expected '.'");
    }

    term run() {
        builder b;
        builder_ = &b;
        for (;;) {
            word w = no_word;
            if (!begin_value(w)) continue;  // a container is open: its first part comes next
            while (!open_.empty()) {
                if (goes_on(w)) break;
                w = close();
            }
            if (open_.empty()) return b.finish(w);
        }
    }

private:
    enum class shape : std::uint8_t { tuple, list, tail, map, record };
    struct frame {
        shape what;
        std::size_t base;  // where its parts begin in parts_
    };

    /// A whole value in `w`, or false after opening a container that has parts.
    bool begin_value(word& w) {
        switch (lexer_.current()) {
            case token::integer:
                w = integer(false);
                return true;
            case token::real:
                w = real(1);
                return true;
            case token::string:
                w = string();
                return true;
            case token::atom:
                w = lexer_.is_word("fun") ? fun() : atom_word();
                return true;
            case token::identifier:
                w = read_identifier(*builder_, lexer_, origin_);
                return true;
            case token::punctuation:
                return begin_punctuation(w);
            case token::stop:
            case token::end:
                break;
        }
        lexer_.fail(errc::syntax, "expected a term");
    }

    bool begin_punctuation(word& w) {
        if (lexer_.take("{")) return open(shape::tuple, "}", w);
        if (lexer_.take("[")) return open(shape::list, "]", w);
        if (lexer_.is("<<")) {
            w = binary();
            return true;
        }
        if (lexer_.take("#")) {
            if (lexer_.take("{")) return open(shape::map, "}", w);
            return begin_record(w);
        }
        const bool minus = lexer_.is("-");
        if (minus || lexer_.is("+")) {
            lexer_.advance();
            if (lexer_.current() == token::integer) {
                w = integer(minus);
            } else if (lexer_.current() == token::real) {
                w = real(minus ? -1 : 1);
            } else {
                lexer_.fail(errc::syntax, "expected a number");
            }
            return true;
        }
        lexer_.fail(errc::syntax, "expected a term");
    }

    bool open(shape what, std::string_view end, word& w) {
        if (open_.size() >= limits_.max_depth) lexer_.fail(errc::too_deep, "nested too deeply");
        open_.push_back({what, parts_.size()});
        if (!lexer_.take(end)) {
            if (what == shape::record) field_name();
            return false;
        }
        w = close();
        return true;
    }

    /// `#module:name{field = value, …}`: the parts are module, name, then names and values in turn.
    bool begin_record(word& w) {
        const std::size_t base = parts_.size();
        parts_.push_back(expect_atom());
        lexer_.expect(":");
        parts_.push_back(expect_atom());
        lexer_.expect("{");
        if (open_.size() >= limits_.max_depth) lexer_.fail(errc::too_deep, "nested too deeply");
        open_.push_back({shape::record, base});
        if (lexer_.take("}")) {
            w = close();
            return true;
        }
        field_name();
        return false;
    }

    void field_name() {
        parts_.push_back(expect_atom());
        lexer_.expect("=");
    }

    /// Adds a part to the innermost container. True when another part follows, false when the container ends
    /// here.
    bool goes_on(word w) {
        frame& f = open_.back();
        parts_.push_back(w);
        const std::size_t parts = parts_.size() - f.base;
        switch (f.what) {
            case shape::tuple:
                return more_parts("}", "expected ',' or '}'");
            case shape::tail:
                lexer_.expect("]");
                return false;
            case shape::list:
                if (lexer_.take("|")) {
                    f.what = shape::tail;
                    return true;
                }
                return more_parts("]", "expected ',', '|' or ']'");
            case shape::map:
                if (parts % 2 == 1) {
                    lexer_.expect("=>");
                    return true;
                }
                return more_parts("}", "expected ',' or '}'");
            case shape::record:
                if (!more_parts("}", "expected ',' or '}'")) return false;
                field_name();
                return true;
        }
        return false;
    }

    bool more_parts(std::string_view end, const char* expected) {
        if (lexer_.take(",")) return true;
        if (lexer_.take(end)) return false;
        lexer_.fail(errc::syntax, expected);
    }

    /// The innermost container as a value.
    word close() {
        const frame f = open_.back();
        open_.pop_back();
        const auto first = parts_.begin() + static_cast<std::ptrdiff_t>(f.base);
        const std::size_t n = parts_.size() - f.base;
        word* cells = nullptr;
        word w = no_word;
        switch (f.what) {
            case shape::tuple:
                w = builder_->put_tuple(n, cells);
                std::copy(first, parts_.end(), cells);
                break;
            case shape::list:
                w = builder_->put_list(n, cells);
                std::copy(first, parts_.end(), cells);
                break;
            case shape::tail:
                w = builder_->put_list(n - 1, cells, parts_.back());
                std::copy(first, parts_.end() - 1, cells);
                break;
            case shape::map:
                w = builder_->put_map(n / 2, cells);
                for (std::size_t i = 0; i < n; ++i)
                    cells[i % 2 * (n / 2) + i / 2] = first[static_cast<std::ptrdiff_t>(i)];
                w = *builder_->finish_map(w, builder::duplicates::last_wins);
                break;
            case shape::record:
                w = record(&*first, (n - 2) / 2);
                break;
        }
        parts_.resize(f.base);
        return w;
    }

    word record(const word* parts, std::size_t fields) {
        word* const b = builder_->allocate(record_layout::fields + 2 * fields);
        b[0] = make_header(box::record, fields);
        b[record_layout::flags] = 1;  // the text does not tell whether it is exported: what is seen abroad is
        b[record_layout::module] = parts[0];
        b[record_layout::name] = parts[1];
        for (std::size_t i = 0; i < fields; ++i) {
            for (std::size_t j = 0; j < i; ++j)
                if (parts[2 + 2 * i] == parts[2 + 2 * j])
                    lexer_.fail(errc::duplicate_key, "the same field twice");
            b[record_layout::fields + i] = parts[2 + 2 * i];
            b[record_layout::fields + fields + i] = parts[3 + 2 * i];
        }
        return boxed(b);
    }

    word integer(bool negative) {
        const std::string& digits = lexer_.digits();
        std::int64_t small = 0;
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), small, lexer_.base());
        word w = no_word;
        if (read.ec == std::errc{}) {
            w = builder_->put_integer(negative ? -small : small);
        } else {
            const cpp_int value = from_digits(digits, lexer_.base());
            w = term_traits<cpp_int>::write(*builder_, negative ? cpp_int(-value) : value);
        }
        lexer_.advance();
        return w;
    }

    word real(double sign) {
        const word w = builder_->put_real(sign * lexer_.real());
        lexer_.advance();
        return w;
    }

    /// Strings that follow each other are one.
    word string() {
        std::u32string all = lexer_.characters();
        for (lexer_.advance(); lexer_.current() == token::string; lexer_.advance())
            all += lexer_.characters();
        word* cells = nullptr;
        const word w = builder_->put_list(all.size(), cells);
        for (const char32_t c : all)
            *cells++ = make_small(c);
        return w;
    }

    word expect_atom() {
        if (lexer_.current() != token::atom) lexer_.fail(errc::syntax, "expected an atom");
        return atom_word();
    }

    word atom_word() {
        auto a = atom::existing(lexer_.text());
        if (!a) {
            if (new_atoms_++ >= limits_.max_new_atoms)
                lexer_.fail(errc::atom_table_full, "too many new atoms");
            const auto made = atom::make(lexer_.text());
            if (!made) lexer_.fail(static_cast<errc>(made.error().value()), made.error().message());
            a = *made;
        }
        lexer_.advance();
        return make_atom(a->id());
    }

    word fun() {
        lexer_.advance();
        word* const b = builder_->allocate(export_layout::words);
        b[0] = make_header(box::export_fun, 0);
        b[export_layout::module] = expect_atom();
        lexer_.expect(":");
        b[export_layout::function] = expect_atom();
        lexer_.expect("/");
        b[export_layout::arity] = static_cast<word>(small_integer(0, 255, "expected an arity of 0 to 255"));
        return boxed(b);
    }

    std::int64_t small_integer(std::int64_t least, std::int64_t most, const char* what) {
        std::int64_t value = 0;
        const std::string& digits = lexer_.digits();
        if (lexer_.current() != token::integer ||
            std::from_chars(digits.data(), digits.data() + digits.size(), value, lexer_.base()).ec !=
                std::errc{} ||
            value < least || value > most)
            lexer_.fail(errc::syntax, what);
        lexer_.advance();
        return value;
    }

    word binary();
    void segment(std::vector<std::byte>& bytes, std::size_t& bits);
    static void append_bits(std::vector<std::byte>& bytes, std::size_t& bits, std::uint64_t value,
                            std::size_t n);

    text_lexer lexer_;
    const parse_limits& limits_;
    std::uint32_t origin_;
    builder* builder_ = nullptr;
    std::size_t new_atoms_ = 0;
    std::vector<frame> open_;
    std::vector<word> parts_;
};

void parser::append_bits(std::vector<std::byte>& bytes, std::size_t& bits, std::uint64_t value,
                         std::size_t n) {
    while (n > 0) {
        if (bits % 8 == 0) bytes.push_back(std::byte{0});
        const std::size_t room = 8 - bits % 8, taken = std::min(room, n);
        const auto part = (value >> (n - taken)) & ((1u << taken) - 1);
        bytes.back() |= static_cast<std::byte>(part << (room - taken));
        bits += taken;
        n -= taken;
    }
}

/// `5`, `5:3`, `"text"` or `"text"/utf8`.
void parser::segment(std::vector<std::byte>& bytes, std::size_t& bits) {
    if (lexer_.current() == token::string) {
        const std::u32string characters = lexer_.characters();
        lexer_.advance();
        bool utf8 = false;
        if (lexer_.take("/")) {
            if (!(utf8 = lexer_.is_word("utf8"))) lexer_.fail(errc::syntax, "expected utf8");
            lexer_.advance();
        }
        std::string text;
        for (const char32_t c : characters) {
            if (utf8) {
                append_utf8(text, c);
            } else {
                text += static_cast<char>(c & 0xFF);
            }
        }
        for (const char c : text)
            append_bits(bytes, bits, static_cast<unsigned char>(c), 8);
        return;
    }
    const bool negative = lexer_.take("-");
    const std::int64_t value = small_integer(0, small_max, "expected an integer or a string");
    std::int64_t size = 8;
    if (lexer_.take(":")) size = small_integer(0, 64, "expected a size of 0 to 64");
    append_bits(bytes, bits, static_cast<std::uint64_t>(negative ? -value : value),
                static_cast<std::size_t>(size));
}

word parser::binary() {
    std::vector<std::byte> bytes;
    std::size_t bits = 0;
    lexer_.advance();
    if (!lexer_.take(">>")) {
        do
            segment(bytes, bits);
        while (more_parts(">>", "expected ',' or '>>'"));
    }
    return builder_->put_binary(std::span<const std::byte>(bytes), bits);
}

}  // namespace
}  // namespace etf::detail

std::string parse_error::message() const {
    return std::to_string(line) + ":" + std::to_string(column) + ": " + what;
}

void throw_exception_from_error(const parse_error& e, const boost::source_location& where) {
    boost::throw_exception(boost::system::system_error(e, e.message()), where);
}

parse_result<term> parse_term(std::string_view text, const parse_options& options) {
    try {
        etf::detail::parser p(text, options);
        term t = p.run();
        p.stop(true);
        p.end();
        return t;
    } catch (parse_error& e) {
        return std::move(e);
    }
}

parse_result<std::vector<term>> parse_terms(std::string_view text, const parse_options& options) {
    try {
        std::vector<term> terms;
        for (etf::detail::parser p(text, options); !p.at_end(); p.stop(false))
            terms.push_back(p.run());
        return terms;
    } catch (parse_error& e) {
        return std::move(e);
    }
}

}  // namespace rakka
