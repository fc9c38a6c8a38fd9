// Interned atoms: a 32-bit handle compared by value; the text lives in one table for the whole program.
#pragma once

#include <rakka/base/result.hpp>

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace rakka {

/// An Erlang atom. Four bytes, trivially copyable; equal handles are equal texts. All functions: any thread,
/// none blocks beyond the short lock that adding a *new* text to the table takes. Atoms are never freed, as
/// on the BEAM: do not make them from unbounded input (the decoder does not: see
/// etf::decode_limits::max_new_atoms).
class atom {
public:
    /// The number of atoms the table holds at most, as the BEAM's default.
    static constexpr std::size_t max_atoms = 1'048'576;
    /// Decoding adds none to a table that holds so many, whoever the bytes are from: new ones then stay
    /// foreign. The other half is the program's own, so that all peers together cannot make `atom(…)` fail.
    static constexpr std::size_t max_from_outside = max_atoms / 2;
    /// Characters (code points, not bytes) in one atom at most. [etf §ATOM_UTF8_EXT]
    static constexpr std::size_t max_characters = 255;

    /// No atom at all: contextually false, equal only to itself.
    constexpr atom() noexcept = default;
    /// Interns `utf8`. Throws boost::system::system_error with etf::errc::{bad_utf8, atom_too_long,
    /// atom_table_full}. Erlang: list_to_atom/1.
    explicit atom(std::string_view utf8);

    /// As the constructor, with the error returned.
    [[nodiscard]] static result<atom> make(std::string_view utf8);
    /// The atom with this text if the table has it already. Erlang: list_to_existing_atom/1.
    [[nodiscard]] static std::optional<atom> existing(std::string_view utf8) noexcept;
    [[nodiscard]] static constexpr atom from_id(std::uint32_t id) noexcept {
        atom a;
        a.id_ = id;
        return a;
    }
    /// How many atoms the table holds now. Erlang: erlang:system_info(atom_count).
    [[nodiscard]] static std::size_t count() noexcept;

    /// UTF-8 text without quotes, valid for ever.
    [[nodiscard]] std::string_view text() const noexcept;
    /// A small number unique to the text within this run of the program; 0 for no atom.
    [[nodiscard]] constexpr std::uint32_t id() const noexcept { return id_; }
    constexpr explicit operator bool() const noexcept { return id_ != 0; }

    /// Equality of texts. The order of handles is not Erlang's: for that compare terms.
    friend constexpr bool operator==(atom, atom) noexcept = default;

private:
    std::uint32_t id_ = 0;
};

namespace etf::detail {

template <std::size_t N>
struct fixed_string {
    char text[N];
    // NOLINTNEXTLINE(google-explicit-constructor): a literal converts
    consteval fixed_string(const char (&s)[N]) { std::copy_n(s, N, text); }
    [[nodiscard]] constexpr std::string_view view() const { return {text, N - 1}; }
};

}  // namespace etf::detail

inline namespace literals {

/// `"ok"_a`: the atom, interned once per literal.
template <etf::detail::fixed_string Text>
[[nodiscard]] atom operator""_a() {
    static const atom value{Text.view()};
    return value;
}

}  // namespace literals
}  // namespace rakka

template <>
struct std::hash<rakka::atom> {
    std::size_t operator()(rakka::atom a) const noexcept { return a.id() * 0x9E3779B97F4A7C15ull; }
};
