// A cursor over received bytes: the one place where decoding touches a pointer.
#pragma once

#include <rakka/base/check.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace rakka::etf::detail {

static_assert(std::endian::native == std::endian::little || std::endian::native == std::endian::big);

template <class Integer>
[[nodiscard]] constexpr Integer big_endian(Integer v) noexcept {
    if constexpr (std::endian::native == std::endian::big || sizeof v == 1) return v;
    if constexpr (sizeof v == 2) return __builtin_bswap16(v);
    if constexpr (sizeof v == 4) return __builtin_bswap32(v);
    if constexpr (sizeof v == 8) return __builtin_bswap64(v);
}

/// Reads big-endian fields. Callers ask has(n) first; the functions that take bytes rely on it (checked in
/// debug builds). The second pass of decoding runs over validated bytes and asks no more.
class byte_reader {
public:
    explicit byte_reader(std::span<const std::byte> bytes) noexcept
        : begin_(bytes.data()), at_(begin_), end_(begin_ + bytes.size()) {}

    [[nodiscard]] std::size_t offset() const noexcept { return static_cast<std::size_t>(at_ - begin_); }
    [[nodiscard]] std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }
    [[nodiscard]] bool has(std::size_t n) const noexcept { return n <= left(); }

    [[nodiscard]] const std::byte* here() const noexcept { return at_; }

    [[nodiscard]] std::uint8_t peek() const noexcept {
        RAKKA_DCHECK(has(1));
        return static_cast<std::uint8_t>(*at_);
    }
    [[nodiscard]] std::uint8_t u8() noexcept { return take<std::uint8_t>(); }
    [[nodiscard]] std::uint16_t u16() noexcept { return take<std::uint16_t>(); }
    [[nodiscard]] std::uint32_t u32() noexcept { return take<std::uint32_t>(); }
    [[nodiscard]] std::uint64_t u64() noexcept { return take<std::uint64_t>(); }
    [[nodiscard]] std::span<const std::byte> bytes(std::size_t n) noexcept {
        RAKKA_DCHECK(has(n));
        const std::byte* const first = at_;
        at_ += n;
        return {first, n};
    }
    [[nodiscard]] std::string_view text(std::size_t n) noexcept {
        const auto b = bytes(n);
        return {reinterpret_cast<const char*>(b.data()), n};
    }
    void skip(std::size_t n) noexcept {
        RAKKA_DCHECK(has(n));
        at_ += n;
    }
    /// The same cursor `n` bytes further on, to look ahead.
    [[nodiscard]] byte_reader behind(std::size_t n) const noexcept {
        byte_reader r = *this;
        r.skip(n);
        return r;
    }

private:
    template <class Integer>
    Integer take() noexcept {
        RAKKA_DCHECK(has(sizeof(Integer)));
        Integer v;
        std::memcpy(&v, at_, sizeof v);
        at_ += sizeof v;
        return big_endian(v);
    }

    const std::byte* begin_;
    const std::byte* at_;
    const std::byte* end_;
};

}  // namespace rakka::etf::detail
