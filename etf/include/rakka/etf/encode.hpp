// Terms to bytes, in the choices of tags that the BEAM makes itself. [etf]
#pragma once

#include <rakka/etf/byte_buffer.hpp>
#include <rakka/etf/traits.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace rakka::etf {

/// The atoms of one distribution message. The encoder writes an atom found here as ATOM_CACHE_REF and its
/// index; the first 255 different atoms of a message get one, later ones are written out. The wire layer then
/// writes atoms(), in order, as the references of the distribution header, in front of the encoded bytes.
/// [dist §Distribution header] Owner: one thread. Four kilobytes; keep one per connection and clear() it for
/// each message.
class message_atoms {
public:
    static constexpr std::size_t max = 255;

    /// The index of `a`, given out now if it is new; nothing when all indexes are taken.
    [[nodiscard]] std::optional<std::uint8_t> index_of(atom a) noexcept;
    [[nodiscard]] std::span<const atom> atoms() const noexcept { return {atoms_.data(), count_}; }
    void clear() noexcept;

private:
    struct slot {
        std::uint32_t id;
        std::uint32_t round : 24;
        std::uint32_t index : 8;
    };
    std::array<slot, 512> slots_{};
    std::array<atom, max> atoms_{};
    std::size_t count_ = 0;
    std::uint32_t round_ = 1;  // a slot of an earlier round is free: clearing touches no slot
};

struct encode_options {
    /// False leaves out the version byte 131, as distribution frames with a header want it.
    bool version = true;
    /// Map keys in exact term order, so that equal terms give equal bytes. Erlang: term_to_binary/2
    /// `deterministic`.
    bool deterministic = false;
    /// zlib level 1…9: compress when that makes it smaller. 0: do not. Not for terms in distribution frames.
    int compression = 0;
    /// Not null: write atoms as references into this table.
    message_atoms* atoms = nullptr;
};

/// What the functions here do when nothing is said: made once, not for each call.
inline constexpr encode_options default_encode_options{};

/// The bytes of `t`. Local pids and references take their node's present name and creation. Any thread; does
/// not block. Errors: errc::not_encodable (a resource; no term at all), errc::too_large (a length above 32
/// bits). Throws std::bad_alloc. Erlang: term_to_binary/2.
[[nodiscard]] result<byte_buffer> encode(term_view t, const encode_options& options = default_encode_options);

/// The same behind the bytes that `out` already has. After an error `out` is as it was; indexes given out by
/// `options.atoms` stay.
[[nodiscard]] result<void> encode_to(byte_buffer& out, term_view t,
                                     const encode_options& options = default_encode_options);

/// How many bytes encode() gives, not compressed and without an atom table. Walks the term once.
[[nodiscard]] result<std::size_t> encoded_size(term_view t,
                                               const encode_options& options = default_encode_options);

/// The same for terms just made and for what becomes one: `encode(tuple("ok"_a, 1))`.
[[nodiscard]] inline result<byte_buffer> encode(const term& t,
                                                const encode_options& options = default_encode_options) {
    return encode(t.view(), options);
}
[[nodiscard]] inline result<void> encode_to(byte_buffer& out, const term& t,
                                            const encode_options& options = default_encode_options) {
    return encode_to(out, t.view(), options);
}
template <writable T>
[[nodiscard]] result<byte_buffer> encode(const T& value,
                                         const encode_options& options = default_encode_options) {
    return encode(term(value), options);
}
template <writable T>
[[nodiscard]] result<void> encode_to(byte_buffer& out, const T& value,
                                     const encode_options& options = default_encode_options) {
    return encode_to(out, term(value), options);
}

}  // namespace rakka::etf
