#include "term_order.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace rakka::etf::detail {
namespace {

using ordering = std::weak_ordering;

ordering compare_magnitudes(const word* a, const word* b) noexcept {
    const std::size_t n = big_limbs(a);
    if (n != big_limbs(b)) return n <=> big_limbs(b);
    for (std::size_t i = n; i > 0; --i)
        if (a[i] != b[i]) return a[i] <=> b[i];
    return ordering::equivalent;
}

ordering reversed(ordering o) noexcept {
    return 0 <=> o;
}

ordering compare_small_with_real(std::int64_t i, double d) noexcept {
    if (d >= 0x1p63) return ordering::less;
    if (d < -0x1p63) return ordering::greater;
    const double whole = std::trunc(d);
    const auto as_integer = static_cast<std::int64_t>(whole);
    if (i != as_integer) return i <=> as_integer;
    if (d == whole) return ordering::equivalent;
    return d > whole ? ordering::less : ordering::greater;
}

/// |big| against |d|, bit for bit: a big integer has more than 60 bits, so a double of its size has no
/// fraction.
ordering compare_big_magnitude_with_real(const word* p, double d) noexcept {
    const std::size_t n = big_limbs(p);
    const auto bits = static_cast<std::int64_t>(n * 64) - std::countl_zero(p[n]);
    int exponent = 0;
    const double fraction = std::frexp(std::fabs(d), &exponent);
    if (bits != exponent) return bits <=> std::int64_t{exponent};
    const auto mantissa = static_cast<std::uint64_t>(std::ldexp(fraction, 64));  // 53 bits at the top of 64
    const int shift = std::countl_zero(p[n]);
    word top = p[n] << shift;
    word below = 0;
    if (shift != 0 && n > 1) {
        top |= p[n - 1] >> (64 - shift);
        below = p[n - 1] << shift;
    } else if (n > 1) {
        below = p[n - 1];
    }
    if (top != mantissa) return top <=> mantissa;
    if (below != 0 || std::any_of(p + 1, p + std::max<std::size_t>(n, 2) - 1, [](word w) { return w != 0; }))
        return ordering::greater;
    return ordering::equivalent;
}

ordering compare_integer_with_real(word i, double d) noexcept {
    if (tag_of(i) == tag::integer) return compare_small_with_real(small_value(i), d);
    const word* p = pointer(i);
    const bool negative = is_negative_big(p);
    if (negative != (d < 0)) return negative ? ordering::less : ordering::greater;
    const ordering o = compare_big_magnitude_with_real(p, d);
    return negative ? reversed(o) : o;
}

ordering compare_integers(word a, word b) noexcept {
    if (tag_of(a) == tag::integer && tag_of(b) == tag::integer) return small_value(a) <=> small_value(b);
    // A big integer lies outside of all small ones: its sign decides.
    if (tag_of(a) == tag::integer) return is_negative_big(pointer(b)) ? ordering::greater : ordering::less;
    if (tag_of(b) == tag::integer) return is_negative_big(pointer(a)) ? ordering::less : ordering::greater;
    const bool negative = is_negative_big(pointer(a));
    if (negative != is_negative_big(pointer(b))) return negative ? ordering::less : ordering::greater;
    const ordering o = compare_magnitudes(pointer(a), pointer(b));
    return negative ? reversed(o) : o;
}

ordering compare_reals(double a, double b, order_mode mode) noexcept {
    if (a < b) return ordering::less;
    if (a > b) return ordering::greater;
    if (mode == order_mode::standard || a != 0) return ordering::equivalent;
    return std::signbit(b) <=> std::signbit(a);  // -0.0 before 0.0
}

struct named {
    std::string_view name;
    std::uint32_t creation;
};

named name_of(word node, std::uint32_t creation, bool local, order_mode mode) noexcept {
    if (!local) return {term_view::from_word(node).atom_text(), creation};
    if (mode == order_mode::stored) return {{}, creation};
    const node_identity identity = local_origin::identity(creation);
    return {identity.name.text(), identity.creation};
}

ordering compare_names(const named& a, const named& b) noexcept {
    if (const auto o = a.name <=> b.name; o != 0) return o;
    return a.creation <=> b.creation;
}

ordering compare_pids(word a, word b, order_mode mode) noexcept {
    const pid_fields x = fields_of_pid(a), y = fields_of_pid(b);
    if (x.serial != y.serial) return x.serial <=> y.serial;
    if (x.id != y.id) return x.id <=> y.id;
    const ordering o =
        compare_names(name_of(x.node, x.creation, x.local, mode), name_of(y.node, y.creation, y.local, mode));
    // Two systems of this program that have no name yet must not run together.
    if (o != 0 || (!x.local && !y.local)) return o;
    return mode == order_mode::stored ? y.local <=> x.local : compare_pids(a, b, order_mode::stored);
}

ordering compare_references(word a, word b, order_mode mode) noexcept {
    const word *x = pointer(a), *y = pointer(b);
    const auto name = [mode](const word* p) {
        const bool local = p[reference_layout::node] == make_atom(0);
        return name_of(p[reference_layout::node], static_cast<std::uint32_t>(p[reference_layout::creation]),
                       local, mode);
    };
    if (const ordering o = compare_names(name(x), name(y)); o != 0) return o;
    for (std::size_t i = std::max(header_size(*x), header_size(*y)); i > 0; --i) {
        const std::uint32_t m = reference_word(x, i - 1), n = reference_word(y, i - 1);
        if (m != n) return m <=> n;
    }
    const bool x_local = x[reference_layout::node] == make_atom(0),
               y_local = y[reference_layout::node] == make_atom(0);
    if (!x_local && !y_local) return ordering::equivalent;
    return mode == order_mode::stored ? y_local <=> x_local : compare_references(a, b, order_mode::stored);
}

ordering compare_ports(word a, word b) noexcept {
    const word *x = pointer(a), *y = pointer(b);
    if (const ordering o = compare_atoms(x[port_layout::node], y[port_layout::node]); o != 0) return o;
    if (const auto o = x[port_layout::creation] <=> y[port_layout::creation]; o != 0) return o;
    return x[port_layout::id] <=> y[port_layout::id];
}

ordering compare_bits(word a, word b) noexcept {
    const term_view x = term_view::from_word(a), y = term_view::from_word(b);
    const auto p = x.bytes(), q = y.bytes();
    const std::size_t common = std::min(x.bit_size(), y.bit_size());
    if (const int o = common < 8 ? 0 : std::memcmp(p.data(), q.data(), common / 8); o != 0) return o <=> 0;
    if (const unsigned rest = common % 8) {
        const auto mask = static_cast<unsigned>(0xff00u >> rest) & 0xffu;
        const unsigned m = std::to_integer<unsigned>(p[common / 8]) & mask;
        const unsigned n = std::to_integer<unsigned>(q[common / 8]) & mask;
        if (m != n) return m <=> n;
    }
    return x.bit_size() <=> y.bit_size();
}

}  // namespace

pid_fields fields_of_pid(word w) noexcept {
    if (tag_of(w) == tag::local_pid)
        return {make_atom(0), local_pid_slot(w), local_pid_serial(w), local_pid_origin(w), true};
    const word* p = pointer(w);
    const word both = p[pid_layout::id_serial];
    return {p[pid_layout::node], static_cast<std::uint32_t>(both), static_cast<std::uint32_t>(both >> 32),
            static_cast<std::uint32_t>(p[pid_layout::creation]), false};
}

rank rank_of(word w) noexcept {
    switch (tag_of(w)) {
        case tag::list:
            return rank::list;
        case tag::integer:
        case tag::real:
            return rank::number;
        case tag::atom:
            return rank::atom;
        case tag::local_pid:
            return rank::pid;
        case tag::special:
            return w == special_nil ? rank::nil : rank::none;
        case tag::link:
            return rank::none;
        case tag::boxed:
            break;
    }
    switch (header_kind(*pointer(w))) {
        case box::tuple:
            return rank::tuple;
        case box::map:
            return rank::map;
        case box::real:
        case box::big_integer:
            return rank::number;
        case box::binary:
        case box::shared_binary:
            return rank::bitstring;
        case box::pid:
            return rank::pid;
        case box::port:
            return rank::port;
        case box::reference:
            return rank::reference;
        case box::fun:
        case box::export_fun:
            return rank::fun;
        case box::record:
            return rank::record;
        case box::foreign_atom:
            return rank::atom;
        case box::resource:
            return rank::resource;
    }
    return rank::none;
}

std::weak_ordering compare_numbers(word a, word b, order_mode mode) noexcept {
    const bool x = is_real(a), y = is_real(b);
    if (!x && !y) return compare_integers(a, b);
    if (x && y) return compare_reals(real_of(a), real_of(b), mode);
    if (mode != order_mode::standard) return x <=> y;  // every integer before every float
    return x ? reversed(compare_integer_with_real(b, real_of(a))) : compare_integer_with_real(a, real_of(b));
}

std::weak_ordering compare_leaf(rank r, word a, word b, order_mode mode) noexcept {
    if (a == b) return ordering::equivalent;
    switch (r) {
        case rank::number:
            return compare_numbers(a, b, mode);
        case rank::atom:
            return compare_atoms(a, b);
        case rank::reference:
            return compare_references(a, b, mode);
        case rank::port:
            return compare_ports(a, b);
        case rank::pid:
            return compare_pids(a, b, mode);
        case rank::bitstring:
            return compare_bits(a, b);
        case rank::resource:
            return pointer(a)[resource_layout::object] <=> pointer(b)[resource_layout::object];
        default:
            return a <=> b;
    }
}

}  // namespace rakka::etf::detail
