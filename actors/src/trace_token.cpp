#include <rakka/actors/trace_token.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/errc.hpp>
#include <rakka/etf/traits.hpp>

namespace rakka {

namespace {

/// Whether a BEAM of 64 bits has it in a word.
bool is_small(term_view t) noexcept {
    constexpr std::int64_t most = (std::int64_t{1} << 59) - 1;
    if (!t.is(kind::integer)) return false;
    const auto n = t.as<std::int64_t>();
    return n && *n <= most && *n >= -most - 1;
}

}  // namespace

term trace_token::to_term() const {
    return tuple(flags, label, serial, from, previous);
}

bool trace_token::is_token(term_view t) noexcept {
    if (!t.is_tuple(5)) return false;
    const tuple_view parts = t.tuple();
    const term_view from = parts[3];
    return is_small(parts[0]) && is_small(parts[2]) && is_small(parts[4]) &&
           (from.is(kind::pid) || from.is(kind::atom));
}

result<trace_token> trace_token::read(const term& tuple) {
    if (!is_token(tuple)) return etf::errc::wrong_type;
    const tuple_view parts = tuple.tuple();
    return trace_token{*parts[0].as<std::int64_t>(), tuple.share(parts[1]), *parts[2].as<std::int64_t>(),
                       tuple.share(parts[3]), *parts[4].as<std::int64_t>()};
}

}  // namespace rakka
