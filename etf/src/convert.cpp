#include "utf8.hpp"

#include <rakka/etf/convert.hpp>

namespace rakka {

result<std::string> as_text(term_view v) {
    if (v.is(kind::binary)) return v.as<std::string>();
    if (!v.is(kind::list) && !v.is(kind::nil)) return make_error_code(etf::errc::wrong_type);
    std::string out;
    auto i = v.list().begin();
    for (; !i.at_end(); ++i) {
        const auto c = (*i).as<std::uint32_t>();
        if (!c || *c > 0x10FFFF || (*c >= 0xD800 && *c <= 0xDFFF))
            return make_error_code(etf::errc::wrong_type);
        etf::detail::append_utf8(out, *c);
    }
    if (!i.rest().is(kind::nil)) return make_error_code(etf::errc::wrong_type);
    return out;
}

}  // namespace rakka
