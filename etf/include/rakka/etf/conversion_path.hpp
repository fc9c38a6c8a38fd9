// Which part of a term did not convert: `convert<T>(t)` is `t.as<T>()` with an error that names the place.
#pragma once

#include <rakka/etf/traits.hpp>

#include <boost/system/result.hpp>
#include <boost/system/system_error.hpp>
#include <boost/throw_exception.hpp>

#include <string>
#include <utility>

namespace rakka {

/// Why, and where: `.users[3].age`, `{2}`, `[<<"key">>]`; empty when it is the term itself.
struct conversion_error {
    error_code code;
    std::string path;
    /// `.users[3].age: a term of another type than the one asked for`
    [[nodiscard]] std::string message() const {
        return path.empty() ? code.message() : path + ": " + code.message();
    }
};
[[noreturn]] inline void throw_exception_from_error(const conversion_error& e,
                                                    const boost::source_location& where) {
    boost::throw_exception(boost::system::system_error(e.code, e.path), where);
}

namespace etf::detail {

/// Appends to `path` the way from `v`, which does not read as T, to the part that is to blame.
template <class T>
void locate(term_view v, std::string& path) {
    if constexpr (requires { term_traits<T>::locate(v, path); }) term_traits<T>::locate(v, path);
}

/// As locate, for a part reached by `step()`: true when it is this part that does not read as T.
template <class T, class Step>
bool locate_part(term_view v, std::string& path, const Step& step) {
    if (term_traits<T>::read(v)) return false;
    path += step();
    locate<T>(v, path);
    return true;
}

}  // namespace etf::detail

/// `v` as a T. Costs what as<T>() costs; only when that fails is the term gone through again to find the
/// place.
template <etf::readable T>
[[nodiscard]] boost::system::result<T, conversion_error> convert(term_view v) {
    auto value = etf::term_traits<T>::read(v);
    if (value) return std::move(*value);
    conversion_error error{value.error(), {}};
    etf::detail::locate<T>(v, error.path);
    return error;
}

}  // namespace rakka
