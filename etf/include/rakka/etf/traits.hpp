// term_traits: how a C++ type becomes a term and back. This file has the scalar types; convert.hpp the
// others.
#pragma once

#include <rakka/etf/builder.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace rakka::etf {

/// Specialise for your own type T:
///   static std::size_t size(const T&)                 words that write() will allocate (an upper bound is
///   fine); static detail::word write(builder&, const T&)     the term's word; static result<T>
///   read(term_view)                  errc::wrong_type / out_of_range when it is not one.
/// A type may leave out read (write only), or size and write (read only).
template <class T>
struct term_traits;

template <class T>
concept writable = requires(const T& v, builder& b) {
    { term_traits<T>::size(v) } -> std::convertible_to<std::size_t>;
    { term_traits<T>::write(b, v) } -> std::same_as<detail::word>;
};
template <class T>
concept readable = requires(term_view v) {
    { term_traits<T>::read(v) } -> std::same_as<result<T>>;
};

template <class T>
concept integer = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char32_t>;

template <integer T>
struct term_traits<T> {
    static constexpr std::size_t size(T v) noexcept {
        if constexpr (sizeof(T) < 8) return 0;
        return std::in_range<std::int64_t>(v) && detail::fits_small(static_cast<std::int64_t>(v)) ? 0 : 2;
    }
    static detail::word write(builder& b, T v) {
        if constexpr (std::is_signed_v<T>) {
            return b.put_integer(v);
        } else {
            return b.put_unsigned(v);
        }
    }
    static result<T> read(term_view v) noexcept {
        using namespace detail;
        const word w = v.word();
        if (tag_of(w) == tag::integer) {
            if (!std::in_range<T>(small_value(w))) return errc::out_of_range;
            return static_cast<T>(small_value(w));
        }
        if (!is_box(w, box::big_integer)) return errc::wrong_type;
        return read_big(pointer(w));
    }

private:
    static result<T> read_big(const detail::word* p) noexcept {
        const bool negative = detail::header_size(*p) & detail::big_negative;
        if ((detail::header_size(*p) & ~detail::big_negative) != 1) return errc::out_of_range;
        const std::uint64_t m = p[1];
        if (!negative) {
            if (!std::in_range<T>(m)) return errc::out_of_range;
            return static_cast<T>(m);
        }
        if (m > std::uint64_t{1} << 63) return errc::out_of_range;
        const auto value = static_cast<std::int64_t>(~m + 1);
        if (!std::in_range<T>(value)) return errc::out_of_range;
        return static_cast<T>(value);
    }
};

template <>
struct term_traits<bool> {
    static constexpr std::size_t size(bool) noexcept { return 0; }
    static detail::word write(builder&, bool v) noexcept {
        return detail::make_atom((v ? atoms::known<"true"> : atoms::known<"false">).id());
    }
    static result<bool> read(term_view v) noexcept {
        if (v.is_atom(atoms::known<"true">)) return true;
        if (v.is_atom(atoms::known<"false">)) return false;
        return errc::wrong_type;
    }
};

template <std::floating_point T>
struct term_traits<T> {
    static constexpr std::size_t size(T v) noexcept {
        return detail::try_make_real(static_cast<double>(v)) != 0 ? 0 : 2;
    }
    /// Throws std::domain_error for NaN and infinities: Erlang has none.
    static detail::word write(builder& b, T v) {
        if (!std::isfinite(v)) throw std::domain_error("rakka: NaN and infinities are not Erlang terms");
        return b.put_real(static_cast<double>(v));
    }
    /// Floats only: an integer is another type in Erlang. Read an integer where that is meant to be accepted
    /// too.
    static result<T> read(term_view v) noexcept {
        using namespace detail;
        const word w = v.word();
        if (tag_of(w) == tag::real) return static_cast<T>(real_value(w));
        if (!is_box(w, box::real)) return errc::wrong_type;
        return static_cast<T>(std::bit_cast<double>(pointer(w)[1]));
    }
};

template <>
struct term_traits<atom> {
    static constexpr std::size_t size(atom) noexcept { return 0; }
    static detail::word write(builder&, atom a) noexcept { return detail::make_atom(a.id()); }
    /// A foreign atom that the table knows by now is that atom. An unknown one is interned, since the reader
    /// wants an atom; but a peer can make up any number, so only until the table is half full
    /// (errc::atom_table_full).
    static result<atom> read(term_view v) {
        if (detail::tag_of(v.word()) == detail::tag::atom) return atom::from_id(detail::atom_id(v.word()));
        return read_foreign(v);
    }

private:
    static result<atom> read_foreign(term_view v);
};

template <>
struct term_traits<pid> {
    static constexpr std::size_t size(const pid& p) noexcept {
        return p.is_local() ? 0 : detail::pid_layout::words;
    }
    static detail::word write(builder& b, const pid& p) { return b.put_pid(p); }
    static result<pid> read(term_view v) {
        const detail::word w = v.word();
        if (detail::tag_of(w) != detail::tag::local_pid) return read_boxed(v);
        return local_pid(w);
    }

private:
    static result<pid> read_boxed(term_view v);
    /// In two halves, which compilers join: who copies what was written in four waits until all have arrived.
    static constexpr pid local_pid(detail::word w) noexcept {
        const std::uint64_t slot = detail::local_pid_slot(w);
        const std::uint64_t serial = detail::local_pid_serial(w);
        const std::uint64_t origin = detail::local_pid_origin(w);
        if constexpr (std::endian::native == std::endian::little) {
            return std::bit_cast<pid>(std::array{slot << 32, origin << 32 | serial});
        } else {
            return std::bit_cast<pid>(std::array{slot, serial << 32 | origin});
        }
    }
};
template <>
struct term_traits<port> {
    static constexpr std::size_t size(const port&) noexcept { return detail::port_layout::words; }
    static detail::word write(builder& b, const port& p) { return b.put_port(p); }
    static result<port> read(term_view v);
};
template <>
struct term_traits<reference> {
    static constexpr std::size_t size(const reference& r) noexcept {
        return detail::reference_layout::words(r.size);
    }
    static detail::word write(builder& b, const reference& r) { return b.put_reference(r); }
    static result<reference> read(term_view v);
};

/// Text is a binary, as in Elixir. For a list of characters see charlist() in build.hpp.
template <>
struct term_traits<std::string_view> {
    static constexpr std::size_t size(std::string_view s) noexcept {
        return detail::words_of_binary(s.size());
    }
    static detail::word write(builder& b, std::string_view s) { return b.put_binary(s); }
    /// The bytes of a binary, borrowed from the term.
    static result<std::string_view> read(term_view v) noexcept {
        if (!v.is(kind::binary)) return errc::wrong_type;
        const auto bytes = v.bytes();
        return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
};
template <>
struct term_traits<std::string> {
    static std::size_t size(const std::string& s) noexcept { return term_traits<std::string_view>::size(s); }
    static detail::word write(builder& b, const std::string& s) { return b.put_binary(s); }
    static result<std::string> read(term_view v) {
        const auto s = term_traits<std::string_view>::read(v);
        if (!s) return s.error();
        return std::string(*s);
    }
};
template <>
struct term_traits<const char*> {
    static std::size_t size(const char* s) noexcept { return term_traits<std::string_view>::size(s); }
    static detail::word write(builder& b, const char* s) { return b.put_binary(std::string_view(s)); }
};
template <std::size_t N>
struct term_traits<char[N]> : term_traits<const char*> {};
template <>
struct term_traits<std::span<const std::byte>> {
    static std::size_t size(std::span<const std::byte> s) noexcept {
        return detail::words_of_binary(s.size());
    }
    static detail::word write(builder& b, std::span<const std::byte> s) { return b.put_binary(s); }
    static result<std::span<const std::byte>> read(term_view v) noexcept {
        if (!v.is(kind::binary)) return errc::wrong_type;
        return v.bytes();
    }
};

/// A term inside another: kept by reference, see builder::put_term.
template <>
struct term_traits<term> {
    static std::size_t size(const term& t) noexcept {
        if (!t.owner()) return 0;
        const std::size_t words = detail::words_of_short_tuple(t.word());
        return words != 0 ? words : detail::attachment::words;
    }
    static detail::word write(builder& b, const term& t) { return b.put_term(t); }
    /// Reading gives a copy (term::copy); to share the memory use term::share.
    static result<term> read(term_view v) { return term::copy(v); }
};
/// Borrowed until the new term is made instead of copied into the expression: `std::cref(x)`.
template <class T>
struct term_traits<std::reference_wrapper<const T>> {
    static std::size_t size(std::reference_wrapper<const T> x) { return term_traits<T>::size(x); }
    static detail::word write(builder& b, std::reference_wrapper<const T> x) {
        return term_traits<T>::write(b, x);
    }
};
template <>
struct term_traits<term_view> {
    static result<term_view> read(term_view v) noexcept { return v; }
};

}  // namespace rakka::etf

namespace rakka {

template <class T>
requires requires(const T& v) {
    etf::term_traits<T>::size(v);
}
term::term(const T& value) {
    etf::builder b(etf::term_traits<T>::size(value));
    *this = b.finish(etf::term_traits<T>::write(b, value));
}
inline term::term(const pid& p) {
    etf::builder b(etf::term_traits<pid>::size(p));
    *this = b.finish(b.put_pid(p));
}
inline term::term(const reference& r) {
    etf::builder b(etf::term_traits<reference>::size(r));
    *this = b.finish(b.put_reference(r));
}

/// `value` as a term. One allocation, or none when it fits an immediate.
template <etf::writable T>
[[nodiscard]] term to_term(const T& value) {
    return term(value);
}

}  // namespace rakka
