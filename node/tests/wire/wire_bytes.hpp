// Bytes of frames for the wire tests, written as the specification prints them.
#pragma once

#include "wire/buffer_ref.hpp"

#include <rakka/etf/byte_buffer.hpp>
#include <rakka/etf/encode.hpp>
#include <rakka/etf/term.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rakka::wire::test {

using byte_vector = std::vector<std::byte>;

/// Hexadecimal pairs; `<text>` stands for the bytes of the text; blanks are ignored: `raw("77 03 <cpp>")`.
inline byte_vector raw(std::string_view written) {
    byte_vector out;
    const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    for (std::size_t i = 0; i < written.size(); ++i) {
        if (written[i] == ' ' || written[i] == '\n') continue;
        if (written[i] == '<') {
            for (++i; written[i] != '>'; ++i)
                out.push_back(static_cast<std::byte>(written[i]));
            continue;
        }
        out.push_back(static_cast<std::byte>(digit(written[i]) * 16 + digit(written[i + 1])));
        ++i;
    }
    return out;
}

inline byte_vector number(std::uint64_t value, std::size_t size) {
    byte_vector out(size);
    store_big_endian(out.data(), value, size);
    return out;
}

inline byte_vector operator+(byte_vector a, const byte_vector& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

/// `body` behind its length field.
inline byte_vector framed(const byte_vector& body) {
    return number(body.size(), 4) + body;
}

/// A term as it stands behind a distribution header.
inline byte_vector inner(term_view t) {
    const auto bytes = etf::encode(t, {.version = false}).value();
    return {bytes.bytes().begin(), bytes.bytes().end()};
}
template <class T>
byte_vector inner(const T& expression) {
    const term t(expression);
    return inner(t.view());
}

inline byte_vector to_vector(byte_span s) {
    return {s.begin(), s.end()};
}

/// Everything in a buffer, external pieces included.
inline byte_vector all_of(const etf::byte_buffer& b) {
    byte_vector out;
    b.for_each_piece([&](byte_span s) { out.insert(out.end(), s.begin(), s.end()); });
    return out;
}

}  // namespace rakka::wire::test
