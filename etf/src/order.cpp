#include "map_keys.hpp"
#include "side_by_side.hpp"
#include "term_order.hpp"
#include "work_stack.hpp"

#include <rakka/etf/order.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace rakka {
namespace etf::detail {
namespace {

using ordering = std::weak_ordering;

/// Compares two terms with a stack of what is left to compare, the innermost on top. The first difference
/// decides, so nothing ever has to be carried back up.
class comparison {
public:
    explicit comparison(order_mode mode) noexcept : mode_(mode) {}

    ordering run(word a, word b) {
        order_mode mode = mode_;
        for (;;) {
            if (const ordering o = enter(a, b, mode); o != 0) return o;
            for (;;) {
                if (left_.empty()) return ordering::equivalent;
                if (next(a, b, mode)) break;
            }
        }
    }

private:
    struct frame {
        order_mode mode;
        bool maps = false;
        cell_pair cells{};             // unless two maps
        std::size_t pairs = 0;         // maps: how many
        std::size_t base = 0, at = 0;  // maps: place of the sorted pairs in sorted_, next one
    };

    /// Decides two leaves, or puts the parts of two containers on the stack.
    ordering enter(word a, word b, order_mode mode) {
        if (a == b) return ordering::equivalent;
        const rank r = rank_of(a), s = rank_of(b);
        if (r != s) return r <=> s;
        const word *p = pointer(a), *q = pointer(b);
        switch (r) {
            case rank::tuple:
                if (header_size(*p) != header_size(*q)) return header_size(*p) <=> header_size(*q);
                push_cells(p + 1, q + 1, header_size(*p), mode);
                return ordering::equivalent;
            case rank::list:
                left_.push({.mode = mode, .cells = {p, cell_pair::lists, q}});
                break;
            case rank::map:
                return enter_maps(p, q, mode);
            case rank::fun:
                return enter_funs(p, q, mode);
            case rank::record:
                return enter_records(p, q, mode);
            default:
                return compare_leaf(r, a, b, mode);
        }
        return ordering::equivalent;
    }

    void push_cells(const word* a, const word* b, std::size_t n, order_mode mode) {
        if (n) left_.push({.mode = mode, .cells = {a, n, b}});
    }

    ordering enter_maps(const word* a, const word* b, order_mode mode) {
        const std::size_t n = header_size(*a);
        if (n != header_size(*b)) return n <=> header_size(*b);
        const std::size_t base = sorted_.size();
        append_sorted_pairs(sorted_, a, mode);
        append_sorted_pairs(sorted_, b, mode);
        left_.push({.mode = mode, .maps = true, .pairs = n, .base = base});
        return ordering::equivalent;
    }

    ordering enter_funs(const word* a, const word* b, order_mode mode) {
        if (header_kind(*a) != header_kind(*b))
            return header_kind(*a) == box::fun ? ordering::less : ordering::greater;
        const bool local = header_kind(*a) == box::fun;
        if (local) {
            if (const auto o = compare_atoms(a[fun_layout::module], b[fun_layout::module]); o != 0) return o;
            // What identifies the code, then what must only agree with itself: equal funs have all of it
            // equal.
            if (a[fun_layout::index] != b[fun_layout::index])
                return a[fun_layout::index] <=> b[fun_layout::index];
            if (const auto o =
                    std::int64_t(a[fun_layout::old_uniq]) <=> std::int64_t(b[fun_layout::old_uniq]);
                o != 0)
                return o;
            if (header_size(*a) != header_size(*b)) return header_size(*a) <=> header_size(*b);
            for (const std::size_t i :
                 {fun_layout::old_index, fun_layout::arity, fun_layout::uniq, fun_layout::uniq + 1})
                if (a[i] != b[i]) return a[i] <=> b[i];
            push_cells(a + fun_layout::free, b + fun_layout::free, header_size(*a), mode);
            return ordering::equivalent;
        }
        for (const std::size_t i : {export_layout::module, export_layout::function})
            if (const auto o = compare_atoms(a[i], b[i]); o != 0) return o;
        return a[export_layout::arity] <=> b[export_layout::arity];
    }

    ordering enter_records(const word* a, const word* b, order_mode mode) {
        for (const std::size_t i : {record_layout::module, record_layout::name})
            if (const auto o = compare_atoms(a[i], b[i]); o != 0) return o;
        if (a[record_layout::flags] != b[record_layout::flags])
            return a[record_layout::flags] <=> b[record_layout::flags];
        if (header_size(*a) != header_size(*b)) return header_size(*a) <=> header_size(*b);
        push_cells(a + record_layout::fields, b + record_layout::fields, 2 * header_size(*a), mode);
        return ordering::equivalent;
    }

    /// The next pair of terms of the innermost frame; false when the frame had none left and is gone.
    bool next(word& a, word& b, order_mode& mode) {
        frame& f = left_.top();
        mode = f.mode;
        if (f.maps) return next_of_maps(f, a, b, mode);
        const cell_pair::step step = f.cells.next(a, b);
        if (step != cell_pair::step::more) left_.pop();
        return step != cell_pair::step::nothing;
    }

    bool next_of_maps(frame& f, word& a, word& b, order_mode& mode) noexcept {
        if (f.at == 2 * f.pairs) {
            sorted_.resize(f.base);
            left_.pop();
            return false;
        }
        a = sorted_[f.base + f.at];
        b = sorted_[f.base + 2 * f.pairs + f.at];
        if (f.at < f.pairs && mode == order_mode::standard) mode = order_mode::exact;
        ++f.at;
        return true;
    }

    order_mode mode_;
    work_stack<frame> left_;
    std::vector<word>
        sorted_;  // of each map on the stack: its keys in order, their values; then the other map's
};

ordering compare_words(word a, word b, order_mode mode) {
    if (a == b) return ordering::equivalent;
    const rank r = rank_of(a), s = rank_of(b);
    if (r != s) return r <=> s;
    if (!has_parts(r)) return compare_leaf(r, a, b, mode);
    return comparison(mode).run(a, b);
}

}  // namespace

bool map_key_less(word a, word b) {
    const bool x = is_immediate(a), y = is_immediate(b);
    if (x || y) return x && (!y || a < b);
    return compare_words(a, b, order_mode::stored) < 0;
}

std::weak_ordering compare_stored(word a, word b) {
    return compare_words(a, b, order_mode::stored);
}

}  // namespace etf::detail

std::weak_ordering compare(term_view a, term_view b) {
    return etf::detail::compare_words(a.word(), b.word(), etf::detail::order_mode::standard);
}

std::weak_ordering compare_exact(term_view a, term_view b) {
    return etf::detail::compare_words(a.word(), b.word(), etf::detail::order_mode::exact);
}

}  // namespace rakka
