#include "inflate.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <new>
#include <zlib.h>

namespace rakka::etf::detail {
namespace {

constexpr std::size_t most = std::numeric_limits<uInt>::max();

struct inflate_stream {
    z_stream z{};
    inflate_stream() {
        if (inflateInit(&z) != Z_OK) throw std::bad_alloc();
    }
    ~inflate_stream() { inflateEnd(&z); }
};

}  // namespace

result<inflated> inflate(std::span<const std::byte> compressed, std::size_t size) {
    // Deflate gives at most 1032 bytes for one: a larger promise need not be believed, or allocated.
    if (size / 1032 > compressed.size()) return errc::bad_compressed;
    inflate_stream stream;
    z_stream& z = stream.z;
    inflated out{shared_buffer::make(size), 0};
    z.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(compressed.data()));
    z.avail_in = static_cast<uInt>(std::min(compressed.size(), most));
    z.next_out = reinterpret_cast<Bytef*>(out.buffer->data());
    z.avail_out = static_cast<uInt>(std::min(size, most));
    const int code = ::inflate(&z, Z_FINISH);
    if (code != Z_STREAM_END || z.total_out != size) {
        out.buffer->release();
        return code != Z_STREAM_END && z.avail_in == 0 && z.avail_out != 0 ? errc::truncated
                                                                           : errc::bad_compressed;
    }
    out.bytes_used = z.total_in;
    return out;
}

bool deflate(byte_buffer& out, std::span<const std::byte> plain, int level, std::size_t worth) {
    z_stream z{};
    if (deflateInit(&z, std::clamp(level, 1, 9)) != Z_OK) throw std::bad_alloc();
    std::byte* const to = out.prepare(worth);
    z.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(plain.data()));
    z.avail_in = static_cast<uInt>(plain.size());
    z.next_out = reinterpret_cast<Bytef*>(to);
    z.avail_out = static_cast<uInt>(worth);
    const int code = ::deflate(&z, Z_FINISH);
    const std::size_t size = z.total_out;
    deflateEnd(&z);
    if (code != Z_STREAM_END || size >= worth) return false;
    out.commit(to + size);
    return true;
}

}  // namespace rakka::etf::detail
