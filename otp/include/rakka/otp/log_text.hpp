// Terms, pids, references and atoms in texts of {fmt}: `log::info("{} has lost {}", self(), what)`. They
// print as `~0tp` has it.
#pragma once

#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <concepts>
#include <string>

namespace rakka::detail {

[[nodiscard]] std::string text_of(term_view t);

template <class T>
concept prints_as_term =
    std::same_as<T, term> || std::same_as<T, atom> || std::same_as<T, pid> || std::same_as<T, reference>;

}  // namespace rakka::detail

namespace rakka::detail {

/// Without width and the like: the text of a term is as long as it is.
struct term_formatter {
    template <class Context>
    constexpr auto parse(Context& context) {
        return context.begin();
    }
    template <class Context>
    static auto put(term_view t, Context& context) {
        const std::string text = text_of(t);
        return std::copy(text.begin(), text.end(), context.out());
    }
};

}  // namespace rakka::detail

template <rakka::detail::prints_as_term T>
struct fmt::formatter<T> : rakka::detail::term_formatter {
    template <class Context>
    auto format(const T& value, Context& context) const {
        const rakka::term t(value);
        return put(t, context);
    }
};
template <>
struct fmt::formatter<rakka::term_view> : rakka::detail::term_formatter {
    template <class Context>
    auto format(rakka::term_view value, Context& context) const {
        return put(value, context);
    }
};
