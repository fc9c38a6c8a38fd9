#include "print_layout.hpp"
#include "print_text.hpp"

#include <rakka/etf/print.hpp>

#include <ostream>

namespace rakka {

void print(std::string& out, term_view t, const print_options& options) {
    etf::detail::text_output text(out, options);
    if (options.line_length && options.style == print_style::pretty) {
        etf::detail::print_on_lines(text, t);
    } else {
        etf::detail::print_on_one_line(text, t, options.depth);
    }
    text.finish();
}

std::string to_string(term_view t, const print_options& options) {
    std::string out;
    print(out, t, options);
    return out;
}

std::string term_view::to_string() const {
    return rakka::to_string(*this, print_options{});
}

std::string to_string(atom a) {
    std::string out;
    etf::detail::append_atom(out, a.text(), etf::detail::atom_quotes::unicode);
    return out;
}

std::ostream& operator<<(std::ostream& out, term_view t) {
    return out << to_string(t, {.charset = print_charset::unicode});
}
std::ostream& operator<<(std::ostream& out, const term& t) {
    return out << t.view();
}
std::ostream& operator<<(std::ostream& out, atom a) {
    return out << to_string(a);
}

}  // namespace rakka
