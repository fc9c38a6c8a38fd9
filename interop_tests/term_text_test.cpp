// The text of random terms, printed here and by a real BEAM.
#include "support/arbitrary_term.hpp"
#include "support/beam_terms.hpp"
#include "support/otp_test.hpp"

#include <rakka/etf/convert.hpp>
#include <rakka/etf/print.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace rakka::testing {
namespace {

/// Maps of more than 32 keys, which OTP 25 prints in the order of their hashes.
bool has_large_map(term_view t) {
    if (t.is(kind::tuple)) {
        for (std::size_t i = 0; i < t.tuple().size(); ++i)
            if (has_large_map(t.tuple()[i])) return true;
    } else if (t.is(kind::list)) {
        auto i = t.list().begin();
        for (; !i.at_end(); ++i)
            if (has_large_map(*i)) return true;
        return has_large_map(i.rest());
    } else if (t.is(kind::map)) {
        const map_view m = t.map();
        if (m.size() > 32) return true;
        for (std::size_t i = 0; i < m.size(); ++i)
            if (has_large_map(m.key(i)) || has_large_map(m.value(i))) return true;
    }
    return false;
}

class term_text : public interop::otp_test {
protected:
    void SetUp() override {
        otp_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        auto o = options("text");
        o.flags = {"+pc", "unicode"};
        beam = std::make_unique<interop::beam_node>(o);
    }

    /// Terms without funs and identifiers: those print a number of their node that means nothing elsewhere.
    std::vector<term> random_terms() {
        const auto gen = arbitrary_term(
            {.records = release() >= 29, .funs = false, .identifiers = false, .minus_zero = release() >= 26});
        const auto seed =
            static_cast<std::uint64_t>(::testing::UnitTest::GetInstance()->random_seed()) * 1000 + 3;
        std::vector<term> terms;
        for (std::uint64_t i = 0; i < 400; ++i) {
            term t = gen(rc::Random(seed + i)).value();
            if (release() >= 26 || !has_large_map(t.view())) terms.push_back(std::move(t));
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

}  // namespace
}  // namespace rakka::testing
