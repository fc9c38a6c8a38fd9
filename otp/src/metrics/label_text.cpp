#include "metrics/label_text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rakka::detail {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";

/// How many bytes at the begin of `s` are one character; 0: none.
std::size_t character_at(std::string_view s) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(s[i]); };
    const std::uint8_t first = byte(0);
    if (first < 0x80) return 1;
    const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || s.size() < size) return 0;
    for (std::size_t i = 1; i < size; ++i)
        if ((byte(i) & 0xc0) != 0x80) return 0;
    // No longer than need be, no surrogates, nothing beyond U+10FFFF.
    const std::uint8_t second = byte(1);
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
        (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
        return 0;
    return size;
}

}  // namespace

std::string label_text(std::string text) {
    const bool plain = std::all_of(text.begin(), text.end(),
                                   [](char c) { return static_cast<std::uint8_t>(c) < 0x80 && c != '\n'; });
    if (plain) return text;
    std::string out;
    for (std::string_view rest = text; !rest.empty();) {
        const std::size_t n = character_at(rest);
        if (n == 0) {
            out += replacement;
        } else if (rest[0] == '\n') {
            out += ' ';
        } else {
            out += rest.substr(0, n);
        }
        rest.remove_prefix(std::max<std::size_t>(n, 1));
    }
    return out;
}

}  // namespace rakka::detail
