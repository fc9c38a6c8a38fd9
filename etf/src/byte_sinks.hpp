// Where an encoder's bytes go: into a byte_buffer, or only counted.
#pragma once

#include "byte_reader.hpp"

#include <rakka/etf/byte_buffer.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace rakka::etf::detail {

/// Writes at a cursor; room(n) makes sure of the next n bytes, which the put functions then do not check
/// again.
class buffer_sink {
public:
    explicit buffer_sink(byte_buffer& out)
        : out_(out), at_(out.prepare(64)), end_(out.data() + out.capacity()) {}
    buffer_sink(const buffer_sink&) = delete;
    buffer_sink& operator=(const buffer_sink&) = delete;
    ~buffer_sink() { out_.commit(at_); }

    void room(std::size_t n) {
        if (static_cast<std::size_t>(end_ - at_) < n) more(n);
    }
    void u8(std::uint8_t v) noexcept { *at_++ = std::byte{v}; }
    void u16(std::uint16_t v) noexcept { put(v); }
    void u32(std::uint32_t v) noexcept { put(v); }
    void u64(std::uint64_t v) noexcept { put(v); }
    void bytes(const void* from, std::size_t n) noexcept {
        if (n) std::memcpy(at_, from, n);
        at_ += n;
    }
    /// The next `n` bytes, to be filled by the caller.
    [[nodiscard]] std::byte* take(std::size_t n) noexcept {
        std::byte* const p = at_;
        at_ += n;
        return p;
    }
    /// For loops that keep the cursor in a register: write from cursor() up to limit(), then set_cursor().
    [[nodiscard]] std::byte* cursor() const noexcept { return at_; }
    [[nodiscard]] std::byte* limit() const noexcept { return end_; }
    void set_cursor(std::byte* at) noexcept { at_ = at; }
    [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(at_ - out_.data()); }
    void patch_u32(std::size_t position, std::uint32_t v) noexcept {
        v = big_endian(v);
        std::memcpy(out_.data() + position, &v, sizeof v);
    }
    [[nodiscard]] std::size_t gather_threshold() const noexcept { return out_.gather_threshold(); }
    /// Notes bytes inside a shared buffer as an external piece.
    void refer(shared_buffer* buffer, std::span<const std::byte> content) {
        out_.commit(at_);
        out_.append_piece(buffer, content);
    }
    static constexpr bool counts_only = false;

private:
    void more(std::size_t n) {
        out_.commit(at_);
        at_ = out_.prepare(n);
        end_ = out_.data() + out_.capacity();
    }
    template <class Integer>
    void put(Integer v) noexcept {
        v = big_endian(v);
        std::memcpy(at_, &v, sizeof v);
        at_ += sizeof v;
    }

    byte_buffer& out_;
    std::byte* at_;
    std::byte* end_;
};

class counting_sink {
public:
    void room(std::size_t) noexcept {}
    void u8(std::uint8_t) noexcept { size_ += 1; }
    void u16(std::uint16_t) noexcept { size_ += 2; }
    void u32(std::uint32_t) noexcept { size_ += 4; }
    void u64(std::uint64_t) noexcept { size_ += 8; }
    void bytes(const void*, std::size_t n) noexcept { size_ += n; }
    void patch_u32(std::size_t, std::uint32_t) noexcept {}
    [[nodiscard]] std::size_t gather_threshold() const noexcept { return SIZE_MAX; }
    void refer(shared_buffer*, std::span<const std::byte>) noexcept {}
    void skip(std::size_t n) noexcept { size_ += n; }
    [[nodiscard]] std::byte* cursor() const noexcept { return nullptr; }
    [[nodiscard]] std::byte* limit() const noexcept { return nullptr; }
    void set_cursor(std::byte*) noexcept {}
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    static constexpr bool counts_only = true;

private:
    std::size_t size_ = 0;
};

}  // namespace rakka::etf::detail
