// Encoding of what nearly all terms are made of; the rest is in term_writer.cpp.
#include "leaf_writers.hpp"
#include "term_writer.hpp"

#include <bit>

namespace rakka::etf::detail {

using enum external_tag;

namespace {

/// Of what stops quick_cells() and quick_pairs(): not a term but a list's link or tail, or no_word.
bool is_place(word w) noexcept {
    return tag_of(w) >= tag::link;
}
static_assert(tag::special > tag::link);

}  // namespace

/// Writes what comes next, with the cursor and the present container in registers while it is numbers, atoms,
/// small binaries, pids, references, tuples and maps. True when that was all, or all up to an error; else it
/// stopped in front of a fun's cells, or a key that is not a plain one.
template <class Sink>
bool term_writer<Sink>::quick_part() {
    if constexpr (Sink::counts_only) return false;
    out_.room(pair_room);
    quick_state s{out_.cursor(), out_.limit() - pair_room, !options_.atoms, now_};
    bool done = false;
    while (!done && s.now.kind != what::fun) {
        const bool pairs = s.now.kind == what::keys || s.now.kind == what::values;
        const word w = pairs ? quick_pairs(s) : quick_cells(s);
        if (w != list_end) {
            if (quick_box(s, w)) continue;
            if (is_place(w)) {
                if (!quick_place(s, w)) break;
            } else {
                done = !any_value(s, w);
            }
            continue;
        }
        if (s.now.kind == what::list) s.at = write_tag(s.at, nil);
        done = around_.empty();
        if (done) break;
        s.now = around_.top();
        around_.pop();
    }
    out_.set_cursor(s.at);
    now_ = s.now;
    return done;
}

/// Numbers and atoms of a tuple or list. The first that is something else, or list_end.
template <class Sink>
word term_writer<Sink>::quick_cells(quick_state& s) {
    const word* const end = s.now.kind == what::cells ? s.now.end : nullptr;
    for (; s.now.next != end; ++s.now.next) {
        quick_room(s);
        if (!write_leaf(s.at, *s.now.next, s.atoms)) return *s.now.next;
    }
    return list_end;
}

/// The same for a map; no_word in front of a key that is something else.
template <class Sink>
word term_writer<Sink>::quick_pairs(quick_state& s) {
    for (; s.now.kind == what::values || s.now.next != s.now.end; ++s.now.next) {
        quick_room(s);
        if (s.now.kind == what::keys) {
            if (!write_leaf(s.at, *s.now.next, s.atoms)) return no_word;
        }
        s.now.kind = what::values;
        const word value = s.now.next[s.now.extra];
        if (!write_leaf(s.at, value, s.atoms)) return value;
        s.now.kind = what::keys;
    }
    return list_end;
}

/// A value of the present container that is not a quick one, which is entered if it is a container. False
/// when it cannot be encoded.
template <class Sink>
bool term_writer<Sink>::any_value(quick_state& s, word w) {
    s.next();
    out_.set_cursor(s.at);
    now_ = s.now;
    const bool good = value(w);
    s.now = now_;
    s.at = out_.cursor();
    s.limit = out_.limit() - pair_room;
    return good;
}

template <class Sink>
void term_writer<Sink>::quick_room(quick_state& s) {
    if (s.at <= s.limit) [[likely]]
        return;
    out_.set_cursor(s.at);
    out_.room(pair_room);
    s.at = out_.cursor();
    s.limit = out_.limit() - pair_room;
}

template <class Sink>
void term_writer<Sink>::quick_enter(quick_state& s, frame inner) {
    // One that is done with its last term is not looked at again.
    if (s.now.kind != what::cells || s.now.next != s.now.end) around_.push(s.now);
    s.now = inner;
}

/// Where a list goes on elsewhere, or what it ends with instead of nil.
template <class Sink>
bool term_writer<Sink>::quick_place(quick_state& s, word w) {
    if (tag_of(w) == detail::tag::link) {
        s.now.next = pointer(w);
        return true;
    }
    if (w != list_tail) return false;
    s.now = {s.now.next + 1, s.now.next + 2, 0, what::cells};
    return true;
}

/// The name of an identifier's node, or null when it is not a quick one.
template <class Sink>
const atom_entry* term_writer<Sink>::quick_node(const quick_state& s, word name) const {
    if (!s.atoms || !is_immediate(name) || name == make_atom(0)) return nullptr;
    const atom_entry& a = entry_of_atom(atom_id(name));
    return is_short(a) ? &a : nullptr;
}

template <class Sink>
bool term_writer<Sink>::quick_pid(quick_state& s, word node, word id_serial, std::uint32_t creation) {
    const atom_entry* const name = quick_node(s, node);
    if (name == nullptr) return false;
    quick_room(s);
    s.at = write_short_atom(write_tag(s.at, new_pid), *name);
    s.at = write_field(s.at, std::rotl(id_serial, 32));
    s.at = write_field(s.at, creation);
    s.next();
    return true;
}

template <class Sink>
bool term_writer<Sink>::quick_local_pid(quick_state& s, word w) {
    const auto node = local_origin::identity(local_pid_origin(w));
    return quick_pid(s, make_atom(node.name.id()), word{local_pid_serial(w)} << 32 | local_pid_slot(w),
                     node.creation);
}

template <class Sink>
bool term_writer<Sink>::quick_reference(quick_state& s, const word* p) {
    const std::size_t n = header_size(*p);
    word node = p[reference_layout::node];
    auto creation = static_cast<std::uint32_t>(p[reference_layout::creation]);
    if (n != 0 && node == make_atom(0)) {
        const auto own = local_origin::identity(creation);
        node = make_atom(own.name.id());
        creation = own.creation;
    }
    const atom_entry* const name = quick_node(s, node);
    if (name == nullptr || n > 6) return false;
    quick_room(s);
    s.at = write_field(write_tag(s.at, newer_reference), static_cast<std::uint16_t>(n));
    s.at = write_field(write_short_atom(s.at, *name), creation);
    std::byte* const end = s.at + n * sizeof(std::uint32_t);
    for (std::size_t i = 0; i < n; i += 2)  // half of the last one too many, overwritten by what follows
        s.at = write_field(s.at, std::rotl(p[reference_layout::ids + i / 2], 32));
    s.at = end;
    s.next();
    return true;
}

/// A tuple or map, which is entered, or a small binary, pid or reference, which stands in the present cell or
/// value.
template <class Sink>
bool term_writer<Sink>::quick_box(quick_state& s, word w) {
    if (tag_of(w) == detail::tag::local_pid) return quick_local_pid(s, w);
    if (tag_of(w) != detail::tag::boxed) return false;
    const word* const b = pointer(w);
    const std::size_t n = header_size(*b);
    switch (header_kind(*b)) {
        case box::tuple:
            if (n > 255) return false;
            s.at = write_tag(s.at, small_tuple);
            *s.at++ = static_cast<std::byte>(n);
            s.next();
            quick_enter(s, {b + 1, b + 1 + n, 0, what::cells});
            return true;
        case box::map:
            if (options_.deterministic || n > max_length) return false;
            s.at = write_header(s.at, external_tag::map, n);
            s.next();
            quick_enter(s, {b + 1, b + 1 + n, n, what::keys});
            return true;
        case box::binary:
            if (n > 8 * small_binary || n % 8 != 0) return false;
            s.at = write_small_binary(s.at, b + 1, n / 8);
            s.next();
            return true;
        case box::pid:
            return quick_pid(s, b[pid_layout::node], b[pid_layout::id_serial],
                             static_cast<std::uint32_t>(b[pid_layout::creation]));
        case box::reference:
            return quick_reference(s, b);
        default:
            return false;
    }
}

template bool term_writer<buffer_sink>::quick_part();
template bool term_writer<counting_sink>::quick_part();

}  // namespace rakka::etf::detail
