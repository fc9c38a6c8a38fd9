// The atoms a frame's terms refer to by index (tag 82), resolved once per frame. [dist §Distribution Header]
#pragma once

#include <rakka/etf/term.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace rakka::wire {

/// Index to atom. A copy is independent of the cache it was filled from: slots that later frames overwrite do
/// not change it. One thread at a time.
class atom_table {
public:
    /// In the form etf::decode_options::cached_atoms wants. Valid until the table changes.
    [[nodiscard]] std::span<const etf::detail::word> words() const noexcept { return words_; }
    [[nodiscard]] std::size_t size() const noexcept { return words_.size(); }
    [[nodiscard]] term_view operator[](std::size_t i) const noexcept {
        return term_view::from_word(words_[i]);
    }

    void clear() noexcept {
        words_.clear();
        foreign_.clear();
    }
    /// `a` is an atom, in the atom table or foreign; a foreign one's memory is shared.
    void push(const term& a) {
        words_.push_back(a.word());
        if (a.owner()) foreign_.push_back(a);
    }

private:
    std::vector<etf::detail::word> words_;
    std::vector<term> foreign_;  // keeps the memory of the few words that are no immediates
};

}  // namespace rakka::wire
