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

/// How to print. The defaults give `~0p`, everything on one line. `~p` is `{.line_length = 80}`, `~N.Cp` is
/// `{.line_length = N, .column = C}`.
struct print_options {
    print_style style = print_style::pretty;
    print_charset charset = print_charset::latin1;
    /// `~p` breaks what does not fit lines of this many characters (Erlang's default is 80; strings stay
    /// whole, as there). Zero means no line breaks. `~w` never breaks lines.
    std::size_t line_length = 0;
    /// The column, counted from 1, in which the text begins: further lines are indented to stand below.
    std::size_t column = 1;
    /// The depth of ~P, or in plain style of ~W: what lies deeper, or further back, prints as `...`. Zero
    /// means no limit.
    std::size_t depth = 0;
    /// Stop after this many bytes and end with `...`. Zero means no limit. A text with line breaks is laid
    /// out by as much of the term as can be seen.
    std::size_t max_chars = 0;
};

/// `t` as UTF-8 text, character for character what io_lib:format/2 gives. Never fails; the depth of `t` is no
/// problem. Any thread. To know where Erlang's releases differ:
///   - Map keys come in term order. OTP 25 prints maps of up to 32 pairs so; later releases when they are
///   asked
///     to (`~kp`), otherwise with atoms in an order of each node's own.
///   - A binary that is not UTF-8 as a whole but begins so, with a character that is not printable in
///   between,
///     prints under `~tp` as OTP 29 does: up to 27 it may be text in Latin-1 instead.
///   - The atoms 'maybe' and 'else' are quoted, as reserved words of OTP 27 and later.
///   - Native records exist from OTP 29 on.
/// Pids and references of this program print as those of a local node. The width of a text is the number of
/// its code points: Erlang counts the signs that one sees (grapheme clusters) once a character above 255 is
/// among them, so under `~tp` text with combining characters may break its lines elsewhere.
///
/// One line costs time and memory in proportion to `t`. Indentation does not: with a line length, a term
/// nested in itself n times over can give n * n characters (in Erlang too), so bound what comes from others
/// by `depth` or `max_chars`.
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
