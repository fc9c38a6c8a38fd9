// Big integers to digits and back in less than quadratic time.
#pragma once

#include <rakka/etf/integer.hpp>

#include <string>
#include <string_view>

namespace rakka::etf::detail {

/// Appends the decimal digits of `value`, with a minus sign when it is negative. The time grows with the
/// power 1.6 of the length (Karatsuba's multiplication): a megabyte takes some seconds.
void append_decimal(std::string& out, const cpp_int& value);

/// The number that `digits` are in that base. Precondition: each is a digit of it (either case), there is
/// one; the base is 2 to 36. Time as for append_decimal, at a third of it.
[[nodiscard]] cpp_int from_digits(std::string_view digits, int base);

}  // namespace rakka::etf::detail
