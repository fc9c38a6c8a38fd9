// Terms as text, the way io_lib:format prints them: ~w, ~p (with its line breaks), ~tp, their depth-limited
// forms.
#pragma once

#include <rakka/etf/term.hpp>

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>

namespace rakka {

enum class print_style : std::uint8_t {
    pretty,  ///< `~p`: lists of characters as "…", binaries of characters as <<"…">>
    plain,   ///< `~w`: lists and binaries as numbers
};

enum class print_charset : std::uint8_t {
    latin1,   ///< without the `t` modifier: characters above 255 are escaped, and do not make a list a string
    unicode,  ///< with it, as under `erl +pc unicode`
};

/// How to print. The defaults give `~0p`.
struct print_options {
    print_style style = print_style::pretty;
    print_charset charset = print_charset::latin1;
    /// Like the depth of ~W (and nearly like that of ~P): what lies deeper, or further back, prints as `...`.
    /// Zero means no limit.
    std::size_t depth = 0;
    /// Stop after this many bytes and end with `...`. Zero means no limit.
    std::size_t max_chars = 0;
};

/// `t` as UTF-8 text. Map keys come in term order (as OTP 25 prints them; later releases say `~kp` for that).
/// Pids and references of this program print as those of a local node. Never fails; the depth of `t` is no
/// problem. Any thread.
[[nodiscard]] std::string to_string(term_view t, const print_options& options);
/// Appends the text to `out`.
void print(std::string& out, term_view t, const print_options& options = {});

/// An atom as `~tw` prints it: quoted where it must be. "it's" gives 'it\'s'.
[[nodiscard]] std::string to_string(atom a);

/// `~0tp`. For log lines and test failures.
std::ostream& operator<<(std::ostream& out, term_view t);
std::ostream& operator<<(std::ostream& out, const term& t);
std::ostream& operator<<(std::ostream& out, atom a);

}  // namespace rakka
