// What decoding may cost: every number that a hostile peer could otherwise choose for us.
#pragma once

#include <cstddef>

namespace rakka::etf {

/// Limits of one decode. The defaults let through all that sensible nodes send; tests and small devices set
/// them lower.
struct decode_limits {
    /// Containers inside containers. Costs 24 bytes a level while decoding, on the heap, never C++ stack. A
    /// tail of a list is not a level. errc::too_deep.
    std::size_t max_depth = std::size_t{1} << 22;
    /// Eight-byte words of memory that the decoded term may take. An encoded byte becomes at most about one
    /// word. Foreign atoms come on top: a word, and their text rounded up to words. errc::too_large.
    std::size_t max_words = std::size_t{1} << 27;
    /// Bytes that a compressed term may announce and inflate to. errc::inflate_limit.
    std::size_t max_inflated_bytes = std::size_t{1} << 26;
    /// Atoms that one decode may add to the atom table when no atom_budget is given; the others stay foreign,
    /// which is no error. Over all calls, however many: atom::max_from_outside.
    std::size_t max_new_atoms = 10'000;
};

/// How many atoms a peer may still add to the atom table over its lifetime. Not synchronised: one reader at a
/// time.
class atom_budget {
public:
    explicit constexpr atom_budget(std::size_t atoms) noexcept : left_(atoms) {}
    [[nodiscard]] constexpr std::size_t left() const noexcept { return left_; }
    /// True, and one fewer left, or false when it is used up.
    [[nodiscard]] constexpr bool take() noexcept { return left_ != 0 && left_-- != 0; }

private:
    std::size_t left_;
};

}  // namespace rakka::etf
