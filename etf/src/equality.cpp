#include "map_keys.hpp"
#include "side_by_side.hpp"
#include "term_order.hpp"
#include "work_stack.hpp"

#include <rakka/etf/order.hpp>

#include <cstring>
#include <vector>

namespace rakka {
namespace etf::detail {
namespace {

bool same_bits(word a, word b) noexcept {
    const term_view x = term_view::from_word(a), y = term_view::from_word(b);
    const std::size_t bits = x.bit_size();
    if (bits != y.bit_size()) return false;
    const auto p = x.bytes(), q = y.bytes();
    if (p.data() == q.data() || bits == 0) return true;
    if (bits % 8 == 0) return std::memcmp(p.data(), q.data(), bits / 8) == 0;
    return compare_leaf(rank::bitstring, a, b, order_mode::exact) == 0;
}

bool same_pid(const word* a, const word* b) noexcept {
    return a[pid_layout::id_serial] == b[pid_layout::id_serial] &&
           a[pid_layout::creation] == b[pid_layout::creation] &&
           same_atom(a[pid_layout::node], b[pid_layout::node]);
}

bool same_port(const word* a, const word* b) noexcept {
    return a[port_layout::id] == b[port_layout::id] && a[port_layout::creation] == b[port_layout::creation] &&
           same_atom(a[port_layout::node], b[port_layout::node]);
}

bool same_reference(const word* a, const word* b) noexcept {
    if (a[reference_layout::creation] != b[reference_layout::creation]) return false;
    const word no_atom = make_atom(0);
    const word m = a[reference_layout::node], n = b[reference_layout::node];
    if (m != n && (m == no_atom || n == no_atom || !same_atom(m, n))) return false;
    for (std::size_t i = 0; i < header_size(*a) || i < header_size(*b); ++i)
        if (reference_word(a, i) != reference_word(b, i)) return false;
    return true;
}

bool same_export(const word* a, const word* b) noexcept {
    return a[export_layout::arity] == b[export_layout::arity] &&
           same_atom(a[export_layout::module], b[export_layout::module]) &&
           same_atom(a[export_layout::function], b[export_layout::function]);
}

bool same_code(const word* a, const word* b) noexcept {
    for (const std::size_t i : {fun_layout::arity, fun_layout::uniq, fun_layout::uniq + 1, fun_layout::index,
                                fun_layout::old_index, fun_layout::old_uniq})
        if (a[i] != b[i]) return false;
    return same_atom(a[fun_layout::module], b[fun_layout::module]);  // who made the fun does not matter
}

bool same_definition(const word* a, const word* b) noexcept {
    return a[record_layout::flags] == b[record_layout::flags] &&
           same_atom(a[record_layout::module], b[record_layout::module]) &&
           same_atom(a[record_layout::name], b[record_layout::name]);
}

/// Walks two terms side by side. Built only when both are containers.
class equality {
public:
    bool run(word a, word b) {
        for (;;) {
            if (!enter(a, b)) return false;
            for (;;) {
                if (left_.empty()) return true;
                if (next(a, b)) break;
            }
        }
    }

private:
    bool enter(word a, word b) {
        if (a == b) return true;
        if (tag_of(a) == tag::list && tag_of(b) == tag::list) {
            left_.push({pointer(a), cell_pair::lists, pointer(b)});
            return true;
        }
        if (tag_of(a) != tag::boxed || tag_of(b) != tag::boxed) {
            // One immediate, or a list and something else: only atoms have two spellings.
            const word box = tag_of(a) == tag::boxed ? a : b, other = tag_of(a) == tag::boxed ? b : a;
            return tag_of(other) == tag::atom && is_box(box, box::foreign_atom) && same_atom(a, b);
        }
        return enter_boxes(a, b);
    }

    bool enter_boxes(word a, word b) {
        const word *p = pointer(a), *q = pointer(b);
        const box k = header_kind(*p);
        if (k == box::binary || k == box::shared_binary)
            return rank_of(b) == rank::bitstring && same_bits(a, b);
        if (k == box::reference) return header_kind(*q) == k && same_reference(p, q);
        if (*p != *q) return false;
        const std::size_t n = header_size(*p);
        switch (k) {
            case box::tuple:
                return push(p + 1, q + 1, n);
            case box::map:
                return enter_maps(p, q, n);
            case box::real:
                return p[1] == q[1];
            case box::big_integer:
                return std::memcmp(p + 1, q + 1, big_limbs(p) * sizeof(word)) == 0;
            case box::pid:
                return same_pid(p, q);
            case box::port:
                return same_port(p, q);
            case box::fun:
                return same_code(p, q) && push(p + fun_layout::free, q + fun_layout::free, n);
            case box::export_fun:
                return same_export(p, q);
            case box::record:
                return same_definition(p, q) &&
                       push(p + record_layout::fields, q + record_layout::fields, 2 * n);
            case box::foreign_atom:
                return same_atom(a, b);
            case box::resource:
                return p[resource_layout::object] == q[resource_layout::object];
            default:
                return false;
        }
    }

    bool push(const word* a, const word* b, std::size_t n) {
        if (n) left_.push({a, n, b});
        return true;
    }

    bool enter_maps(const word* a, const word* b, std::size_t n) {
        if (!has_foreign_keys(a) && !has_foreign_keys(b)) return push(a + 1, b + 1, 2 * n);
        // Rare: keys may lie in different places. The sorted copies live as long as this walk.
        for (const word* p : {a, b}) {
            std::vector<word>& sorted = sorted_.emplace_back();
            append_sorted_pairs(sorted, p, order_mode::exact);
        }
        return push(sorted_[sorted_.size() - 2].data(), sorted_.back().data(), 2 * n);
    }

    bool next(word& a, word& b) noexcept {
        const cell_pair::step step = left_.top().next(a, b);
        if (step != cell_pair::step::more) left_.pop();
        return step != cell_pair::step::nothing;
    }

    work_stack<cell_pair> left_;
    std::vector<std::vector<word>> sorted_;
};

}  // namespace
}  // namespace etf::detail

bool operator==(term_view a, term_view b) noexcept {
    using namespace etf::detail;
    if (a.word() == b.word()) return true;
    if (is_immediate(a.word()) && is_immediate(b.word())) return false;
    return equality().run(a.word(), b.word());
}

}  // namespace rakka
