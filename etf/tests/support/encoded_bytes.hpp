// Short ways to write encoded terms in tests.
#pragma once

#include <rakka/etf/decode.hpp>
#include <rakka/etf/encode.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rakka::testing {

using byte_string = std::vector<std::byte>;

/// `encoded({104, 1}, "…", {106})`: numbers and texts one behind the other.
struct part {
    byte_string bytes;
    part(std::initializer_list<unsigned> values) {
        for (const unsigned v : values)
            bytes.push_back(static_cast<std::byte>(v));
    }
    part(std::string_view text) {
        for (const char c : text)
            bytes.push_back(static_cast<std::byte>(c));
    }
    part(const char* text) : part(std::string_view(text)) {}
    part(const std::string& text) : part(std::string_view(text)) {}
    part(byte_string b) : bytes(std::move(b)) {}
};

inline byte_string encoded(std::initializer_list<part> parts) {
    byte_string all;
    for (const part& p : parts)
        all.insert(all.end(), p.bytes.begin(), p.bytes.end());
    return all;
}

/// Four bytes, big-endian.
inline part u32(std::uint32_t v) {
    return {v >> 24, v >> 16 & 255, v >> 8 & 255, v & 255};
}
inline part u16(std::uint32_t v) {
    return {v >> 8 & 255, v & 255};
}

inline byte_string bytes_of(const etf::byte_buffer& b) {
    return {b.bytes().begin(), b.bytes().end()};
}
inline byte_string encode_bytes(const term& t, const etf::encode_options& options = {}) {
    return bytes_of(etf::encode(t, options).value());
}
inline term decode_bytes(std::span<const std::byte> b, const etf::decode_options& options = {}) {
    return etf::decode(b, options).value().term;
}
/// The error, or errc{} when the bytes decode.
inline etf::errc decode_errc(std::span<const std::byte> b, const etf::decode_options& options = {}) {
    const auto d = etf::decode(b, options);
    return d ? etf::errc{} : d.error().code;
}
inline std::string hex(std::span<const std::byte> b) {
    std::string s;
    for (const std::byte x : b) {
        if (!s.empty()) s += ',';
        s += std::to_string(static_cast<int>(x));
    }
    return s;
}

}  // namespace rakka::testing
