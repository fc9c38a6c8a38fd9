// A growing run of bytes that terms are encoded into, with large binaries optionally kept by reference.
#pragma once

#include <rakka/etf/arena.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace rakka::etf {

/// Bytes appended at the end, in one allocation that doubles when it is full. New room is not zeroed. Owner:
/// one thread.
///
/// With a gather threshold, large binaries that live in shared buffers are not copied in but noted as
/// *external pieces*; the whole is then read with for_each_piece() (for writev) and not with bytes().
class byte_buffer {
public:
    byte_buffer() noexcept = default;
    explicit byte_buffer(std::size_t capacity) { reserve(capacity); }
    byte_buffer(byte_buffer&& other) noexcept { swap(other); }
    byte_buffer& operator=(byte_buffer&& other) noexcept {
        byte_buffer(std::move(other)).swap(*this);
        return *this;
    }
    ~byte_buffer();

    /// Bytes written here, external pieces not counted.
    [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(top_ - begin_); }
    [[nodiscard]] bool empty() const noexcept { return top_ == begin_ && pieces_.empty(); }
    [[nodiscard]] std::size_t capacity() const noexcept { return static_cast<std::size_t>(end_ - begin_); }
    [[nodiscard]] std::byte* data() noexcept { return begin_; }
    /// Valid until the next append. With external pieces only what lies between them.
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {begin_, size()}; }
    // NOLINTNEXTLINE(google-explicit-constructor): a buffer of bytes is a range of bytes
    operator std::span<const std::byte>() const& noexcept { return bytes(); }

    void append(std::span<const std::byte> more) {
        std::byte* const to = prepare(more.size());
        if (!more.empty()) std::memcpy(to, more.data(), more.size());
        top_ = to + more.size();
    }
    void append(std::string_view more) { append(std::as_bytes(std::span(more))); }
    void append_byte(std::uint8_t value) {
        *prepare(1) = std::byte{value};
        ++top_;
    }
    /// Room for at least `n` more bytes behind size(); write there and commit(). Throws std::bad_alloc.
    [[nodiscard]] std::byte* prepare(std::size_t n) {
        if (static_cast<std::size_t>(end_ - top_) < n) grow(n);
        return top_;
    }
    /// `new_top` is where the writing into the prepared room ended.
    void commit(std::byte* new_top) noexcept { top_ = new_top; }
    void reserve(std::size_t capacity);
    /// Forgets everything behind the first `size` bytes and the first `pieces` external pieces.
    void truncate(std::size_t size, std::size_t pieces = 0) noexcept {
        if (pieces_.size() > pieces) drop_pieces(pieces);
        top_ = begin_ + (size < this->size() ? size : this->size());
    }
    void clear() noexcept { truncate(0); }
    /// Gives the bytes up as a shared buffer with one reference, null when empty; its first size() bytes are
    /// the content. The byte_buffer is empty afterwards. Precondition: no external pieces.
    [[nodiscard]] std::pair<shared_buffer*, std::size_t> release() noexcept;

    // -- external pieces
    // --------------------------------------------------------------------------------------------
    struct piece {
        std::size_t position;  ///< comes before the byte at this position of bytes()
        shared_buffer* buffer;
        std::span<const std::byte> bytes;
    };
    /// From now on, shared binaries of at least this many bytes are kept by reference. SIZE_MAX (the
    /// default): none.
    void gather_from(std::size_t bytes) noexcept { gather_threshold_ = bytes; }
    [[nodiscard]] std::size_t gather_threshold() const noexcept { return gather_threshold_; }
    /// Adds a reference to `buffer` until the piece is dropped.
    void append_piece(shared_buffer* buffer, std::span<const std::byte> bytes);
    [[nodiscard]] std::span<const piece> pieces() const noexcept { return pieces_; }
    /// All bytes, external ones included.
    [[nodiscard]] std::size_t total_size() const noexcept;
    /// Calls `f(std::span<const std::byte>)` for every non-empty part in order.
    template <class F>
    void for_each_piece(F&& f) const {
        std::size_t from = 0;
        for (const piece& p : pieces_) {
            if (p.position != from) f(bytes().subspan(from, p.position - from));
            f(p.bytes);
            from = p.position;
        }
        if (from != size()) f(bytes().subspan(from));
    }

    void swap(byte_buffer& other) noexcept;

private:
    void grow(std::size_t more);
    void drop_pieces(std::size_t kept) noexcept;
    void relocate(std::size_t capacity);

    shared_buffer* storage_ = nullptr;
    std::byte* begin_ = nullptr;
    std::byte* top_ = nullptr;
    std::byte* end_ = nullptr;
    std::size_t gather_threshold_ = SIZE_MAX;
    std::vector<piece> pieces_;
};

}  // namespace rakka::etf
