#include "behaviour/callable.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/word.hpp>

namespace rakka::detail {

std::optional<std::function<term(const std::vector<term>&)>> to_callable(const term& f, std::size_t arity) {
    using etf::detail::export_layout;
    if (!etf::detail::is_box(f.word(), etf::detail::box::export_fun)) return std::nullopt;
    const auto* const p = etf::detail::pointer(f.word());
    const auto part = [&](std::size_t n) { return term_view::from_word(p[n]); };
    const auto module = part(export_layout::module).as<atom>();
    const auto function = part(export_layout::function).as<atom>();
    const std::size_t takes = p[export_layout::arity];
    if (!module || !function || takes != arity) return std::nullopt;
    const auto found = this_system().exports().find(*module, *function, arity);
    if (!found) return std::nullopt;
    return [found](const std::vector<term>& arguments) { return (*found)(arguments); };
}

}  // namespace rakka::detail
