// Bridge to erl_interface (ei.h): its buffers and identifiers to and from Rakka's terms, one function at a
// time.
//
// A C node written with ei can move over piece by piece: what it encodes is read here as terms, and terms are
// written into its buffers. Link rakka::ei, which exists where CMake finds erl_interface (package
// erlang-dev). All functions: any thread; none blocks; ei_init() is needed only for ei's own functions.
#pragma once

#include <rakka/etf/decode.hpp>
#include <rakka/etf/encode.hpp>
#include <rakka/etf/term.hpp>

#include <cstddef>
#include <ei.h>

namespace rakka::ei {

/// Reads the term at `index`, a version byte in front of it or not, and moves `index` behind it. On an error
/// `index` stays. `x.index` says where the written part of an ei_x_buff ends, as ei itself has it. Errors:
/// those of etf::decode.
[[nodiscard]] etf::decode_result<term> from_ei(const ei_x_buff& x, int& index,
                                               const etf::decode_options& options = {});
/// The same for `size` bytes of which ei has no more than a pointer.
[[nodiscard]] etf::decode_result<term> from_ei(const char* buffer, std::size_t size, int& index,
                                               const etf::decode_options& options = {});
/// The same where not even the size is known, as in ei_decode_…(buf, &index, …). Trusts the bytes as ei does:
/// only for buffers that this program encoded itself.
[[nodiscard]] etf::decode_result<term> from_ei(const char* buffer, int* index);

/// Appends `t` as ei_x_encode_…() would, without a version byte (ei_x_new_with_version writes that).
/// Errors: those of etf::encode, errc::too_large when the buffer would pass 2 GiB.
[[nodiscard]] result<void> to_ei(ei_x_buff& x, term_view t);
[[nodiscard]] inline result<void> to_ei(ei_x_buff& x, const term& t) {
    return to_ei(x, t.view());
}

// Identifiers. Local ones take the name and creation that their node has now. errc::atom_too_long never
// happens: both sides hold 255 characters. An ei identifier whose node is not a valid atom gives
// errc::bad_utf8.
[[nodiscard]] erlang_pid to_ei(const pid& p);
[[nodiscard]] erlang_port to_ei(const port& p);
[[nodiscard]] erlang_ref to_ei(const reference& r);
[[nodiscard]] result<pid> from_ei(const erlang_pid& p);
[[nodiscard]] result<port> from_ei(const erlang_port& p);
/// errc::bad_length for more than five words.
[[nodiscard]] result<reference> from_ei(const erlang_ref& r);

/// A fun, opaque on both sides. The erlang_fun owns memory: give it back with ei's free_fun().
/// errc::wrong_type when `fun` is none.
[[nodiscard]] result<erlang_fun> to_erlang_fun(term_view fun);
[[nodiscard]] etf::decode_result<term> from_ei(const erlang_fun& f);

}  // namespace rakka::ei
