#include "printable.hpp"

#include <rakka/node/errc.hpp>
#include <rakka/node/node_name.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>

namespace rakka {
namespace {

unsigned char to_byte(char c) noexcept {
    return static_cast<unsigned char>(c);
}

/// UTF-8 text as Latin-1, or nothing when it is not UTF-8 or has characters above U+00FF.
std::optional<std::string> utf8_to_latin1(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const unsigned char lead = to_byte(text[i]);
        if (lead < 0x80) {
            out += text[i];
            continue;
        }
        // U+0080..U+00FF are exactly the pairs with lead C2 or C3.
        if ((lead != 0xC2 && lead != 0xC3) || i + 1 == text.size()) return std::nullopt;
        const unsigned char next = to_byte(text[++i]);
        if ((next & 0xC0) != 0x80) return std::nullopt;
        out += static_cast<char>((lead & 0x03) << 6 | (next & 0x3F));
    }
    return out;
}

bool is_alive_character(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/// Blanks and control characters (both ranges) can be in no name a BEAM starts with.
bool is_name_character(char c) noexcept {
    const unsigned char b = to_byte(c);
    return b > 0x20 && (b < 0x7F || b > 0xA0);
}

}  // namespace

std::string latin1_to_utf8(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size());
    for (const char c : bytes) {
        const unsigned char b = to_byte(c);
        if (b < 0x80) {
            out += c;
        } else {
            out += static_cast<char>(0xC0 | b >> 6);
            out += static_cast<char>(0x80 | (b & 0x3F));
        }
    }
    return out;
}

result<node_name> node_name::from_latin1(std::string_view bytes) {
    if (bytes.size() > max_characters) return node_errc::node_name_too_long;
    const std::size_t at = bytes.find('@');
    if (at == std::string_view::npos || at == 0 || at + 1 == bytes.size() ||
        bytes.find('@', at + 1) != std::string_view::npos) {
        return node_errc::bad_node_name;
    }
    if (!std::all_of(bytes.begin(), bytes.end(), is_name_character))
        return node_errc::bad_node_name_character;
    std::string text = latin1_to_utf8(bytes);
    const std::size_t text_at = text.find('@');
    return node_name(std::move(text), text_at);
}

result<node_name> node_name::parse(std::string_view text) {
    if (text.size() > 4 * max_characters) return node_errc::node_name_too_long;
    const auto bytes = utf8_to_latin1(text);
    if (!bytes) return node_errc::bad_node_name_character;
    return from_latin1(*bytes);
}

result<node_name> node_name::parse_own(std::string_view text, name_form form) {
    result<node_name> name = parse(text);
    if (!name) return name;
    const std::string_view alive = name->alive();
    if (!std::all_of(alive.begin(), alive.end(), is_alive_character))
        return node_errc::bad_node_name_character;
    if (const result<void> fits = name->check_form(form); !fits) return fits.error();
    return name;
}

std::string node_name::latin1() const {
    std::optional<std::string> bytes = utf8_to_latin1(text_);
    return bytes ? std::move(*bytes) : std::string();
}

name_form node_name::form() const noexcept {
    const bool is_long = host().find_first_of(".:") != std::string_view::npos;
    return is_long ? name_form::long_names : name_form::short_names;
}

result<void> node_name::check_form(name_form form) const {
    if (this->form() == form) return {};
    return form == name_form::short_names ? node_errc::host_has_dots : node_errc::host_has_no_dots;
}

std::string explain_bad_node_name(std::string_view text, error_code why) {
    return fmt::format("node name \"{}\": {}", detail::printable(text), why.message());
}

}  // namespace rakka
