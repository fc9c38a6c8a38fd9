// The result type of every call that can fail without a bug: boost::system::result, one alias for all
// components.
#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

namespace rakka {

/// A value or an error_code. Test with `if (r)`, read with `*r` or `r.value()` (throws system_error), error
/// with `r.error()`.
template <class T>
using result = boost::system::result<T>;

using boost::system::error_code;

}  // namespace rakka
