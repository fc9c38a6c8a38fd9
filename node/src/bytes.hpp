// Big-endian fields in byte strings: the small vocabulary the epmd and handshake messages are written in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rakka {

using bytes = std::vector<std::uint8_t>;
using byte_view = std::span<const std::uint8_t>;

namespace detail {

/// Appends `size` bytes of `value`, most significant first.
inline void put(bytes& out, std::uint64_t value, std::size_t size) {
    for (std::size_t i = size; i-- > 0;)
        out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

inline void put(bytes& out, std::string_view text) {
    for (const char c : text)
        out.push_back(static_cast<std::uint8_t>(c));
}

/// A cursor that never leaves its bytes: reading past the end gives zeros and clears `ok()`, checked once at
/// the end.
class field_reader {
public:
    explicit field_reader(byte_view from) noexcept : rest_(from) {}

    std::uint64_t take_number(std::size_t size) noexcept {
        std::uint64_t value = 0;
        for (const std::uint8_t b : take(size))
            value = value << 8 | b;
        return value;
    }
    std::uint8_t take_u8() noexcept { return static_cast<std::uint8_t>(take_number(1)); }
    std::uint16_t take_u16() noexcept { return static_cast<std::uint16_t>(take_number(2)); }
    std::uint32_t take_u32() noexcept { return static_cast<std::uint32_t>(take_number(4)); }
    std::uint64_t take_u64() noexcept { return take_number(8); }

    byte_view take(std::size_t size) noexcept {
        if (size > rest_.size()) {
            ok_ = false;
            rest_ = {};
            return {};
        }
        const byte_view taken = rest_.first(size);
        rest_ = rest_.subspan(size);
        return taken;
    }
    std::string take_text(std::size_t size) {
        const byte_view taken = take(size);
        return {taken.begin(), taken.end()};
    }
    std::string take_rest() { return take_text(rest_.size()); }
    std::size_t remaining() const noexcept { return rest_.size(); }
    bool ok() const noexcept { return ok_; }

private:
    byte_view rest_;
    bool ok_ = true;
};

}  // namespace detail
}  // namespace rakka
