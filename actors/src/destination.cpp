#include <rakka/actors/destination.hpp>
#include <rakka/etf/build.hpp>

namespace rakka {

term to_term(const destination& to) {
    struct visitor {
        term operator()(const pid& p) const { return p; }
        term operator()(atom a) const { return a; }
        term operator()(const registered_name& n) const { return tuple(n.name, n.node); }
        term operator()(const reference& r) const { return r; }
    };
    return std::visit(visitor{}, to);
}

result<destination> to_destination(term_view t) {
    if (t.is(kind::pid)) return destination(*t.as<pid>());
    if (t.is(kind::reference)) return destination(*t.as<reference>());
    if (t.is(kind::atom)) {
        const auto name = t.as<atom>();
        if (!name) return name.error();
        return destination(*name);
    }
    if (!t.is_tuple(2)) return etf::errc::wrong_type;
    const auto name = t.tuple()[0].as<atom>();
    const auto node = t.tuple()[1].as<atom>();
    if (!name || !node) return etf::errc::wrong_type;
    return destination(registered_name{*name, *node});
}

}  // namespace rakka
