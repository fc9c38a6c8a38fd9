#include "term_writer.hpp"

#include "leaf_writers.hpp"

#include <rakka/etf/known_atoms.hpp>
#include <rakka/etf/order.hpp>

#include <algorithm>
#include <bit>
#include <numeric>

namespace rakka::etf::detail {

using enum external_tag;

namespace {

bool is_byte(word w) noexcept {
    return (w & ~(word{0xff} << 3)) == word(tag::integer);
}

/// Whether a cell of a list is neither its end nor a link.
bool is_element(word w) noexcept {
    return (w & 6) != 6 || w == special_nil;
}
static_assert(word(tag::link) == 6 && word(tag::special) == 7);

}  // namespace

/// Goes on in front of what quick_part() has left.
template <class Sink>
bool term_writer<Sink>::run_from_here() {
    for (;;) {
        word w;
        if (next_cell(w)) {
            if (!value(w)) return false;
        } else {
            if (around_.empty()) return error_ == errc{};
            now_ = around_.top();
            around_.pop();
        }
        if (quick_part()) return error_ == errc{};
    }
}

/// The next term of the present container; false when it has none left.
template <class Sink>
bool term_writer<Sink>::next_cell(word& w) {
    switch (now_.kind) {
        case what::cells:
            if (now_.next == now_.end) return false;
            w = *now_.next++;
            return true;
        case what::list:
            return next_list_cell(w);
        case what::keys:
            if (now_.next == now_.end) return false;
            w = *now_.next;
            now_.kind = what::values;
            return true;
        case what::values:
            w = now_.next++ [now_.extra];
            now_.kind = what::keys;
            return true;
        case what::fun:
            if (now_.next == now_.end) {
                end_fun();
                return false;
            }
            w = *now_.next++;
            return true;
    }
    return false;
}

template <class Sink>
bool term_writer<Sink>::next_list_cell(word& w) {
    while (tag_of(*now_.next) == detail::tag::link)
        now_.next = pointer(*now_.next);
    if (*now_.next == list_end) {
        out_.room(1);
        tag(nil);
        return false;
    }
    if (*now_.next == list_tail) {
        w = now_.next[1];
        now_ = {nullptr, nullptr, 0, what::cells};
        return true;
    }
    w = *now_.next++;
    return true;
}

template <class Sink>
bool term_writer<Sink>::length(external_tag t, std::size_t n) {
    if (n > max_length) return fail(errc::too_large);
    out_.room(fixed_room);
    tag(t);
    out_.u32(static_cast<std::uint32_t>(n));
    return true;
}

template <class Sink>
bool term_writer<Sink>::value(word w) {
    switch (tag_of(w)) {
        case detail::tag::boxed:
            return box_value(pointer(w));
        case detail::tag::list:
            return list(w);
        case detail::tag::integer:
            integer(small_value(w));
            return true;
        case detail::tag::real:
            real(real_value(w));
            return true;
        case detail::tag::atom:
            atom(w);
            return true;
        case detail::tag::local_pid:
            any_pid(w);
            return true;
        case detail::tag::special:
            if (w != special_nil) break;
            out_.room(1);
            tag(nil);
            return true;
        case detail::tag::link:
            break;
    }
    return fail(errc::not_encodable);
}

template <class Sink>
bool term_writer<Sink>::box_value(const word* p) {
    switch (header_kind(*p)) {
        case box::tuple:
            return tuple(p);
        case box::map:
            return map(p);
        case box::real:
            real(std::bit_cast<double>(p[1]));
            return true;
        case box::big_integer:
            return big(p);
        case box::binary:
        case box::shared_binary:
            return binary(p);
        case box::pid:
            boxed_pid(p);
            return true;
        case box::port:
            port(p);
            return true;
        case box::reference:
            reference(p);
            return true;
        case box::fun:
            fun(p);
            return true;
        case box::export_fun:
            export_fun(p);
            return true;
        case box::record:
            return record(p);
        case box::foreign_atom:
            atom_text(term_view::from_word(boxed(p)).atom_text());
            return true;
        case box::resource:
            break;
    }
    return fail(errc::not_encodable);
}

// -- numbers
// ---------------------------------------------------------------------------------------------------------

template <class Sink>
void term_writer<Sink>::integer(std::int64_t v) {
    out_.room(plain_room);
    if constexpr (Sink::counts_only) {
        std::byte scratch[plain_room];
        out_.skip(static_cast<std::size_t>(write_integer(scratch, v) - scratch));
    } else {
        out_.set_cursor(write_integer(out_.cursor(), v));
    }
}

template <class Sink>
void term_writer<Sink>::real(double v) {
    out_.room(fixed_room);
    tag(new_float);
    out_.u64(std::bit_cast<std::uint64_t>(v));
}

template <class Sink>
bool term_writer<Sink>::big(const word* p) {
    const std::size_t limbs = header_size(*p) & ~big_negative;
    const std::size_t n = 8 * (limbs - 1) + (static_cast<std::size_t>(std::bit_width(p[limbs])) + 7) / 8;
    if (n > 255) {
        if (!length(large_big, n)) return false;
    } else {
        out_.room(fixed_room);
        tag(small_big);
        out_.u8(static_cast<std::uint8_t>(n));
    }
    out_.u8((header_size(*p) & big_negative) != 0);
    out_.room(n);
    for (std::size_t i = 0; i < limbs; ++i) {
        const std::uint64_t little = big_endian(__builtin_bswap64(p[1 + i]));
        out_.bytes(&little, std::min<std::size_t>(8, n - 8 * i));
    }
    return true;
}

// -- atoms
// -----------------------------------------------------------------------------------------------------------

template <class Sink>
void term_writer<Sink>::atom(word w) {
    if (!is_immediate(w)) return atom_text(term_view::from_word(w).atom_text());
    const auto a = rakka::atom::from_id(atom_id(w));
    if (options_.atoms) {
        if (const auto index = options_.atoms->index_of(a)) {
            out_.room(2);
            tag(atom_cache_reference);
            out_.u8(*index);
            return;
        }
    }
    const atom_entry& entry = entry_of_atom(a.id());
    if constexpr (!Sink::counts_only) {
        if (is_short(entry)) {
            out_.room(plain_room);
            out_.set_cursor(write_short_atom(out_.cursor(), entry));
            return;
        }
    }
    atom_text({entry.text, entry.size});
}

template <class Sink>
void term_writer<Sink>::atom_text(std::string_view text) {
    out_.room(3 + text.size());
    if (text.size() <= 255) {
        tag(small_atom_utf8);
        out_.u8(static_cast<std::uint8_t>(text.size()));
    } else {
        tag(atom_utf8);
        out_.u16(static_cast<std::uint16_t>(text.size()));
    }
    out_.bytes(text.data(), text.size());
}

// -- containers
// ----------------------------------------------------------------------------------------------------

template <class Sink>
bool term_writer<Sink>::list(word w) {
    const word* const first = pointer(w);
    const word* cell = first;
    std::size_t n = 0;
    bool bytes = true;
    for (;;) {
        const word* const run = cell;
        for (; is_element(*cell); ++cell)
            bytes = bytes && is_byte(*cell);
        n += static_cast<std::size_t>(cell - run);
        if (tag_of(*cell) != detail::tag::link) break;
        cell = pointer(*cell);
    }
    if (bytes && n <= 65535 && *cell == list_end) {
        string(first, n);
        return true;
    }
    if (!length(external_tag::list, n)) return false;
    enter(what::list, first, nullptr);
    return true;
}

template <class Sink>
void term_writer<Sink>::string(const word* cell, std::size_t n) {
    out_.room(3 + n);
    tag(external_tag::string);
    out_.u16(static_cast<std::uint16_t>(n));
    if constexpr (Sink::counts_only) {
        out_.skip(n);
    } else {
        std::byte* const to = out_.take(n);
        for (std::size_t i = 0; i < n; ++i, ++cell) {
            while (tag_of(*cell) == detail::tag::link)
                cell = pointer(*cell);
            to[i] = static_cast<std::byte>(*cell >> 3);
        }
    }
}

template <class Sink>
bool term_writer<Sink>::tuple(const word* p) {
    const std::size_t n = header_size(*p);
    if (n <= 255) {
        out_.room(2);
        tag(small_tuple);
        out_.u8(static_cast<std::uint8_t>(n));
    } else if (!length(large_tuple, n)) {
        return false;
    }
    if (n != 0) enter(what::cells, p + 1, p + 1 + n);
    return true;
}

template <class Sink>
bool term_writer<Sink>::map(const word* p) {
    const std::size_t n = header_size(*p);
    if (!length(external_tag::map, n)) return false;
    if (n == 0) return true;
    const word* const keys = options_.deterministic && n > 1 ? sorted_pairs(p) : p + 1;
    enter(what::keys, keys, keys + n, n);
    return true;
}

/// A copy of the map's cells with the keys in exact term order, kept until the writer is done.
template <class Sink>
const word* term_writer<Sink>::sorted_pairs(const word* p) {
    const std::size_t n = header_size(*p);
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return compare_exact(term_view::from_word(p[1 + a]), term_view::from_word(p[1 + b])) < 0;
    });
    if (!sorted_) sorted_ = std::make_unique<cells_of_maps>();
    std::vector<word>& cells = sorted_->emplace_back(2 * n);
    for (std::size_t i = 0; i < n; ++i) {
        cells[i] = p[1 + order[i]];
        cells[n + i] = p[1 + n + order[i]];
    }
    return cells.data();
}

template <class Sink>
bool term_writer<Sink>::record(const word* p) {
    const std::size_t n = header_size(*p);
    if (!length(external_tag::record, n)) return false;
    out_.u8(static_cast<std::uint8_t>(p[record_layout::flags]));
    atom(p[record_layout::module]);
    atom(p[record_layout::name]);
    const word* const names = p + record_layout::fields;
    for (std::size_t i = 0; i < n; ++i)
        atom(names[i]);
    if (n != 0) enter(what::cells, names + n, names + 2 * n);
    return true;
}

// -- bytes
// -----------------------------------------------------------------------------------------------------------

template <class Sink>
bool term_writer<Sink>::binary(const word* p) {
    const std::size_t bits = header_size(*p), n = (bits + 7) / 8;
    if (bits % 8 == 0) {
        if (!length(external_tag::binary, n)) return false;
    } else {
        if (!length(external_tag::bit_binary, n)) return false;
        out_.u8(bits % 8);
    }
    const bool shared = header_kind(*p) == box::shared_binary;
    const void* const from = shared ? reinterpret_cast<const void*>(p[shared_binary_layout::data]) : p + 1;
    if (shared && open_funs_ == 0 &&
        n >= out_.gather_threshold()) {  // a fun must know its size in bytes written
        out_.refer(reinterpret_cast<shared_buffer*>(p[shared_binary_layout::buffer]),
                   {static_cast<const std::byte*>(from), n});
        return true;
    }
    out_.room(n);
    out_.bytes(from, n);
    return true;
}

// -- identifiers
// -----------------------------------------------------------------------------------------------------

template <class Sink>
void term_writer<Sink>::any_pid(word w) {
    if (tag_of(w) != detail::tag::local_pid) return boxed_pid(pointer(w));
    const auto node = local_origin::identity(local_pid_origin(w));
    roomy_tag(new_pid);
    atom(make_atom(node.name.id()));
    out_.room(fixed_room);
    out_.u32(local_pid_slot(w));
    out_.u32(local_pid_serial(w));
    out_.u32(node.creation);
}

/// A default-constructed pid or port, which names nothing, goes out as one of nobody.
template <class Sink>
void term_writer<Sink>::node_name(word name) {
    atom(name == make_atom(0) ? make_atom(atoms::known<"nonode@nohost">.id()) : name);
}

template <class Sink>
void term_writer<Sink>::boxed_pid(const word* p) {
    roomy_tag(new_pid);
    node_name(p[pid_layout::node]);
    out_.room(fixed_room);
    out_.u32(static_cast<std::uint32_t>(p[pid_layout::id_serial]));
    out_.u32(static_cast<std::uint32_t>(p[pid_layout::id_serial] >> 32));
    out_.u32(static_cast<std::uint32_t>(p[pid_layout::creation]));
}

template <class Sink>
void term_writer<Sink>::port(const word* p) {
    roomy_tag(v4_port);
    node_name(p[port_layout::node]);
    out_.room(fixed_room);
    out_.u64(p[port_layout::id]);
    out_.u32(static_cast<std::uint32_t>(p[port_layout::creation]));
}

/// A default-constructed reference: one that nobody has made.
template <class Sink>
void term_writer<Sink>::no_reference() {
    roomy_tag(newer_reference);
    out_.u16(3);
    node_name(make_atom(0));
    out_.room(fixed_room);
    for (int i = 0; i < 4; ++i)  // the creation and three words
        out_.u32(0);
}

template <class Sink>
void term_writer<Sink>::reference(const word* p) {
    const std::size_t n = header_size(*p);
    if (n == 0) return no_reference();
    word node = p[reference_layout::node];
    auto creation = static_cast<std::uint32_t>(p[reference_layout::creation]);
    if (node == make_atom(0)) {  // of this program: the creation is its origin
        const auto own = local_origin::identity(creation);
        node = make_atom(own.name.id());
        creation = own.creation;
    }
    roomy_tag(newer_reference);
    out_.u16(static_cast<std::uint16_t>(n));
    node_name(node);
    out_.room(fixed_room);
    out_.u32(creation);
    for (std::size_t i = 0; i < n; ++i)
        out_.u32(static_cast<std::uint32_t>(p[reference_layout::ids + i / 2] >> (i % 2 ? 32 : 0)));
}

/// The size of a fun counts all that follows its tag, free variables too: it is known, and written, only at
/// the end.
template <class Sink>
void term_writer<Sink>::fun(const word* p) {
    const std::size_t free = header_size(*p);
    roomy_tag(new_fun);
    const std::size_t size_at = out_.size();
    out_.u32(0);
    out_.room(fixed_room);
    out_.u8(static_cast<std::uint8_t>(p[fun_layout::arity]));
    out_.bytes(p + fun_layout::uniq, 16);
    out_.u32(static_cast<std::uint32_t>(p[fun_layout::index]));
    out_.u32(static_cast<std::uint32_t>(free));
    atom(p[fun_layout::module]);
    integer(small_value(p[fun_layout::old_index]));
    integer(small_value(p[fun_layout::old_uniq]));
    any_pid(p[fun_layout::pid]);
    enter(what::fun, p + fun_layout::free, p + fun_layout::free + free, size_at);
    ++open_funs_;
}

template <class Sink>
void term_writer<Sink>::end_fun() {
    const std::size_t size = out_.size() - now_.extra;
    if (size > max_length) fail(errc::too_large);
    out_.patch_u32(now_.extra, static_cast<std::uint32_t>(size));
    --open_funs_;
}

template <class Sink>
void term_writer<Sink>::export_fun(const word* p) {
    roomy_tag(external_tag::export_fun);
    atom(p[export_layout::module]);
    atom(p[export_layout::function]);
    out_.room(fixed_room);
    tag(small_integer);
    out_.u8(static_cast<std::uint8_t>(p[export_layout::arity]));
}

template class term_writer<buffer_sink>;
template class term_writer<counting_sink>;

}  // namespace rakka::etf::detail
