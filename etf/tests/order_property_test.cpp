// Laws that any order and any hash must keep, on random terms of all kinds.
#include "support/arbitrary_term.hpp"

#include <rakka/etf/order.hpp>
#include <rakka/etf/print.hpp>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace rakka {
namespace {

using testing::arbitrary_term;

using comparison = std::weak_ordering (*)(term_view, term_view);

/// A handful of terms, some of them equal or nearly so: taken at random they would almost never be.
std::vector<term> some_terms() {
    std::vector<term> terms = *rc::gen::container<std::vector<term>>(3, arbitrary_term({.depth = 2}));
    terms.push_back(term::copy(terms[0].view()));
    return terms;
}

RC_GTEST_PROP(order_property, is_total_antisymmetric_and_transitive, ()) {
    const std::vector<term> terms = some_terms();
    for (const comparison order : {comparison{compare}, comparison{compare_exact}})
        for (const term& a : terms)
            for (const term& b : terms) {
                const auto ab = order(a.view(), b.view());
                RC_ASSERT((order(b.view(), a.view()) == (0 <=> ab)));
                for (const term& c : terms)
                    if (ab <= 0 && order(b.view(), c.view()) <= 0)
                        RC_ASSERT((order(a.view(), c.view()) <= 0));
            }
}

RC_GTEST_PROP(order_property, equality_agrees_with_exact_order_and_hash, ()) {
    const std::vector<term> terms = some_terms();
    for (const term& a : terms)
        for (const term& b : terms) {
            const bool equal = a == b;
            RC_ASSERT(equal == (compare_exact(a.view(), b.view()) == 0));
            if (equal) {
                RC_ASSERT(hash_value(a.view()) == hash_value(b.view()));
                RC_ASSERT((compare(a.view(), b.view()) == 0));
            }
        }
}

RC_GTEST_PROP(order_property, every_key_of_a_map_is_found, ()) {
    const term t = *rc::gen::suchThat(arbitrary_term(), [](const term& m) { return m.is(kind::map); });
    const map_view m = t.map();
    for (std::size_t i = 0; i < m.size(); ++i) {
        const term key = term::copy(m.key(i));
        const auto value = m.find(key.view());
        RC_ASSERT(value.has_value());
        RC_ASSERT(value->word() == m.value(i).word());
    }
}

}  // namespace
}  // namespace rakka
