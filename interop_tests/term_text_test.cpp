// The text of random terms, printed here and by a real BEAM.
#include "support/arbitrary_term.hpp"
#include "support/beam_terms.hpp"
#include "support/otp_test.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/print.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace rakka::testing {
namespace {

/// Whether `holds` is true of a part of `t`, or of `t`.
template <class Predicate>
bool any_part(term_view t, const Predicate& holds) {
    if (holds(t)) return true;
    if (t.is(kind::tuple)) {
        for (std::size_t i = 0; i < t.tuple().size(); ++i)
            if (any_part(t.tuple()[i], holds)) return true;
    } else if (t.is(kind::list)) {
        auto i = t.list().begin();
        for (; !i.at_end(); ++i)
            if (any_part(*i, holds)) return true;
        return any_part(i.rest(), holds);
    } else if (t.is(kind::map)) {
        for (const auto [key, value] : t.map())
            if (any_part(key, holds) || any_part(value, holds)) return true;
    }
    return false;
}

/// Maps of more than 32 keys, which OTP 25 prints in the order of their hashes.
bool is_large_map(term_view t) {
    return t.is(kind::map) && t.map().size() > 32;
}

/// Maps in whose keys there are maps. From OTP 26 on these are told apart by the order in which their atoms
/// were made: `erts_internal:cmp_term/2`, by which `~k` sorts, goes through the atoms of a key in that order.
bool has_maps_in_keys(term_view t) {
    if (!t.is(kind::map)) return false;
    for (const auto [key, value] : t.map())
        if (any_part(key, [](term_view part) { return part.is(kind::map); })) return true;
    return false;
}

/// Binaries that begin with characters beyond ASCII in UTF-8 and go on with bytes that are none. OTP 29 reads
/// them up to the first character that is not printable, earlier releases see first whether all is UTF-8.
bool is_half_utf8(term_view t) {
    if (!t.is(kind::binary)) return false;
    const auto bytes = t.bytes();
    std::size_t wide = 0, i = 0;
    while (i < bytes.size()) {
        const auto lead = std::to_integer<unsigned>(bytes[i]);
        const std::size_t more = lead < 0x80   ? 0
                                 : lead < 0xC2 ? 9
                                 : lead < 0xE0 ? 1
                                 : lead < 0xF0 ? 2
                                 : lead < 0xF5 ? 3
                                               : 9;
        for (std::size_t j = 1; j <= more; ++j)
            if (more == 9 || i + j >= bytes.size() ||
                (std::to_integer<unsigned>(bytes[i + j]) & 0xC0) != 0x80)
                return wide > 0;
        wide += more > 0;
        i += more + 1;
    }
    return false;
}

/// Terms as they are printed: nested, tagged, with names and texts of the lengths that make lines break.
class reports {
public:
    explicit reports(std::uint64_t seed) : random_(seed) {}

    term any(int depth) {
        if (depth == 0 || pick(3) == 0) return unit();
        const int n = pick(10) == 0 ? 12 + pick(30) : pick(6);
        switch (pick(7)) {
            case 0:
            case 1:
                return tuple_of_parts(name(), n, depth);
            case 2:
                return tuple_of_parts(unit(), n, depth);
            case 3:
                return proplist(n, depth);
            case 4:
                return pairs(n % 33, depth);
            case 5:
                return pick(3) ? list_of_parts(n, depth) : improper(n, depth);
            default:
                return to_term(parts(n, depth));
        }
    }
    int pick(int below) { return static_cast<int>(random_() % static_cast<std::uint64_t>(below)); }

private:
    std::string word() {
        constexpr std::string_view words[] = {"a",
                                              "ok",
                                              "state",
                                              "supervisor",
                                              "timeout_value",
                                              "åäö",
                                              "with blank",
                                              "End",
                                              "λόγος",
                                              "x\ny",
                                              "naïve÷",
                                              "a_long_name_of_an_atom_as_modules_have_them"};
        return std::string(words[pick(std::size(words))]);
    }
    std::string text() {
        std::string out;
        for (int n = pick(8) == 0 ? pick(40) : pick(5); n >= 0; --n)
            out += word() + (pick(3) ? " " : "\"");
        return out;
    }
    term name() { return atom(word()); }
    term unit() {
        switch (pick(12)) {
            case 0:
            case 1:
            case 2:
                return name();
            case 3:
                return to_term(pick(100000));
            case 4:
                return to_term(1e10 / (pick(1000000) + 1));
            case 5:
            case 6:
                return charlist(text());
            case 7:
                return to_term(text());
            case 8:
                return numbers();
            case 9:
                return list();
            case 10:
                return pick(2) ? term(tuple()) : term(map());
            default:
                return to_term(random_() << pick(60));
        }
    }
    term numbers() {
        std::vector<std::byte> bytes;
        for (int n = pick(3) ? pick(12) : pick(120); n > 0; --n)
            bytes.push_back(static_cast<std::byte>(pick(256)));
        etf::builder b;
        const int unused = bytes.empty() ? 0 : pick(8);
        if (unused) bytes.back() &= static_cast<std::byte>(0xff << unused);
        return b.finish(b.put_binary(bytes, 8 * bytes.size() - static_cast<std::size_t>(unused)));
    }
    std::vector<term> parts(int n, int depth) {
        std::vector<term> out;
        for (; n > 0; --n)
            out.push_back(any(depth - 1));
        return out;
    }
    term tuple_of_parts(const term& first, int n, int depth) {
        const std::vector<term> rest = parts(n, depth);
        etf::builder b;
        etf::detail::word* cells = nullptr;
        const auto w = b.put_tuple(rest.size() + 1, cells);
        *cells++ = b.put_term(first);
        for (const term& t : rest)
            *cells++ = b.put_term(t);
        return b.finish(w);
    }
    term list_of_parts(int n, int depth) { return to_term(parts(n, depth)); }
    term improper(int n, int depth) {
        term out = any(depth - 1);
        for (const term& t : parts(n, depth))
            out = cons(t, out);
        return out;
    }
    term proplist(int n, int depth) {
        std::vector<term> out;
        for (; n > 0; --n)
            out.push_back(tuple(name(), any(depth - 1)));
        return to_term(out);
    }
    term pairs(int n, int depth) {
        etf::builder b;
        etf::detail::word* cells = nullptr;
        const auto w = b.put_map(static_cast<std::size_t>(n), cells);
        for (int i = 0; i < n; ++i) {
            cells[i] = b.put_term(pick(4) ? name() : any(depth - 1));
            cells[n + i] = b.put_term(any(depth - 1));
        }
        return b.finish(b.finish_map(w, etf::builder::duplicates::last_wins).value());
    }

    std::mt19937_64 random_;
};

class term_text : public interop::otp_test {
protected:
    void SetUp() override {
        otp_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        auto o = options("text");
        o.flags = {"+pc", "unicode"};
        beam = std::make_unique<interop::beam_node>(o);
    }

    /// Whether this release prints the term as all do, whatever the depth.
    bool prints_alike(term_view t) const {
        return !any_part(t, release() >= 26 ? has_maps_in_keys : is_large_map) && !any_part(t, is_half_utf8);
    }

    /// Terms without funs and identifiers: those print a number of their node that means nothing elsewhere.
    std::vector<term> random_terms() {
        const auto gen = arbitrary_term(
            {.records = release() >= 29, .funs = false, .identifiers = false, .minus_zero = release() >= 26});
        std::vector<term> terms;
        for (std::uint64_t i = 0; i < 400; ++i) {
            term t = gen(rc::Random(seed(3) + i)).value();
            if (prints_alike(t.view())) terms.push_back(std::move(t));
        }
        return terms;
    }

    /// `modifiers`: `t` or nothing; `~k` asks later releases for maps in term order, which OTP 25 prints
    /// anyway.
    void expect_agreement(const std::string& modifiers, char style, const print_options& how) {
        const std::string format = "~0" + modifiers + (release() >= 26 ? "k" : "") + style;
        const std::vector<term> terms = random_terms();
        const auto texts = interop::eval_term(*beam, "[unicode:characters_to_binary(io_lib:format(\"" +
                                                         (style == 'w' ? "~" + format.substr(2) : format) +
                                                         "\", [T])) || T <- " +
                                                         interop::expression_of(to_term(terms).view()) + "]")
                               .as<std::vector<std::string>>()
                               .value();
        ASSERT_EQ(texts.size(), terms.size());
        for (std::size_t i = 0; i < terms.size(); ++i)
            EXPECT_EQ(to_string(terms[i].view(), how), texts[i]);
    }

    static std::uint64_t seed(std::uint64_t salt) { return property_seed() * 1000 + salt; }

    struct line_case {
        term value;
        int length, column, depth;
    };

    /// What the BEAM prints for each, by `~N.C` and the rest of a control sequence.
    std::vector<std::string> texts_there(const std::string& control, std::span<const line_case> cases) {
        std::vector<std::tuple<term, int, int, int>> calls;
        for (const line_case& c : cases)
            calls.emplace_back(c.value, c.length, c.column, c.depth);
        const std::string arguments = control.back() == 'P' ? "[N, C, T, D]" : "[N, C, T]";
        return interop::eval_term(*beam, "[unicode:characters_to_binary(io_lib:format(\"~*.*" + control +
                                             "\", " + arguments + ")) || {T, N, C, D} <- " +
                                             interop::expression_of(to_term(calls).view()) + "]")
            .as<std::vector<std::string>>()
            .value();
    }

    /// Each term has a line length, a column and a depth of its own.
    std::vector<line_case> line_cases() {
        reports random(seed(11));
        constexpr int usual[] = {80, 80, 80, 60, 40, 20, 132};
        std::vector<term> terms = random_terms();
        for (int i = 0; i < 800; ++i)
            terms.push_back(random.any(2 + i % 4));
        std::vector<line_case> cases;
        for (term& t : terms) {
            if (t.to_string().size() > 4000 || !prints_alike(t.view())) continue;
            cases.push_back({std::move(t), random.pick(4) ? usual[random.pick(7)] : 1 + random.pick(100),
                             random.pick(2) ? 1 : random.pick(90), 1 + random.pick(12)});
        }
        return cases;
    }

    void expect_lines(const std::string& modifiers, char letter, print_charset charset) {
        const std::vector<line_case> cases = line_cases();
        const std::string control = modifiers + (release() >= 26 ? "k" : "") + letter;
        std::vector<std::string> texts;
        for (std::size_t i = 0; i < cases.size(); i += 100)
            for (std::string& text : texts_there(
                     control, std::span(cases).subspan(i, std::min<std::size_t>(100, cases.size() - i))))
                texts.push_back(std::move(text));
        ASSERT_EQ(texts.size(), cases.size());
        int differences = 0;
        for (std::size_t i = 0; i < cases.size() && differences < 5; ++i) {
            const line_case& c = cases[i];
            const std::string ours =
                to_string(c.value.view(), {.charset = charset,
                                           .line_length = static_cast<std::size_t>(c.length),
                                           .column = static_cast<std::size_t>(c.column),
                                           .depth = letter == 'P' ? static_cast<std::size_t>(c.depth) : 0});
            if (ours == texts[i]) continue;
            ++differences;
            ADD_FAILURE() << ours << "\nis there\n"
                          << texts[i] << "\nline length " << c.length << ", column " << c.column << ", depth "
                          << c.depth << ": " << c.value;
        }
    }

    std::unique_ptr<interop::beam_node> beam;
};
RAKKA_OTP_TEST_SUITE(term_text);

TEST_P(term_text, prints_as_0p) {
    expect_agreement("", 'p', {});
}

TEST_P(term_text, prints_as_0tp) {
    expect_agreement("t", 'p', {.charset = print_charset::unicode});
}

TEST_P(term_text, prints_as_w) {
    expect_agreement("", 'w', {.style = print_style::plain});
}

TEST_P(term_text, prints_as_tw) {
    expect_agreement("t", 'w', {.style = print_style::plain, .charset = print_charset::unicode});
}

TEST_P(term_text, breaks_lines_as_p) {
    expect_lines("", 'p', print_charset::latin1);
}

TEST_P(term_text, breaks_lines_as_tp) {
    expect_lines("t", 'p', print_charset::unicode);
}

TEST_P(term_text, breaks_lines_as_P) {
    expect_lines("", 'P', print_charset::latin1);
}

TEST_P(term_text, breaks_lines_as_tP) {
    expect_lines("t", 'P', print_charset::unicode);
}

}  // namespace
}  // namespace rakka::testing
