#include "inflate.hpp"
#include "term_writer.hpp"

#include <rakka/etf/encode.hpp>

namespace rakka::etf {
namespace {

using namespace detail;

/// Version byte and term. The sink gives its bytes to `out` when it goes out of scope.
errc write_plain(byte_buffer& out, term_view t, const encode_options& options) {
    buffer_sink sink(out);
    if (options.version) {
        sink.room(1);
        sink.u8(version_magic);
    }
    term_writer<buffer_sink> writer(sink, options);
    return writer.run(t.word()) ? errc{} : writer.error();
}

/// What stands behind `start` in `out`, a version byte and a term, becomes a compressed term if that is
/// smaller.
void compress(byte_buffer& out, std::size_t start, int level) {
    const auto plain = out.bytes().subspan(start + 1);
    constexpr std::size_t header = 5;  // tag and size
    if (plain.size() <= header || plain.size() > UINT32_MAX) return;
    byte_buffer packed(plain.size());
    packed.append_byte(static_cast<std::uint8_t>(external_tag::compressed));
    const std::uint32_t size = big_endian(static_cast<std::uint32_t>(plain.size()));
    packed.append(std::as_bytes(std::span(&size, 1)));
    if (!detail::deflate(packed, plain, level, plain.size() - header)) return;
    out.truncate(start + 1);
    out.append(packed.bytes());
}

errc write_packed(byte_buffer& out, term_view t, const encode_options& options) {
    const std::size_t start = out.size(), threshold = out.gather_threshold();
    out.gather_from(SIZE_MAX);
    const errc e = write_plain(out, t, options);
    out.gather_from(threshold);
    if (e == errc{}) compress(out, start, options.compression);
    return e;
}

}  // namespace

result<void> encode_to(byte_buffer& out, term_view t, const encode_options& options) {
    const std::size_t start = out.size(), pieces = out.pieces().size();
    const bool packed = options.compression > 0 && options.version;
    const errc e = packed ? write_packed(out, t, options) : write_plain(out, t, options);
    if (e == errc{}) return {};
    out.truncate(start, pieces);
    return e;
}

result<byte_buffer> encode(term_view t, const encode_options& options) {
    byte_buffer out;
    if (const auto done = encode_to(out, t, options); !done) return done.error();
    return out;
}

result<std::size_t> encoded_size(term_view t, const encode_options& options) {
    counting_sink sink;
    encode_options plain = options;
    plain.atoms = nullptr;
    plain.deterministic = false;
    term_writer<counting_sink> writer(sink, plain);
    if (!writer.run(t.word())) return writer.error();
    return sink.size() + (options.version ? 1 : 0);
}

}  // namespace rakka::etf
