// RapidCheck generators of terms of every kind, for property tests here and against real BEAM nodes.
#pragma once

#include <rakka/etf/term.hpp>

#include <rapidcheck.h>

#include <cstdint>
#include <iosfwd>

namespace rakka {

/// Found by RapidCheck: a counterexample is shown as text and as encoded bytes.
void showValue(const term& t, std::ostream& out);

namespace testing {

/// Which kinds to make. All by default; OTP before 29 has no records.
struct term_choices {
    bool records = true;
    bool funs = true;
    bool identifiers = true;
    bool foreign_atoms = true;
    bool bitstrings = true;
    bool minus_zero = true;  // before OTP 26 the same map key as 0.0
    int depth = 4;
};

/// For tests that ask a live peer about many random terms: the same each time, so that a run that fails can
/// be repeated, or the number in RAKKA_TEST_SEED, to look elsewhere.
[[nodiscard]] std::uint64_t property_seed();

/// Any term: the smaller the size given by RapidCheck, the simpler. Parts are now and then shared with other
/// arenas.
[[nodiscard]] rc::Gen<term> arbitrary_term(term_choices choices = {});
/// A term without parts.
[[nodiscard]] rc::Gen<term> arbitrary_leaf(term_choices choices = {});
[[nodiscard]] rc::Gen<atom> arbitrary_atom();
/// Spread over all magnitudes, edges more often than chance has them.
[[nodiscard]] rc::Gen<std::int64_t> arbitrary_int64();

}  // namespace testing
}  // namespace rakka
