#include "assemble.hpp"
#include "glance.hpp"
#include "inflate.hpp"
#include "quick_scan.hpp"
#include "quick_small.hpp"
#include "scan.hpp"

#include <rakka/etf/decode.hpp>

#include <boost/system/system_error.hpp>

#include <memory>
#include <string>

namespace rakka::etf {

void throw_exception_from_error(const decode_error& e, const boost::source_location&) {
    throw boost::system::system_error(make_error_code(e.code), "byte " + std::to_string(e.offset));
}

namespace {

using namespace detail;

struct release_buffer {
    void operator()(shared_buffer* b) const noexcept { b->release(); }
};
using buffer_reference = std::unique_ptr<shared_buffer, release_buffer>;

/// The tagged term itself: the bytes behind the version byte, or what they inflate to.
struct opened {
    std::span<const std::byte> body;
    std::size_t body_offset = 0;      // of body in the bytes given
    std::size_t compressed_size = 0;  // with body inflated: what the term takes in all
    buffer_reference inflated;
};

decode_result<opened> open_compressed(std::span<const std::byte> bytes, const decode_options& options) {
    if (bytes.size() < 6) return decode_error{errc::truncated, 1};
    byte_reader in(bytes.subspan(2));
    const std::size_t size = in.u32();
    if (size > options.limits.max_inflated_bytes) return decode_error{errc::inflate_limit, 1};
    const auto data = detail::inflate(bytes.subspan(6), size);
    if (!data) return decode_error{static_cast<errc>(data.error().value()), 1};
    return opened{{data->buffer->data(), size}, 1, 6 + data->bytes_used, buffer_reference(data->buffer)};
}

decode_result<opened> open(std::span<const std::byte> bytes, const decode_options& options) {
    if (options.envelope == envelope::distribution) return opened{bytes, 0, 0, nullptr};
    if (bytes.empty()) return decode_error{errc::truncated, 0};
    if (bytes[0] != std::byte{version_magic}) return decode_error{errc::bad_version, 0};
    if (bytes.size() > 1 && bytes[1] == std::byte(external_tag::compressed))
        return open_compressed(bytes, options);
    return opened{bytes.subspan(1), 1, 0, nullptr};
}

/// Where in the given bytes an error of the body is: inside compressed data, at its tag.
decode_error locate(decode_error e, const opened& from) noexcept {
    return {e.code, from.body_offset + (from.inflated ? 0 : e.offset)};
}

std::size_t total_size(const opened& from, std::size_t body_size) noexcept {
    return from.inflated ? from.compressed_size : from.body_offset + body_size;
}

/// A term that is not compressed is what nearly all are: what stands behind its version byte. Empty when it
/// is, or when the envelope is wrong, or when there is no term.
std::span<const std::byte> plain_body(std::span<const std::byte> bytes,
                                      const decode_options& options) noexcept {
    if (options.envelope == envelope::distribution) return bytes;
    if (bytes.size() < 2 || bytes[0] != std::byte{version_magic} ||
        bytes[1] == std::byte(external_tag::compressed))
        return {};
    return bytes.subspan(1);
}

/// The length of a message that is small and simple; 0 when it is anything else, or wrong.
std::size_t simple_message(std::span<const std::byte> bytes, const decode_options& options) noexcept {
    if (bytes.size() < 2 || bytes.size() > 1 + most_glanced_bytes || bytes[0] != std::byte{version_magic} ||
        options.envelope != envelope::standalone || !may_glance(options.limits))
        return 0;
    const std::size_t size = glance::at(bytes.subspan(1));
    return size == 0 ? 0 : 1 + size;
}

decode_result<measured> measure(std::span<const std::byte> body, const decode_options& options) {
    scanner scan(body, options);
    if (!scan.run()) return scan.error();
    return measured{scan.bytes_used(), scan.words(), scan.has_slices()};
}

/// The second pass. `start`: of the body in the bytes given.
decode_result<decoded> assemble(std::span<const std::byte> body, std::size_t start,
                                const decode_options& options, const measured& size) {
    atom_budget own_budget(options.limits.max_new_atoms);
    atom_budget& budget = options.new_atoms ? *options.new_atoms : own_budget;
    assembler build(body, options, budget, size.words(), size.has_slices());
    if (!build.run()) return decode_error{build.error().code, start + build.error().offset};
    return decoded{build.finish(), start + size.bytes_used()};
}

decode_result<decoded> decode_opened(const opened& from, const decode_options& options) {
    const auto size = measure(from.body, options);
    if (!size) return locate(size.error(), from);
    auto built = assemble(from.body, 0, options, *size);
    if (!built) return locate(built.error(), from);
    built->bytes_used = total_size(from, size->bytes_used());
    return built;
}

/// With all the ways a term may come: compressed, rare, wrong. Apart, so that the usual way saves no
/// registers for it.
[[gnu::noinline]] decode_result<decoded> decode_any(std::span<const std::byte> bytes,
                                                    const decode_options& options) {
    const auto from = open(bytes, options);
    if (!from) return from.error();
    if (!from->inflated) return decode_opened(*from, options);
    decode_options inner = options;
    inner.buffer =
        from->inflated.get();  // large binaries of a compressed term are slices of what it inflated to
    return decode_opened(*from, inner);
}

[[gnu::noinline]] decode_result<std::size_t> validate_unusual(std::span<const std::byte> bytes,
                                                              const decode_options& options) {
    const auto from = open(bytes, options);
    if (!from) return from.error();
    const auto size = measure(from->body, options);
    if (!size) return locate(size.error(), *from);
    return total_size(*from, size->bytes_used());
}

/// Whatever is not simple. Apart, so that looks at what is save no registers for it.
[[gnu::noinline]] decode_result<std::size_t> validate_walking(std::span<const std::byte> bytes,
                                                              const decode_options& options) {
    const auto body = plain_body(bytes, options);
    if (body.empty()) return validate_unusual(bytes, options);
    const measured size = quick_scan(body, options);
    if (!size) return validate_unusual(bytes, options);
    return bytes.size() - body.size() + size.bytes_used();
}

decode_result<decoded> decode_in_two_passes(std::span<const std::byte> bytes, std::span<const std::byte> body,
                                            const decode_options& options) {
    const measured size = quick_scan(body, options);
    return size ? assemble(body, bytes.size() - body.size(), options, size) : decode_any(bytes, options);
}

decode_result<decoded> decode_if_small(std::span<const std::byte> bytes, std::span<const std::byte> body,
                                       const decode_options& options) {
    auto d = decode_small(bytes, bytes.size() - body.size(), options, atom_memo::here());
    if (!d) d = decode_in_two_passes(bytes, body, options);
    return d;
}

}  // namespace

decode_result<decoded> decode(std::span<const std::byte> bytes, const decode_options& options) {
    const auto body = plain_body(bytes, options);
    if (body.empty()) return decode_any(bytes, options);
    if (bytes.size() > most_small_bytes) return decode_in_two_passes(bytes, body, options);
    return decode_if_small(bytes, body, options);
}

decode_result<std::size_t> detail::validate_any(std::span<const std::byte> bytes,
                                                const decode_options& options) {
    if (const std::size_t size = simple_message(bytes, options)) return size;
    return validate_walking(bytes, options);
}

result<term> resolve_atom(std::string_view utf8, atom_budget& budget) {
    const auto characters = count_utf8(utf8);
    if (!characters) return errc::bad_utf8;
    if (*characters > atom::max_characters) return errc::atom_too_long;
    builder b;
    const word w = intern_or_carry(b, utf8, budget);
    return b.finish(w);
}

}  // namespace rakka::etf
