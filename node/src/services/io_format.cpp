#include "services/io_format.hpp"

#include "services/rpc_calls.hpp"
#include "services/stdout_leader.hpp"

#include <rakka/etf/convert.hpp>
#include <rakka/etf/print.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace rakka::detail {
namespace {

constexpr std::int64_t longest_field = 1'000'000;
/// Bytes of a text. A short format can ask for any number of them.
constexpr std::size_t longest_text = std::size_t{16} << 20;

/// `~F.P.PadModC`
struct control {
    std::optional<std::int64_t> width;  ///< not negative
    bool left = false;                  ///< the width was negative: text stands on the left
    std::optional<std::int64_t> precision;
    std::string pad = " ";  ///< one character
    bool unicode = false;
    char what = 0;
};

std::size_t characters(std::string_view utf8) {
    return static_cast<std::size_t>(std::count_if(
        utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

/// The first `n` characters.
std::string_view cut(std::string_view utf8, std::size_t n) {
    std::size_t i = 0;
    for (; i < utf8.size(); ++i) {
        if ((static_cast<unsigned char>(utf8[i]) & 0xC0U) == 0x80U) continue;
        if (n-- == 0) break;
    }
    return utf8.substr(0, i);
}

std::string repeat(std::string_view s, std::int64_t n) {
    std::string out;
    for (std::int64_t i = std::min(n, longest_field); i > 0; --i)
        out += s;
    return out;
}

std::string padded(std::string text, const control& c) {
    const auto length = static_cast<std::int64_t>(characters(text));
    if (!c.width || length >= *c.width) return text;
    const std::string pads = repeat(c.pad, *c.width - length);
    return c.left ? text + pads : pads + text;
}

/// What does not fit its field is shown as stars.
std::string or_stars(std::string text, const control& c) {
    if (c.width && static_cast<std::int64_t>(characters(text)) > *c.width) return repeat("*", *c.width);
    return padded(std::move(text), c);
}

class formatter {
public:
    formatter(std::string_view format, term_view arguments) : format_(format) {
        for (const term_view a : arguments.list())
            arguments_.push_back(a);
    }

    std::optional<std::string> run() {
        while (at_ < format_.size()) {
            const std::size_t tilde = std::min(format_.find('~', at_), format_.size());
            out_ += format_.substr(at_, tilde - at_);
            at_ = tilde;
            if (at_ == format_.size()) break;
            ++at_;
            control c;
            if (!read(c) || !obey(c) || out_.size() > longest_text) return std::nullopt;
        }
        if (next_ != arguments_.size()) return std::nullopt;
        return std::move(out_);
    }

private:
    // -- reading `F.P.PadModC`

    std::optional<term_view> argument() {
        if (next_ == arguments_.size()) return std::nullopt;
        return arguments_[next_++];
    }

    bool integer_argument(std::int64_t& n) {
        const auto a = argument();
        const auto value = a ? a->as<std::int64_t>() : result<std::int64_t>(error_code());
        if (!a || !value) return false;
        n = *value;
        return true;
    }

    /// A number or `*`; leaves `out` alone when neither is there.
    bool number(std::optional<std::int64_t>& out) {
        std::int64_t n = 0;
        if (peek() == '*') {
            ++at_;
            if (!integer_argument(n)) return false;
        } else {
            const bool negative = peek() == '-';
            if (negative) ++at_;
            if (std::isdigit(static_cast<unsigned char>(peek())) == 0) return !negative;
            for (; std::isdigit(static_cast<unsigned char>(peek())) != 0; ++at_)
                n = std::min(n * 10 + (peek() - '0'), longest_field);
            if (negative) n = -n;
        }
        out = std::clamp(n, -longest_field, longest_field);
        return true;
    }

    bool padding(control& c) {
        if (peek() == '*') {
            ++at_;
            const auto a = argument();
            const auto text = a ? characters_of(*a, false) : std::nullopt;
            if (!text) return false;
            c.pad = cut(*text, 1);
            return true;
        }
        if (at_ == format_.size()) return false;
        const std::string_view first = cut(format_.substr(at_), 1);
        at_ += first.size();
        c.pad = first;
        return true;
    }

    bool read(control& c) {
        if (!number(c.width)) return false;
        if (c.width && *c.width < 0) {
            c.left = true;
            c.width = -*c.width;
        }
        if (peek() == '.') {
            ++at_;
            if (!number(c.precision)) return false;
            if (peek() == '.') {
                ++at_;
                if (!padding(c)) return false;
            }
        }
        for (;; ++at_) {
            if (peek() == 't') {
                c.unicode = true;
            } else if (peek() == 'K') {  // with the order of map keys as an argument
                if (!argument()) return false;
            } else if (peek() != 'l' && peek() != 'k') {
                break;
            }
        }
        if (at_ == format_.size()) return false;
        c.what = format_[at_++];
        return true;
    }

    [[nodiscard]] char peek() const noexcept { return at_ < format_.size() ? format_[at_] : '\0'; }

    // -- acting on it

    bool obey(const control& c) {
        switch (c.what) {
            case '~':
                out_ += '~';
                return true;
            case 'n':
                out_ += repeat("\n", c.width.value_or(1));
                return true;
            case 'i':
                return argument().has_value();
            case 'c':
                return character(c);
            case 's':
                return text(c);
            case 'w':
            case 'p':
            case 'W':
            case 'P':
                return value(c);
            case 'b':
            case 'B':
            case 'x':
            case 'X':
            case '#':
            case '+':
                return integer(c);
            case 'e':
            case 'f':
            case 'g':
                return real(c);
            default:
                return false;
        }
    }

    bool character(const control& c) {
        const auto a = argument();
        const auto code = a ? a->as<std::uint32_t>() : result<std::uint32_t>(error_code());
        if (!a || !code) return false;
        // Without `t` only the lowest byte counts.
        const term one = term(c.unicode ? *code : *code & 0xFFU);
        const auto utf8 = characters_of(one, false);
        if (!utf8) return false;
        control field = c;
        if (!field.width) field.width = c.precision;
        out_ += padded(repeat(*utf8, c.precision.value_or(c.width.value_or(1))), field);
        return true;
    }

    bool text(const control& c) {
        const auto a = argument();
        if (!a) return false;
        auto all =
            a->is(kind::atom) ? std::optional(std::string(a->atom_text())) : characters_of(*a, !c.unicode);
        if (!all && a->is(kind::list) && !c.unicode) return false;
        if (!all) return false;
        control field = c;
        if (!field.width && c.precision) field.width = std::abs(*c.precision);
        if (c.precision) all = std::string(cut(*all, static_cast<std::size_t>(std::abs(*c.precision))));
        if (field.width) all = std::string(cut(*all, static_cast<std::size_t>(*field.width)));
        out_ += padded(*std::move(all), field);
        return true;
    }

    bool value(const control& c) {
        const auto a = argument();
        if (!a) return false;
        print_options how;
        how.max_chars = longest_text;
        how.charset = c.unicode ? print_charset::unicode : print_charset::latin1;
        if (c.what == 'W' || c.what == 'P') {
            std::int64_t depth = 0;
            if (!integer_argument(depth)) return false;
            if (depth == 0) {
                out_ += "...";
                return true;
            }
            how.depth = depth < 0 ? 0 : static_cast<std::size_t>(depth);
        }
        if (c.what == 'w' || c.what == 'W') {
            how.style = print_style::plain;
            out_ += or_stars(to_string(*a, how), c);
            return true;
        }
        // The width is the length of lines, the precision the column it begins in.
        how.line_length = static_cast<std::size_t>(c.width.value_or(80));
        how.column =
            c.precision ? static_cast<std::size_t>(std::max<std::int64_t>(*c.precision, 1)) : column();
        print(out_, *a, how);
        return true;
    }

    [[nodiscard]] std::size_t column() const {
        const std::size_t newline = out_.rfind('\n');
        return characters(newline == std::string::npos ? out_ : std::string_view(out_).substr(newline + 1)) +
               1;
    }

    bool integer(const control& c) {
        const auto a = argument();
        if (!a || !a->is(kind::integer)) return false;
        const std::int64_t base = c.precision.value_or(10);
        if (base < 2 || base > 36) return false;
        std::string prefix;
        if (c.what == 'x' || c.what == 'X') {
            const auto given = argument();
            if (!given) return false;
            const auto text = given->is(kind::atom) ? std::optional(std::string(given->atom_text()))
                                                    : characters_of(*given, false);
            if (!text) return false;
            prefix = *text;
        }
        if (c.what == '#' || c.what == '+') prefix = std::to_string(base) + "#";
        const bool capitals = c.what == 'B' || c.what == 'X' || c.what == '#';
        auto digits = in_base(*a, base, capitals);
        if (!digits) return false;
        const bool negative = digits->starts_with('-');
        if (negative) digits->erase(0, 1);
        out_ += or_stars((negative ? "-" : "") + prefix + *digits, c);
        return true;
    }

    /// Large integers are printed in base ten only.
    static std::optional<std::string> in_base(term_view n, std::int64_t base, bool capitals) {
        if (base == 10) return n.to_string();
        const auto small = n.as<std::int64_t>();
        if (!small) return std::nullopt;
        std::uint64_t rest =
            *small < 0 ? ~static_cast<std::uint64_t>(*small) + 1 : static_cast<std::uint64_t>(*small);
        std::string out;
        do {
            const auto digit = static_cast<unsigned>(rest % static_cast<std::uint64_t>(base));
            out += static_cast<char>(digit < 10 ? '0' + digit : (capitals ? 'A' : 'a') + digit - 10);
            rest /= static_cast<std::uint64_t>(base);
        } while (rest != 0);
        if (*small < 0) out += '-';
        std::reverse(out.begin(), out.end());
        return out;
    }

    bool real(const control& c) {
        const auto a = argument();
        if (!a || !a->is(kind::real)) return false;
        const double x = *a->as<double>();
        const std::int64_t precision = std::min<std::int64_t>(c.precision.value_or(6), 300);
        std::string shown;
        if (c.what == 'f') {
            if (precision < 1) return false;
            shown = fmt::format("{:.{}f}", x, precision);
        } else if (c.what == 'e') {
            if (precision < 2) return false;
            shown = scientific(x, precision);
        } else if (!c.precision) {
            shown = a->to_string();
        } else {
            shown = general(x, precision);
        }
        out_ += or_stars(std::move(shown), c);
        return true;
    }

    /// As printf's, but the exponent has no zeros in front.
    static std::string scientific(double x, std::int64_t precision) {
        std::string s = fmt::format("{:.{}e}", x, precision - 1);
        const std::size_t e = s.find('e') + 2;
        while (s.size() > e + 1 && s[e] == '0')
            s.erase(e, 1);
        return s;
    }

    static std::string general(double x, std::int64_t precision) {
        const double size = std::fabs(x);
        const std::int64_t magnitude = size < 0.1   ? -2
                                       : size < 1   ? -1
                                       : size < 10  ? 0
                                       : size < 100 ? 1
                                       : size < 1e3 ? 2
                                       : size < 1e4 ? 3
                                                    : 4;
        if (magnitude == 4) return scientific(x, std::max<std::int64_t>(precision, 2));
        if ((precision <= 1 && magnitude == -1) || (precision - 1 > magnitude && magnitude >= -1))
            return fmt::format("{:.{}f}", x, precision - 1 - magnitude);
        return scientific(x, std::max<std::int64_t>(precision, 2));
    }

    const std::string_view format_;
    std::vector<term_view> arguments_;
    std::size_t at_ = 0;
    std::size_t next_ = 0;
    std::string out_;
};

}  // namespace

std::optional<std::string> io_lib_format(term_view format, term_view arguments) {
    if (!is_proper_list(arguments)) return std::nullopt;
    const auto text =
        format.is(kind::atom) ? std::optional(std::string(format.atom_text())) : characters_of(format, false);
    if (!text) return std::nullopt;
    return formatter(*text, arguments).run();
}

}  // namespace rakka::detail
