// Bytes from anywhere as text that is safe and short enough for a log line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace rakka::detail {

/// `bytes` with everything outside printable ASCII written as \xHH; what exceeds `limit` bytes is only
/// counted. Any thread.
inline std::string printable(std::string_view bytes, std::size_t limit = 80) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (const char c : bytes.substr(0, limit)) {
        const auto b = static_cast<unsigned char>(c);
        if (b >= 0x20 && b < 0x7F && c != '\\' && c != '"') {
            out += c;
        } else {
            out += "\\x";
            out += digits[b >> 4];
            out += digits[b & 15];
        }
    }
    if (bytes.size() > limit) out += "... (" + std::to_string(bytes.size()) + " bytes)";
    return out;
}

inline std::string printable(std::span<const std::uint8_t> bytes, std::size_t limit = 80) {
    return printable(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()), limit);
}

}  // namespace rakka::detail
