#include "print_leaf.hpp"

#include "big_text.hpp"
#include "term_order.hpp"
#include "utf8.hpp"

#include <rakka/etf/traits.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace rakka::etf::detail {
namespace {

using charset = print_charset;

/// Words that the scanner keeps for itself. [erl_scan:reserved_word/1 of OTP 27 and later]
constexpr auto reserved_words = std::to_array<std::string_view>(
    {"after", "and",   "andalso", "band",   "begin",   "bnot", "bor", "bsl",  "bsr", "bxor",
     "case",  "catch", "cond",    "div",    "else",    "end",  "fun", "if",   "let", "maybe",
     "not",   "of",    "or",      "orelse", "receive", "rem",  "try", "when", "xor"});

constexpr bool is_lower(char32_t c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 0xDF && c <= 0xFF && c != 0xF7);
}
constexpr bool is_name_character(char32_t c) noexcept {
    return is_lower(c) || (c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7) ||
           (c >= '0' && c <= '9') || c == '_' || c == '@';
}

bool needs_quotes(std::string_view utf8, bool reserved_words_too) noexcept {
    const code_point first = next_utf8(utf8);
    if (first.size == 0 || !is_lower(first.value)) return true;
    if (reserved_words_too && std::binary_search(reserved_words.begin(), reserved_words.end(), utf8))
        return true;
    for (std::string_view rest = utf8; !rest.empty();) {
        const code_point c = next_utf8(rest);
        if (c.size == 0 || !is_name_character(c.value)) return true;
        rest.remove_prefix(c.size);
    }
    return false;
}

template <class Integer>
void append_number(std::string& out, Integer value, int base = 10) {
    std::array<char, 24> text;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value, base).ptr;
    out.append(text.data(), end);
}

/// The number a node has in <N.i.s>: 0 for this program's own, as a BEAM prints its own.
std::uint64_t node_number(word node) noexcept {
    if (node == make_atom(0)) return 0;
    if (tag_of(node) == tag::atom) return atom_id(node);
    const std::string_view text = term_view::from_word(node).atom_text();
    return atom::max_atoms + 1 + std::hash<std::string_view>{}(text) % atom::max_atoms;
}

void append_pid(std::string& out, word w) {
    const pid_fields f = fields_of_pid(w);
    out += '<';
    append_number(out, node_number(f.node));
    out += '.';
    append_number(out, f.id);
    out += '.';
    append_number(out, f.serial);
    out += '>';
}

void append_reference(std::string& out, const word* p) {
    out += "#Ref<";
    append_number(out, node_number(p[reference_layout::node]));
    for (std::size_t i = header_size(*p); i > 0; --i) {
        out += '.';
        append_number(out, reference_word(p, i - 1));
    }
    out += '>';
}

void append_fun(std::string& out, const word* p) {
    const auto text = [](word w) { return term_view::from_word(w).atom_text(); };
    if (header_kind(*p) == box::export_fun) {
        out += "fun ";
        append_atom(out, text(p[export_layout::module]), atom_quotes::in_fun);
        out += ':';
        append_atom(out, text(p[export_layout::function]), atom_quotes::in_fun);
        out += '/';
        append_number(out, p[export_layout::arity]);
        return;
    }
    out += "#Fun<";
    out += text(p[fun_layout::module]);
    out += '.';
    append_number(out, small_value(p[fun_layout::old_index]));
    out += '.';
    append_number(out, small_value(p[fun_layout::old_uniq]));
    out += '>';
}

}  // namespace

void append_escaped(std::string& out, char32_t c, char quote, charset set) {
    constexpr std::string_view short_forms = "\bb\tt\nn\vv\ff\rr\033e\177d";
    if (c == static_cast<char32_t>(quote) || c == '\\') {
        out += '\\';
        out += static_cast<char>(c);
        return;
    }
    if (c < ' ' || c == 0x7F) {
        for (std::size_t i = 0; i < short_forms.size(); i += 2) {
            if (static_cast<char32_t>(short_forms[i]) == c) {
                out += '\\';
                out += short_forms[i + 1];
                return;
            }
        }
    }
    if (c < ' ' || (c >= 0x7F && c < 0xA0)) {
        for (const int shift : {6, 3, 0}) {
            if (shift == 6) out += '\\';
            out += static_cast<char>('0' + (c >> shift & 7));
        }
    } else if (c > 0xFF && set == charset::latin1) {
        std::array<char, 16> digits;
        const auto end =
            std::to_chars(digits.data(), digits.data() + digits.size(), std::uint32_t{c}, 16).ptr;
        out += "\\x{";
        for (const char* d = digits.data(); d != end; ++d)
            out += *d >= 'a' ? static_cast<char>(*d - 'a' + 'A') : *d;
        out += '}';
    } else {
        append_utf8(out, c);
    }
}

void append_atom(std::string& out, std::string_view utf8, atom_quotes quotes) {
    if (!needs_quotes(utf8, quotes != atom_quotes::in_fun)) {
        out += utf8;
        return;
    }
    out += '\'';
    while (!utf8.empty()) {
        const code_point c = next_utf8(utf8);
        if (c.size == 0) break;  // cannot happen: atoms are checked when they are made
        append_escaped(out, c.value, '\'',
                       quotes == atom_quotes::latin1 ? charset::latin1 : charset::unicode);
        utf8.remove_prefix(c.size);
    }
    out += '\'';
}

void append_real(std::string& out, double value) {
    std::array<char, 40> text;
    const auto end =
        std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific).ptr;
    std::string_view all(text.data(), static_cast<std::size_t>(end - text.data()));
    if (all.front() == '-') {
        out += '-';
        all.remove_prefix(1);
    }
    const std::size_t e = all.find('e');
    std::string digits(1, all[0]);
    if (e > 2) digits += all.substr(2, e - 2);
    int exponent = 0;
    std::from_chars(all.data() + e + (all[e + 1] == '+' ? 2 : 1), end, exponent);
    const int n = static_cast<int>(digits.size());
    const std::string exponent_text = std::to_string(exponent);
    const int scientific = std::max(n + 1, 3) + 1 + static_cast<int>(exponent_text.size());
    const int fixed = exponent < 0 ? 1 - exponent + n : std::max(exponent + 3, n + 1);
    if (fixed > scientific || std::fabs(value) >= 0x1p53) {
        out += digits[0];
        out += '.';
        out += n > 1 ? std::string_view(digits).substr(1) : std::string_view("0");
        out += 'e';
        out += exponent_text;
    } else if (exponent < 0) {
        out += "0.";
        out.append(static_cast<std::size_t>(-exponent - 1), '0');
        out += digits;
    } else {
        const auto whole = static_cast<std::size_t>(exponent) + 1;
        if (digits.size() < whole + 1) digits.append(whole + 1 - digits.size(), '0');
        out.append(digits, 0, whole);
        out += '.';
        out.append(digits, whole);
    }
}

bool is_printable(char32_t c, charset set) noexcept {
    if (c < 0x7F) return c >= ' ' || (c >= '\b' && c <= '\r') || c == 0x1B;
    if (c < 0xA0) return false;
    if (set == charset::latin1) return c <= 0xFF;
    return c < 0xD800 || (c > 0xDFFF && c < 0xFFFE) || (c > 0xFFFF && c <= 0x10FFFF);
}

bool is_printable_list(term_view list, charset set) noexcept {
    auto i = list.list().begin();
    if (i.at_end()) return false;
    for (; !i.at_end(); ++i) {
        const word w = (*i).word();
        if (tag_of(w) != tag::integer || small_value(w) < 0 || small_value(w) > 0x10FFFF) return false;
        if (!is_printable(static_cast<char32_t>(small_value(w)), set)) return false;
    }
    return i.rest().is(kind::nil);
}

namespace {

void append_string(std::string& out, term_view list, charset set) {
    out += '"';
    for (const term_view c : list.list())
        append_escaped(out, static_cast<char32_t>(small_value(c.word())), '"', set);
    out += '"';
}

/// What of a binary prints as text; nothing of one that prints as numbers.
struct binary_text {
    std::size_t size = 0;  // bytes
    bool utf8 = false;
};

code_point next_of(std::string_view text, bool utf8) noexcept {
    return utf8 ? next_utf8(text) : code_point{static_cast<unsigned char>(text.front()), 1};
}

/// `limit` characters are looked at. A text that ends before them, at a character that is not printable,
/// counts when it has `enough`.
binary_text text_of(std::string_view all, bool utf8, std::size_t limit, std::size_t enough) noexcept {
    std::size_t characters = 0, at = 0;
    for (; characters < limit && at < all.size(); ++characters) {
        const code_point c = next_of(all.substr(at), utf8);
        if (c.size == 0) return text_of(all, false, limit, enough);
        if (!is_printable(c.value, utf8 ? charset::unicode : charset::latin1)) break;
        at += c.size;
    }
    if (at < all.size() && (enough == 0 || characters < enough)) return {};
    return {at, at > characters};
}

std::string_view text_of_bytes(term_view binary) noexcept {
    const auto bytes = binary.bytes();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Four characters count as one part.
binary_text text_of_binary(term_view binary, const print_options& options, std::size_t depth) noexcept {
    const std::string_view all = text_of_bytes(binary);
    if (options.style == print_style::plain || all.empty() || binary.bit_size() % 8 != 0) return {};
    const bool utf8 = options.charset == charset::unicode;
    if (depth == 0) return text_of(all, utf8, all.size(), 0);
    return text_of(all, utf8, std::min(depth - 1, all.size()) * 4, depth - 1);
}

void append_bytes(std::string& out, term_view binary, std::size_t depth) {
    const auto bytes = binary.bytes();
    const std::size_t last_bits = binary.bit_size() % 8;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i) out += ',';
        if (depth && i + 1 == depth) {
            out += "...";
            break;
        }
        const bool partial = i + 1 == bytes.size() && last_bits;
        append_number(out, std::to_integer<unsigned>(bytes[i]) >> (partial ? 8 - last_bits : 0));
        if (partial) {
            out += ':';
            append_number(out, last_bits);
        }
    }
}

void append_binary(std::string& out, term_view binary, const print_options& options, std::size_t depth) {
    const std::string_view all = text_of_bytes(binary);
    if (depth == 1 && !all.empty()) {
        out += "<<...>>";
        return;
    }
    out += "<<";
    if (const binary_text text = text_of_binary(binary, options, depth); text.size == 0) {
        append_bytes(out, binary, depth);
    } else {
        out += '"';
        for (std::string_view rest = all.substr(0, text.size); !rest.empty();) {
            const code_point c = next_of(rest, text.utf8);
            append_escaped(out, c.value, '"', options.charset);
            rest.remove_prefix(c.size);
        }
        out += text.utf8 ? "\"/utf8" : "\"";
        if (text.size < all.size()) out += "...";
    }
    out += ">>";
}

}  // namespace

bool prints_as_numbers(term_view binary, const print_options& options, std::size_t depth) noexcept {
    return depth != 1 && !binary.bytes().empty() && text_of_binary(binary, options, depth).size == 0;
}

void append_record_name(std::string& out, term_view record, charset set) {
    const word* p = pointer(record.word());
    out += '#';
    append_leaf(out, term_view::from_word(p[record_layout::module]), set);
    out += ':';
    append_leaf(out, term_view::from_word(p[record_layout::name]), set);
}

void append_unit(std::string& out, term_view t, const print_options& options, std::size_t depth) {
    switch (rank_of(t.word())) {
        case rank::bitstring:
            return append_binary(out, t, options, depth);
        case rank::list:
            return append_string(out, t, options.charset);
        case rank::record:
            append_record_name(out, t, options.charset);
            out += header_size(*pointer(t.word())) ? "{...}" : "{}";
            return;
        default:
            return append_leaf(out, t, options.charset);
    }
}

void append_leaf(std::string& out, term_view t, charset set) {
    const word w = t.word();
    switch (rank_of(w)) {
        case rank::number:
            if (is_real(w)) {
                append_real(out, real_of(w));
            } else if (tag_of(w) == tag::integer) {
                append_number(out, small_value(w));
            } else {
                append_decimal(out, *t.as<cpp_int>());
            }
            break;
        case rank::atom:
            append_atom(out, t.atom_text(),
                        set == charset::latin1 ? atom_quotes::latin1 : atom_quotes::unicode);
            break;
        case rank::reference:
            append_reference(out, pointer(w));
            break;
        case rank::fun:
            append_fun(out, pointer(w));
            break;
        case rank::port:
            out += "#Port<";
            append_number(out, node_number(pointer(w)[port_layout::node]));
            out += '.';
            append_number(out, pointer(w)[port_layout::id]);
            out += '>';
            break;
        case rank::pid:
            append_pid(out, w);
            break;
        case rank::nil:
            out += "[]";
            break;
        case rank::resource:
            out += "#Resource<>";
            break;
        default:
            out += "#None<>";
            break;
    }
}

}  // namespace rakka::etf::detail
