// Byte strings the way the specification prints them: join({hex("00 03"), text("sok")}).
#pragma once

#include "bytes.hpp"

#include <initializer_list>
#include <string_view>

namespace rakka::test {

inline bytes hex(std::string_view digits) {
    bytes out;
    unsigned value = 0;
    int count = 0;
    for (const char c : digits) {
        if (c == ' ') continue;
        value = value << 4 | static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
        if (++count % 2 == 0) out.push_back(static_cast<std::uint8_t>(value));
    }
    return out;
}

inline bytes text(std::string_view t) {
    return {t.begin(), t.end()};
}

inline bytes join(std::initializer_list<bytes> parts) {
    bytes out;
    for (const bytes& part : parts)
        out.insert(out.end(), part.begin(), part.end());
    return out;
}

inline std::string to_text(byte_view b) {
    return {b.begin(), b.end()};
}

}  // namespace rakka::test
