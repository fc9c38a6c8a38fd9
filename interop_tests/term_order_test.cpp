// Term order and equality of random terms, each pair of them compared here and by a real BEAM.
#include "support/arbitrary_term.hpp"
#include "support/beam_terms.hpp"
#include "support/otp_test.hpp"

#include <rakka/etf/convert.hpp>
#include <rakka/etf/order.hpp>
#include <rakka/etf/print.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace rakka::testing {
namespace {

constexpr std::string_view counterpart = R"(
-module(rakka_term_order).
-export([pairs/2]).

%% One character for each pair of the list's elements, a row for each element.
pairs(standard, L) -> [<< <<(standard(A, B))>> || B <- L >> || A <- L];
pairs(exact, L) -> [<< <<(sign(erts_internal:cmp_term(A, B)))>> || B <- L >> || A <- L];
pairs(equal, L) -> [<< <<(case A =:= B of true -> $=; false -> $! end)>> || B <- L >> || A <- L].

standard(A, B) when A < B -> $<;
standard(A, B) when A > B -> $>;
standard(A, B) when A == B -> $=.

sign(N) when N < 0 -> $<;
sign(0) -> $=;
sign(_) -> $>.
)";

char sign(std::weak_ordering o) {
    return o < 0 ? '<' : o > 0 ? '>' : '=';
}

class term_order : public interop::otp_test {
protected:
    void SetUp() override {
        otp_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        beam = std::make_unique<interop::beam_node>(options("order"));
        beam->load_module_source(counterpart);
    }

    /// Random terms, and next to many of them one that differs little.
    std::vector<term> random_terms() {
        const bool new_zero = release() >= 26;
        const auto gen = arbitrary_term({.records = release() >= 29, .minus_zero = new_zero, .depth = 2});
        const auto seed = property_seed() * 1000 + 7;
        std::vector<term> terms;
        for (std::uint64_t i = 0; i < 120; ++i) {
            terms.push_back(gen(rc::Random(seed + i), 40).value());
            const auto n = arbitrary_int64()(rc::Random(seed + i), 100).value();
            if (i % 3 == 0) terms.push_back(to_term(n));
            if (i % 3 == 1) terms.push_back(to_term(static_cast<double>(n)));
            if (i % 8 == 0) terms.push_back(to_term(std::vector<term>{terms[i]}));
            if (i % 8 == 1) terms.push_back(to_term(std::map<std::int64_t, double>{{n, 1.0}, {2, 0.5}}));
        }
        return terms;
    }

    template <class Compare>
    void expect_agreement(const std::string& how, Compare&& ours) {
        const std::vector<term> terms = random_terms();
        const auto rows = interop::eval_term(*beam, "rakka_term_order:pairs(" + how + ", " +
                                                        interop::expression_of(to_term(terms).view()) + ")")
                              .as<std::vector<std::string>>()
                              .value();
        ASSERT_EQ(rows.size(), terms.size());
        int differences = 0;
        for (std::size_t i = 0; i < terms.size(); ++i)
            for (std::size_t j = 0; j < terms.size() && differences < 20; ++j)
                if (ours(terms[i].view(), terms[j].view()) != rows[i][j]) {
                    ++differences;
                    ADD_FAILURE() << terms[i] << "\n  is to\n"
                                  << terms[j] << "\n  " << rows[i][j] << " there";
                }
    }

    std::unique_ptr<interop::beam_node> beam;
};
RAKKA_OTP_TEST_SUITE(term_order);

TEST_P(term_order, standard_order_is_erlangs) {
    expect_agreement("standard", [](term_view a, term_view b) { return sign(compare(a, b)); });
}

TEST_P(term_order, exact_order_is_erlangs) {
    expect_agreement("exact", [](term_view a, term_view b) { return sign(compare_exact(a, b)); });
}

TEST_P(term_order, exact_equality_is_erlangs) {
    expect_agreement("equal", [](term_view a, term_view b) { return a == b ? '=' : '!'; });
}

}  // namespace
}  // namespace rakka::testing
