// UTF-8 as Erlang accepts it: shortest forms only, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace rakka::etf::detail {

/// One code point read from the front of `s`; `size` 0 when the bytes are not UTF-8.
struct code_point {
    char32_t value = 0;
    std::size_t size = 0;
};

inline code_point next_utf8(std::string_view s) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
    if (s.empty()) return {};
    const unsigned char lead = byte(0);
    if (lead < 0x80) return {lead, 1};
    const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || s.size() < size) return {};
    char32_t value = lead & (0x7Fu >> size);
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return {};
        value = value << 6 | (byte(i) & 0x3Fu);
    }
    constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < least[size] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return {};
    return {value, size};
}

/// True when every byte is below 128. Eight bytes at a time: atoms are short, and nearly all of them are
/// ASCII.
inline bool is_ascii(std::string_view s) noexcept {
    std::uint64_t high = 0, chunk = 0;
    std::size_t n = s.size();
    const char* p = s.data();
    for (; n >= 8; n -= 8, p += 8) {
        std::memcpy(&chunk, p, 8);
        high |= chunk;
    }
    for (; n > 0; --n, ++p)
        high |= static_cast<unsigned char>(*p);
    return (high & 0x8080808080808080u) == 0;
}

/// The number of code points, or nothing when `s` is not UTF-8.
inline std::optional<std::size_t> count_utf8(std::string_view s) noexcept {
    std::size_t count = 0;
    while (!s.empty()) {
        const code_point c = next_utf8(s);
        if (c.size == 0) return std::nullopt;
        s.remove_prefix(c.size);
        ++count;
    }
    return count;
}

inline void append_utf8(std::string& out, char32_t c) {
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xC0 | c >> 6);
        out += static_cast<char>(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        out += static_cast<char>(0xE0 | c >> 12);
        out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
        out += static_cast<char>(0x80 | (c & 0x3F));
    } else {
        out += static_cast<char>(0xF0 | c >> 18);
        out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
        out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
        out += static_cast<char>(0x80 | (c & 0x3F));
    }
}

}  // namespace rakka::etf::detail
