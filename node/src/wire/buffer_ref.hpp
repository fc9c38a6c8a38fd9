// A counted reference to received bytes, so that decoded binaries may outlive the reader that received them.
#pragma once

#include <rakka/etf/arena.hpp>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <cstddef>
#include <span>

namespace rakka::etf {

// Found by boost::intrusive_ptr through the namespace of its pointee.
inline void intrusive_ptr_add_ref(shared_buffer* b) noexcept {
    b->retain();
}
inline void intrusive_ptr_release(shared_buffer* b) noexcept {
    b->release();
}

}  // namespace rakka::etf

namespace rakka::wire {

using buffer_ref = boost::intrusive_ptr<etf::shared_buffer>;
using byte_span = std::span<const std::byte>;

/// A fresh buffer with one reference, held by the result. Throws std::bad_alloc. Any thread.
inline buffer_ref make_buffer(std::size_t size) {
    return {etf::shared_buffer::make(size), false};
}

/// `buffer` with room for `size` bytes and what it held; a large one is not copied. Throws std::bad_alloc;
/// `buffer` is then as before. REQUIRES: this is the only reference to it, and it is not larger.
inline void enlarge(buffer_ref& buffer, std::size_t size) {
    etf::shared_buffer* const larger = etf::shared_buffer::enlarge(buffer.get(), size);
    static_cast<void>(buffer.detach());
    buffer.reset(larger, false);
}

/// `size` bytes, most significant first, at `p`. REQUIRES: they are readable.
inline std::uint64_t load_big_endian(const std::byte* p, std::size_t size) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i)
        value = value << 8 | std::to_integer<std::uint64_t>(p[i]);
    return value;
}

/// The low `size` bytes of `value`, most significant first, to `p`. REQUIRES: they are writable.
inline void store_big_endian(std::byte* p, std::uint64_t value, std::size_t size) noexcept {
    for (std::size_t i = size; i-- > 0; value >>= 8)
        p[i] = static_cast<std::byte>(value & 0xff);
}

}  // namespace rakka::wire
