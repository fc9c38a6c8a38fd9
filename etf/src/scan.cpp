#include "scan.hpp"

#include <bit>
#include <charconv>
#include <string_view>

namespace rakka::etf::detail {

using enum external_tag;

bool scanner::run() {
    for (;;) {
        while (now_.left == 0) {
            if (now_.mark == list_elements) {
                if (!tail()) return false;
                continue;
            }
            if (now_.mark != plain && in_.offset() != now_.mark) return fail(errc::bad_length);
            if (around_.empty()) return true;
            now_ = around_.top();
            around_.pop();
        }
        term_at_ = in_.offset();
        if (!need(1)) return false;
        --now_.left;
        if (!value(external_tag(in_.u8()))) return false;
    }
}

bool scanner::fail(errc code) noexcept {
    error_ = {code, term_at_};
    return false;
}

bool scanner::value(external_tag tag) {
    switch (tag) {
        case small_integer:
            return skip_fixed(1);
        case integer:
            return skip_fixed(4);
        case nil:
            return true;
        case small_atom_utf8:
        case atom_utf8:
        case atom_cache_reference:
        case small_atom_latin1:
        case atom_latin1:
            return atom(tag);
        case small_tuple:
            return tuple(1);
        case external_tag::list:
            return this->list();
        case external_tag::binary:
            return whole_binary();
        case external_tag::string:
            return this->string();
        case external_tag::map:
            return this->map();
        case new_float:
            return real();
        case large_tuple:
            return tuple(4);
        case small_big:
            return big(1);
        case large_big:
            return big(4);
        case external_tag::bit_binary:
            return this->bit_binary();
        default:
            return identifier_or_legacy(tag);
    }
}

bool scanner::identifier_or_legacy(external_tag tag) {
    switch (tag) {
        case new_pid:
            return pid(false);
        case external_tag::pid:
            return pid(true);
        case v4_port:
            return port(8, false);
        case new_port:
            return port(4, false);
        case external_tag::port:
            return port(4, true);
        case newer_reference:
            return reference(false);
        case new_reference:
            return reference(true);
        case external_tag::reference:
            return old_reference();
        case new_fun:
            return fun();
        case external_tag::export_fun:
            return export_fun();
        case external_tag::record:
            return record();
        case external_tag::float_text:
            return float_text();
        default:
            return fail(errc::bad_tag);
    }
}

bool scanner::skip_fixed(std::size_t n) {
    if (!need(n)) return false;
    in_.skip(n);
    return true;
}

// -- containers
// ----------------------------------------------------------------------------------------------------

bool scanner::enter(std::uint64_t mark, std::uint64_t terms) {
    if (around_.size() >= options_.limits.max_depth) return fail(errc::too_deep);
    around_.push(now_);
    now_ = {terms, mark};
    return true;
}

bool scanner::tuple(std::size_t length_bytes) {
    if (!need(length_bytes)) return false;
    const std::size_t arity = length_bytes == 1 ? in_.u8() : in_.u32();
    if (arity == 0) return true;
    // Every element takes a byte at least: an arity beyond the end is found before anything is counted or
    // allocated.
    return need(arity) && add_words(1 + arity) && enter(plain, arity);
}

bool scanner::map() {
    if (!need(4)) return false;
    const std::size_t pairs = in_.u32();
    if (pairs == 0) return true;
    return need(2 * pairs) && add_words(1 + 2 * pairs) && enter(plain, 2 * pairs);
}

bool scanner::list() {
    if (!need(4)) return false;
    const std::size_t elements = in_.u32();
    if (elements == 0) {  // nothing but its tail
        ++now_.left;
        return true;
    }
    return need(elements + 1) && add_words(elements + 1) && enter(list_elements, elements);
}

/// What follows the elements of a list: its end, another list it goes on with, or any other term. [etf
/// §LIST_EXT]
bool scanner::tail() {
    term_at_ = in_.offset();
    if (!need(1)) return false;
    const auto tag = external_tag(in_.peek());
    if (tag == external_tag::list) {
        if (!need(5)) return false;
        in_.skip(1);
        const std::size_t elements = in_.u32();
        if (elements == 0) return true;
        now_.left = elements;
        return need(elements + 1) && add_words(elements + 1);
    }
    now_ = {1, plain};
    return tag == nil || tag == external_tag::string || add_words(2);
}

bool scanner::string() {
    if (!need(2)) return false;
    const std::size_t n = in_.u16();
    return skip_fixed(n) && (n == 0 || add_words(n + 1));
}

bool scanner::record() {
    if (!need(5)) return false;
    const std::size_t fields = in_.u32();
    if (in_.u8() > 1) return fail(errc::bad_length);
    if (!need(2 * fields + 2) || !add_words(record_layout::fields + 2 * fields)) return false;
    for (std::size_t i = 0; i < fields + 2; ++i)
        if (!any_atom()) return false;
    return fields == 0 || enter(plain, fields);
}

bool scanner::fun() {
    const std::size_t start = in_.offset();
    if (!need(4 + 1 + 16 + 4 + 4)) return false;
    const std::size_t size = in_.u32();
    if (size < 4 + 1 + 16 + 4 + 4) return fail(errc::bad_length);
    in_.skip(1 + 16 + 4);
    const std::size_t free = in_.u32();
    if (!any_atom() || !small_int() || !small_int() || !need(1)) return false;
    const auto tag = external_tag(in_.u8());
    if (tag != new_pid && tag != external_tag::pid) return fail(errc::bad_tag);
    return pid(tag == external_tag::pid) && need(free) && add_words(fun_layout::free + free) &&
           enter(start + size, free);
}

bool scanner::export_fun() {
    if (!any_atom() || !any_atom() || !need(2)) return false;
    if (external_tag(in_.u8()) != small_integer) return fail(errc::bad_tag);
    in_.skip(1);
    return add_words(export_layout::words);
}

// -- numbers and bytes
// -----------------------------------------------------------------------------------------------

bool scanner::small_int() {
    if (!need(2)) return false;
    const auto tag = external_tag(in_.u8());
    if (tag == small_integer) return skip_fixed(1);
    return tag == integer ? skip_fixed(4) : fail(errc::bad_tag);
}

bool scanner::real() {
    if (!need(8)) return false;
    const std::uint64_t bits = in_.u64();
    if (!is_finite(bits)) return fail(errc::bad_float);
    return try_make_real(std::bit_cast<double>(bits)) || add_words(2);
}

bool scanner::float_text() {
    if (!need(31)) return false;
    const auto value = read_float_text(in_.text(31));
    if (!value) return fail(errc::bad_float);
    return try_make_real(*value) || add_words(2);
}

bool scanner::big(std::size_t length_bytes) {
    if (!need(length_bytes + 1)) return false;
    const std::size_t n = length_bytes == 1 ? in_.u8() : in_.u32();
    if (!need(n + 1)) return false;
    const bool negative = in_.u8() != 0;
    const auto cut = significant(in_.bytes(n));
    return is_small(cut, negative) || add_words(1 + words_for_bytes(cut.size()));
}

bool scanner::binary(std::size_t n, std::size_t unused_bits) {
    if (!need(n)) return false;
    if (is_slice(options_, in_.bytes(n), unused_bits)) {
        if (!has_slices_ && !add_words(attachment::words)) return false;
        has_slices_ = true;
        return add_words(shared_binary_layout::words);
    }
    return add_words(1 + words_for_bytes(n));
}

bool scanner::whole_binary() {
    return need(4) && binary(in_.u32(), 0);
}

bool scanner::bit_binary() {
    if (!need(5)) return false;
    const std::size_t n = in_.u32();
    const unsigned bits = in_.u8();
    if (n == 0 || bits == 0 || bits > 8) return fail(errc::bad_length);
    return binary(n, 8 - bits);
}

// -- identifiers
// -----------------------------------------------------------------------------------------------------

bool scanner::pid(bool old) {
    bool own = false;
    if (!any_atom(&own) || !need(old ? 9 : 12)) return false;
    const std::uint32_t id = in_.u32(), serial = in_.u32(), creation = old ? in_.u8() : in_.u32();
    if (old && creation > 3) return fail(errc::out_of_range);
    return (own && is_own_pid(options_, id, serial, creation)) || add_words(pid_layout::words);
}

bool scanner::port(std::size_t id_bytes, bool old) {
    if (!any_atom() || !need(id_bytes + (old ? 1 : 4))) return false;
    in_.skip(id_bytes);
    if (old ? in_.u8() > 3 : (in_.skip(4), false)) return fail(errc::out_of_range);
    return add_words(port_layout::words);
}

bool scanner::reference(bool old) {
    if (!need(2)) return false;
    const std::size_t n = in_.u16();
    if (n == 0 || n > rakka::reference::max_words) return fail(errc::bad_length);
    if (!any_atom() || !need((old ? 1 : 4) + 4 * n)) return false;
    if (old) {
        if (in_.u8() > 3) return fail(errc::out_of_range);
        if (n > 0 && in_.behind(0).u32() >= 1u << 18) return fail(errc::out_of_range);
    } else {
        in_.skip(4);
    }
    in_.skip(4 * n);
    return add_words(reference_layout::words(n));
}

bool scanner::old_reference() {
    if (!any_atom() || !need(5)) return false;
    const bool valid = in_.u32() < 1u << 18;
    if (in_.u8() > 3 || !valid) return fail(errc::out_of_range);
    return add_words(reference_layout::words(1));
}

// -- atoms
// -----------------------------------------------------------------------------------------------------------

bool scanner::any_atom(bool* own) {
    if (!need(1)) return false;
    const byte_reader before = in_;
    const auto tag = external_tag(in_.u8());
    if (!own || options_.origin == 0) return atom(tag);
    if (!atom(tag)) return false;
    *own = is_own_name(options_, before);
    return true;
}

bool scanner::atom(external_tag tag) {
    switch (tag) {
        case small_atom_utf8:
        case atom_utf8: {
            const std::size_t length_bytes = tag == atom_utf8 ? 2 : 1;
            if (!need(length_bytes)) return false;
            const std::size_t n = length_bytes == 2 ? in_.u16() : in_.u8();
            if (!need(n)) return false;
            const std::string_view text = in_.text(n);
            if (n <= rakka::atom::max_characters && is_ascii(text)) return true;
            const auto characters = count_utf8(text);
            if (!characters) return fail(errc::bad_utf8);
            return *characters <= rakka::atom::max_characters || fail(errc::atom_too_long);
        }
        case small_atom_latin1:
            return need(1) && skip_fixed(in_.u8());
        case atom_latin1: {
            if (!need(2)) return false;
            const std::size_t n = in_.u16();
            return n <= rakka::atom::max_characters ? skip_fixed(n) : fail(errc::atom_too_long);
        }
        case atom_cache_reference: {
            if (options_.envelope != envelope::distribution) return fail(errc::bad_tag);
            if (!need(1)) return false;
            const std::size_t index = in_.u8();
            if (index >= options_.cached_atoms.size()) return fail(errc::bad_cache_reference);
            const word w = options_.cached_atoms[index];
            if (tag_of(w) == detail::tag::atom) return true;
            if (!is_box(w, box::foreign_atom)) return fail(errc::bad_cache_reference);
            return add_words(1 + words_for_bytes(header_size(*pointer(w))));
        }
        default:
            return fail(errc::bad_tag);
    }
}

bool is_own_name(const decode_options& options, byte_reader atom) noexcept {
    const auto tag = external_tag(atom.u8());
    if (tag == atom_cache_reference)
        return options.cached_atoms[atom.u8()] == make_atom(options.own.name.id());
    const std::string_view text = atom.text(tag == atom_utf8 || tag == atom_latin1 ? atom.u16() : atom.u8());
    const bool latin1 = tag == atom_latin1 || tag == small_atom_latin1;
    return (latin1 ? latin1_text(text).utf8() : text) == options.own.name.text();
}

std::optional<double> read_float_text(std::string_view field) noexcept {
    const std::string_view text = field.substr(0, field.find('\0'));
    double value = 0;
    const char* const end = text.data() + text.size();
    if (text.find('.') == std::string_view::npos) return std::nullopt;
    const char* const from = text.starts_with('+') ? text.data() + 1 : text.data();
    const auto [stop, code] = std::from_chars(from, end, value);
    if (code != std::errc{} || stop != end || !is_finite(std::bit_cast<std::uint64_t>(value)))
        return std::nullopt;
    return value;
}

}  // namespace rakka::etf::detail
