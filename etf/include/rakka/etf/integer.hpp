// Integers of any size: Erlang's big integers as Boost.Multiprecision's cpp_int and back.
#pragma once

#include <rakka/etf/traits.hpp>

#include <boost/multiprecision/cpp_int.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rakka {

using boost::multiprecision::cpp_int;

namespace etf {

/// `to_term(cpp_int)`, `term.as<cpp_int>()`: every integer converts, none overflows.
template <>
struct term_traits<cpp_int> {
    static std::size_t size(const cpp_int& v) {
        return v.is_zero() ? 0 : 2 + boost::multiprecision::msb(v < 0 ? cpp_int(-v) : v) / 64;
    }
    static detail::word write(builder& b, const cpp_int& v) {
        std::vector<std::uint64_t> limbs;
        export_bits(v < 0 ? cpp_int(-v) : v, std::back_inserter(limbs), 64, false);
        return b.put_big(limbs, v < 0);
    }
    static result<cpp_int> read(term_view v) {
        const detail::word w = v.word();
        if (detail::tag_of(w) == detail::tag::integer) return cpp_int(detail::small_value(w));
        if (!detail::is_box(w, detail::box::big_integer))
            return make_error_code(errc::wrong_type);  // not the bare enum: that would convert to a number
        const detail::word* p = detail::pointer(w);
        const std::size_t limbs = detail::header_size(*p) & ~detail::big_negative;
        cpp_int value;
        import_bits(value, p + 1, p + 1 + limbs, 64, false);
        if (detail::header_size(*p) & detail::big_negative) value = -value;
        return value;
    }
};

}  // namespace etf
}  // namespace rakka
