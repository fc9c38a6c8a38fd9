// Bytes to terms: validated first, then built into one arena of just the right size. [etf]
#pragma once

#include <rakka/etf/limits.hpp>
#include <rakka/etf/local_origin.hpp>
#include <rakka/etf/lone_binary.hpp>
#include <rakka/etf/term.hpp>

#include <boost/system/result.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace rakka::etf {

/// What is wrong with the bytes, and where: `offset` counts from the first byte given. Converts to an
/// error_code.
struct decode_error {
    errc code{};
    std::size_t offset = 0;
    // NOLINTNEXTLINE(google-explicit-constructor): so that `return r.error();` works in a function returning
    // result<T>
    operator error_code() const noexcept { return make_error_code(code); }
    friend bool operator==(const decode_error&, const decode_error&) noexcept = default;
    friend bool operator==(const decode_error& e, errc c) noexcept { return e.code == c; }
};
[[noreturn]] void throw_exception_from_error(const decode_error& e, const boost::source_location& where);

template <class T>
using decode_result = boost::system::result<T, decode_error>;

/// A term and how many of the given bytes it took; what follows them is not looked at.
struct decoded {
    rakka::term term;
    std::size_t bytes_used = 0;
};

/// Whether the term starts with the version byte 131 (term_to_binary/1, pass-through frames) or goes on in
/// the middle of a distribution frame, where there is none and compressed terms do not exist.
enum class envelope : std::uint8_t { standalone, distribution };

/// How to decode. A connection keeps one and changes `cached_atoms` and `buffer` from frame to frame.
struct decode_options {
    etf::envelope envelope = etf::envelope::standalone;
    decode_limits limits{};
    /// Atoms of the distribution header, interned or foreign, by index: what ATOM_CACHE_REF means. Foreign
    /// ones are copied, so their memory need not outlive the call. [dist §Distribution header]
    std::span<const detail::word> cached_atoms{};
    /// Shared by all decodes for one peer; null: limits.max_new_atoms for this call alone.
    atom_budget* new_atoms = nullptr;
    /// Pids and references of this node and creation become local ones of `origin` (see local_origin.hpp).
    /// Origin 0: none do.
    node_identity own{};
    std::uint32_t origin = 0;
    /// The buffer the bytes lie in: binaries of at least `min_slice` bytes then refer to it instead of being
    /// copied, and keep all of it alive.
    shared_buffer* buffer = nullptr;
    std::size_t min_slice = 65;
};

/// What decode() and validate() do when nothing is said: made once, not for each call.
inline constexpr decode_options default_decode_options{};

/// Reads one term. Any thread; does not block. Erlang: binary_to_term/2 with `used`.
/// Errors: see errc; also thrown from here: std::bad_alloc.
[[nodiscard]] decode_result<decoded> decode(std::span<const std::byte> bytes,
                                            const decode_options& options = default_decode_options);

namespace detail {
[[nodiscard]] decode_result<std::size_t> validate_any(std::span<const std::byte> bytes,
                                                      const decode_options& options);
}

/// The length of the term at the front of `bytes`, after the same checks as decode() but for those that need
/// the term built (equal map keys, equal record fields). Touches no atom table and allocates only to inflate.
[[nodiscard]] inline decode_result<std::size_t> validate(
    std::span<const std::byte> bytes, const decode_options& options = default_decode_options) {
    if (options.envelope == envelope::standalone)
        if (const std::size_t size = detail::lone_binary(bytes, options.limits.max_words)) return size;
    return detail::validate_any(bytes, options);
}

/// The atom with this text, interned when the table has it or the budget allows, else a foreign one. For
/// atoms that come from a peer outside of terms (distribution headers). errc::bad_utf8, errc::atom_too_long.
[[nodiscard]] result<term> resolve_atom(std::string_view utf8, atom_budget& budget);

}  // namespace rakka::etf
