#include <rakka/ei/ei.hpp>
#include <rakka/etf/local_origin.hpp>
#include <rakka/etf/tags.hpp>

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <span>
#include <string_view>

namespace rakka::ei {
namespace {

using etf::decode_error;
using etf::errc;

std::span<const std::byte> bytes_at(const char* buffer, std::size_t size) noexcept {
    return std::as_bytes(std::span(buffer, size));
}

void set_node(char (&to)[MAXATOMLEN_UTF8], atom node) noexcept {
    const std::string_view text = node.text();  // at most 255 characters of four bytes: it fits
    std::memcpy(to, text.data(), text.size());
    to[text.size()] = '\0';
}

result<atom> node_of(const char (&from)[MAXATOMLEN_UTF8]) {
    return atom::make(std::string_view(from, strnlen(from, sizeof from)));
}

struct x_buffer : ei_x_buff {
    x_buffer() : ei_x_buff{} {
        if (ei_x_new(this) != 0) throw std::bad_alloc();
    }
    x_buffer(const x_buffer&) = delete;
    x_buffer& operator=(const x_buffer&) = delete;
    ~x_buffer() { ei_x_free(this); }
};

}  // namespace

etf::decode_result<term> from_ei(const char* buffer, std::size_t size, int& index,
                                 const etf::decode_options& options) {
    const auto start = static_cast<std::size_t>(index);
    if (index < 0 || start >= size) return decode_error{errc::truncated, start};
    const auto bytes = bytes_at(buffer, size).subspan(start);
    etf::decode_options inner = options;
    inner.envelope =
        bytes[0] == std::byte{etf::version_magic} ? etf::envelope::standalone : etf::envelope::distribution;
    auto d = etf::decode(bytes, inner);
    if (!d) return decode_error{d.error().code, start + d.error().offset};
    index += static_cast<int>(d->bytes_used);
    return std::move(d->term);
}

etf::decode_result<term> from_ei(const ei_x_buff& x, int& index, const etf::decode_options& options) {
    return from_ei(x.buff, static_cast<std::size_t>(x.index), index, options);
}

etf::decode_result<term> from_ei(const char* buffer, int* index) {
    int end = *index;
    if (static_cast<unsigned char>(buffer[end]) == etf::version_magic) ++end;
    if (ei_skip_term(buffer, &end) != 0) return decode_error{errc::bad_tag, static_cast<std::size_t>(*index)};
    return from_ei(buffer, static_cast<std::size_t>(end), *index);
}

result<void> to_ei(ei_x_buff& x, term_view t) {
    const auto encoded = etf::encode(t, {.version = false});
    if (!encoded) return encoded.error();
    const auto room = static_cast<std::size_t>(std::numeric_limits<int>::max() - x.index);
    if (encoded->size() > room / 2) return errc::too_large;  // ei doubles its buffers
    if (ei_x_append_buf(&x, reinterpret_cast<const char*>(encoded->bytes().data()),
                        static_cast<int>(encoded->size())) != 0)
        throw std::bad_alloc();
    return {};
}

// -- identifiers
// -----------------------------------------------------------------------------------------------------

erlang_pid to_ei(const pid& p) {
    const auto node = etf::identity_of(p);
    erlang_pid out{};
    set_node(out.node, node.name);
    out.num = p.id;
    out.serial = p.serial;
    out.creation = node.creation;
    return out;
}

erlang_port to_ei(const port& p) {
    erlang_port out{};
    set_node(out.node, p.node);
    out.id = p.id;
    out.creation = p.creation;
    return out;
}

erlang_ref to_ei(const reference& r) {
    const auto node = etf::identity_of(r);
    erlang_ref out{};
    set_node(out.node, node.name);
    out.len = static_cast<int>(r.size);
    std::copy(r.words.begin(), r.words.end(), out.n);
    out.creation = node.creation;
    return out;
}

result<pid> from_ei(const erlang_pid& p) {
    const auto node = node_of(p.node);
    if (!node) return node.error();
    return pid{*node, p.num, p.serial, p.creation};
}

result<port> from_ei(const erlang_port& p) {
    const auto node = node_of(p.node);
    if (!node) return node.error();
    return port{*node, p.creation, p.id};
}

result<reference> from_ei(const erlang_ref& r) {
    const auto node = node_of(r.node);
    if (!node) return node.error();
    if (r.len < 0 || r.len > static_cast<int>(reference::max_words)) return errc::bad_length;
    reference out{*node, r.creation, static_cast<std::uint32_t>(r.len), {}};
    std::copy_n(r.n, out.size, out.words.begin());
    return out;
}

// -- funs: through the bytes, which both sides keep as they are
// --------------------------------------------------------

result<erlang_fun> to_erlang_fun(term_view fun) {
    if (!fun.is(kind::fun)) return errc::wrong_type;
    const auto encoded = etf::encode(fun, {.version = false});
    if (!encoded) return encoded.error();
    erlang_fun out{};
    int index = 0;
    if (ei_decode_fun(reinterpret_cast<const char*>(encoded->bytes().data()), &index, &out) != 0)
        return errc::wrong_type;
    return out;
}

etf::decode_result<term> from_ei(const erlang_fun& f) {
    x_buffer x;
    if (ei_x_encode_fun(&x, &f) != 0) return decode_error{errc::wrong_type, 0};
    int index = 0;
    return from_ei(x, index);
}

}  // namespace rakka::ei
