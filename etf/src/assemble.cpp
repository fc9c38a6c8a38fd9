#include "assemble.hpp"

#include "atom_table.hpp"
#include "identifier_words.hpp"
#include "map_pairs.hpp"

#include <algorithm>
#include <bit>
#include <vector>

namespace rakka::etf::detail {

using enum external_tag;

assembler::assembler(std::span<const std::byte> bytes, const decode_options& options, atom_budget& budget,
                     std::size_t words, bool has_slices)
    : at_{byte_reader(bytes), nullptr, {&root_, &root_ + 1, static_cast<word>(what::root)}},
      options_(options),
      budget_(budget),
      memo_(atom_memo::here()),
      slice_from_(options.buffer ? options.min_slice : ~std::size_t{0}),
      builder_(words) {
    if (has_slices) {
        builder_.keep(options.buffer);
        words -= attachment::words;
    }
    if (words) at_.top = builder_.allocate(words);
    end_ = at_.top + words;
}

/// A container is full.
bool assembler::end() {
    switch (at_.now.kind()) {
        case what::plain:
            break;
        case what::list:
            tail();
            return true;
        case what::map:
            if (!finish_map()) return false;
            break;
        case what::root:
            return false;
    }
    leave(at_);
    return true;
}

bool assembler::value(external_tag tag) {
    switch (tag) {
        case small_atom_utf8:
        case atom_utf8:
        case atom_cache_reference:
        case small_atom_latin1:
        case atom_latin1:
            put(atom(tag));
            return true;
        case external_tag::binary: {
            const std::size_t n = at_.in.u32();
            put(this->binary(n, 8 * n));
            return true;
        }
        case external_tag::string: {
            const std::size_t n = at_.in.u16();
            put(n == 0 ? special_nil : string_cells(n));
            return true;
        }
        case new_float:
            put(real(std::bit_cast<double>(at_.in.u64())));
            return true;
        case small_big:
            put(big(at_.in.u8()));
            return true;
        case large_big:
            put(big(at_.in.u32()));
            return true;
        default:
            return identifier_or_legacy(tag);
    }
}

bool assembler::identifier_or_legacy(external_tag tag) {
    switch (tag) {
        case new_pid:
            put(pid(false));
            break;
        case external_tag::pid:
            put(pid(true));
            break;
        case v4_port:
            put(port(8, false));
            break;
        case new_port:
            put(port(4, false));
            break;
        case external_tag::port:
            put(port(4, true));
            break;
        case newer_reference:
            put(reference(false, at_.in.u16()));
            break;
        case new_reference:
            put(reference(true, at_.in.u16()));
            break;
        case external_tag::reference:
            put(old_reference());
            break;
        case external_tag::bit_binary:
            put(bit_binary());
            break;
        case new_fun:
            fun();
            break;
        case external_tag::export_fun:
            put(export_fun());
            break;
        case external_tag::record:
            return record();
        case float_text:
            put(real(*read_float_text(at_.in.text(31))));
            break;
        default:
            RAKKA_CHECK(tag == nil);  // the scanner lets no other tag through
    }
    return true;
}

// -- containers
// ----------------------------------------------------------------------------------------------------

word assembler::string_cells(std::size_t n) {
    word* const cells = take(n + 1);
    const auto bytes = at_.in.bytes(n);
    for (std::size_t i = 0; i < n; ++i)
        cells[i] = make_small(std::to_integer<std::int64_t>(bytes[i]));
    cells[n] = list_end;
    return list_at(cells);
}

/// The elements are there; the cell behind them gets the list's end, or a link to what follows.
void assembler::tail() {
    word& last = *at_.now.cell;
    const auto tag = external_tag(at_.in.peek());
    if (tag == external_tag::list) {
        at_.in.skip(1);
        const std::size_t n = at_.in.u32();
        if (n == 0) return;  // comes back here for that list's own tail
        word* const cells = take(n + 1);
        last = link_to(cells);
        at_.now = {cells, cells + n, static_cast<word>(what::list)};
        return;
    }
    if (tag == nil || tag == string) {
        at_.in.skip(1);
        const std::size_t n = tag == string ? at_.in.u16() : 0;
        last = n == 0 ? list_end : link_to(pointer(string_cells(n)));
        leave(at_);
        return;
    }
    word* const two = take(2);
    two[0] = list_tail;
    last = link_to(two);
    at_.now = {two + 1, two + 2, static_cast<word>(what::plain)};
}

bool assembler::finish_map() {
    word* const b = at_.now.header();
    const std::size_t n = static_cast<std::size_t>(at_.now.end - b) / 2;
    if (!sort_pairs(b + 1, n)) return fail_duplicate(b[0]);
    b[0] = make_header(box::map, n);
    return true;
}

bool assembler::fail_duplicate(std::size_t offset) noexcept {
    error_ = {errc::duplicate_key, offset};
    return false;
}

bool assembler::record() {
    const std::size_t at = at_.in.offset() - 1, n = at_.in.u32();
    word* const b = take(record_layout::fields + 2 * n);
    b[0] = make_header(box::record, n);
    b[record_layout::flags] = at_.in.u8();
    b[record_layout::module] = any_atom();
    b[record_layout::name] = any_atom();
    word* const names = b + record_layout::fields;
    for (std::size_t i = 0; i < n; ++i)
        names[i] = any_atom();
    if (!all_different(names, n)) return fail_duplicate(at);
    put(boxed(b));
    if (n != 0) enter(at_, names + n, n, what::plain);
    return true;
}

void assembler::fun() {
    at_.in.skip(4);
    const std::uint8_t arity = at_.in.u8();
    const auto uniq = at_.in.bytes(16);
    const std::uint32_t index = at_.in.u32();
    const std::size_t free = at_.in.u32();
    word* const b = take(fun_layout::free + free);
    b[0] = make_header(box::fun, free);
    b[fun_layout::arity] = arity;
    std::memcpy(b + fun_layout::uniq, uniq.data(), uniq.size());
    b[fun_layout::index] = index;
    b[fun_layout::module] = any_atom();
    b[fun_layout::old_index] = small_int();
    b[fun_layout::old_uniq] = small_int();
    b[fun_layout::pid] = pid(external_tag(at_.in.u8()) == external_tag::pid);
    put(boxed(b));
    if (free != 0) enter(at_, b + fun_layout::free, free, what::plain);
}

word assembler::export_fun() {
    word* const b = take(export_layout::words);
    b[0] = make_header(box::export_fun, 0);
    b[export_layout::module] = any_atom();
    b[export_layout::function] = any_atom();
    at_.in.skip(1);
    b[export_layout::arity] = at_.in.u8();
    return boxed(b);
}

// -- numbers and bytes
// -----------------------------------------------------------------------------------------------

word assembler::small_int() {
    return external_tag(at_.in.u8()) == small_integer ? make_small(at_.in.u8())
                                                      : make_small(static_cast<std::int32_t>(at_.in.u32()));
}

word assembler::real(double v) {
    if (const word w = try_make_real(v)) return w;
    word* const b = take(2);
    b[0] = make_header(box::real, 1);
    b[1] = std::bit_cast<word>(v);
    return boxed(b);
}

word assembler::big(std::size_t n) {
    const bool negative = at_.in.u8() != 0;
    const auto cut = significant(at_.in.bytes(n));
    if (is_small(cut, negative)) {
        const auto magnitude = static_cast<std::int64_t>(little_endian(cut));
        return make_small(negative ? -magnitude : magnitude);
    }
    const std::size_t limbs = words_for_bytes(cut.size());
    word* const b = take(1 + limbs);
    b[0] = make_header(box::big_integer, limbs | (negative ? big_negative : 0));
    for (std::size_t i = 0; i < limbs; ++i)
        b[1 + i] = little_endian(cut.subspan(8 * i, std::min<std::size_t>(8, cut.size() - 8 * i)));
    return boxed(b);
}

word assembler::binary(std::size_t n, std::size_t bits) {
    const auto bytes = at_.in.bytes(n);
    const std::size_t unused = 8 * n - bits;
    if (is_slice(options_, bytes, unused)) {
        word* const b = take(shared_binary_layout::words);
        b[0] = make_header(box::shared_binary, bits);
        b[shared_binary_layout::data] = reinterpret_cast<word>(bytes.data());
        b[shared_binary_layout::buffer] = reinterpret_cast<word>(options_.buffer);
        return boxed(b);
    }
    const std::size_t body = words_for_bytes(n);
    word* const b = take(1 + body);
    b[0] = make_header(box::binary, bits);
    if (n == 0) return boxed(b);
    b[body] = 0;  // the padding takes part in comparisons
    std::memcpy(b + 1, bytes.data(), n);
    if (unused) {
        auto& last = reinterpret_cast<unsigned char*>(b + 1)[n - 1];
        last = static_cast<unsigned char>(last & (0xffu << unused));
    }
    return boxed(b);
}

word assembler::bit_binary() {
    const std::size_t n = at_.in.u32();
    return binary(n, 8 * (n - 1) + at_.in.u8());
}

// -- identifiers
// -----------------------------------------------------------------------------------------------------

word assembler::pid(bool old) {
    const word node = any_atom();
    const std::uint32_t id = at_.in.u32(), serial = at_.in.u32(), creation = old ? at_.in.u8() : at_.in.u32();
    const pid_fields p{node, id, serial, creation};
    if (is_own(options_, p)) return make_local_pid(options_.origin, id, serial);
    word* const b = take(pid_layout::words);
    write_pid(b, p);
    return boxed(b);
}

word assembler::port(std::size_t id_bytes, bool old) {
    const word node = any_atom();
    word* const b = take(port_layout::words);
    b[0] = make_header(box::port, 0);
    b[port_layout::node] = node;
    b[port_layout::id] = id_bytes == 8 ? at_.in.u64() : at_.in.u32();
    b[port_layout::creation] = old ? at_.in.u8() : at_.in.u32();
    return boxed(b);
}

word assembler::reference(bool old, std::size_t n) {
    const word node = any_atom();
    const std::uint32_t creation = old ? at_.in.u8() : at_.in.u32();
    word* const b = take(reference_layout::words(n));
    write_reference(b, options_, node, creation, n, at_.in);
    return boxed(b);
}

word assembler::old_reference() {
    const word node = any_atom();
    word* const b = take(reference_layout::words(1));
    b[0] = make_header(box::reference, 1);
    b[reference_layout::node] = node;
    b[reference_layout::ids] = at_.in.u32();
    b[reference_layout::creation] = at_.in.u8();
    return boxed(b);
}

// -- atoms
// -----------------------------------------------------------------------------------------------------------

word assembler::atom(external_tag tag) {
    switch (tag) {
        case small_atom_utf8:
            return atom_from(at_.in.text(at_.in.u8()));
        case atom_utf8:
            return atom_from(at_.in.text(at_.in.u16()));
        case atom_cache_reference: {
            const word w = options_.cached_atoms[at_.in.u8()];
            if (is_immediate(w)) return w;
            const std::size_t n = 1 + words_for_bytes(header_size(*pointer(w)));
            return boxed(std::copy_n(pointer(w), n, take(n)) - n);
        }
        case small_atom_latin1:
        case atom_latin1: {
            const std::string_view text = at_.in.text(tag == atom_latin1 ? at_.in.u16() : at_.in.u8());
            return is_ascii(text) ? atom_from(text) : atom_from(latin1_text(text).utf8());
        }
        default:
            RAKKA_CHECK(tag == atom_utf8);  // the scanner lets no other tag through
    }
    return no_word;
}

word assembler::atom_from(std::string_view utf8) {
    if (utf8.size() > short_text::most) return intern_or_carry(builder_, utf8, budget_);
    const auto* const bytes = reinterpret_cast<const std::byte*>(utf8.data());
    const short_text text = load_short_text(bytes, utf8.size(), utf8.size());
    if (const word known = memo_.find(text, utf8.size())) return known;
    const word w = intern_or_carry(builder_, utf8, budget_);
    if (is_immediate(w)) memo_.remember(text, utf8.size(), w);
    return w;
}

word intern_or_carry(builder& b, std::string_view utf8, atom_budget& budget) {
    if (const std::uint32_t known = find_atom(utf8, hash_atom(utf8))) return make_atom(known);
    if (budget.left() != 0 &&
        rakka::atom::count() < most_atoms_from_outside.load(std::memory_order_relaxed)) {
        if (const auto made = rakka::atom::make(utf8)) {
            (void)budget.take();
            return make_atom(made->id());
        }
    }
    return b.put_foreign_atom(utf8);
}

}  // namespace rakka::etf::detail
