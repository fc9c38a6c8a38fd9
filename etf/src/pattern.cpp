#include "term_order.hpp"

#include <rakka/etf/pattern.hpp>

namespace rakka::etf::detail {

// Compared field by field: reading the term's own node name as an atom would put a stranger's name into the
// atom table.

bool is_pid(term_view v, const pid& p) noexcept {
    const word w = v.word();
    if (p.is_local()) return w == make_local_pid(p.creation, p.id, p.serial);
    if (!is_box(w, box::pid)) return false;
    const pid_fields f = fields_of_pid(w);
    return f.id == p.id && f.serial == p.serial && f.creation == p.creation &&
           term_view::from_word(f.node).is_atom(p.node);
}

bool is_reference(term_view v, const reference& r) noexcept {
    if (!is_box(v.word(), box::reference)) return false;
    const word* p = pointer(v.word());
    if (p[reference_layout::creation] != r.creation ||
        !term_view::from_word(p[reference_layout::node]).is_atom(r.node))
        return false;
    if (header_size(*p) == r.size && r.size == reference::max_words) {  // those made here
        const word* const ids = p + reference_layout::ids;
        const word differs = (ids[0] ^ (r.words[0] | word{r.words[1]} << 32)) |
                             (ids[1] ^ (r.words[2] | word{r.words[3]} << 32)) | (ids[2] ^ r.words[4]);
        return differs == 0;
    }
    for (std::size_t i = 0; i < reference::max_words; ++i)
        if (reference_word(p, i) != (i < r.size ? r.words[i] : 0)) return false;
    return true;
}

}  // namespace rakka::etf::detail
