// Encoding of what nearly all terms are made of; the rest is in term_writer.cpp.
#include "leaf_writers.hpp"
#include "term_writer.hpp"

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
/// small binaries, tuples and maps. True when that was all, or all up to an error; else it stopped in front
/// of a fun's cells, a list's link or tail, or a key that is not a plain one.
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
            if (is_place(w)) break;
            done = !any_value(s, w);
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

/// A tuple or map, which is entered, or a small binary, which stands in the present cell or value.
template <class Sink>
bool term_writer<Sink>::quick_box(quick_state& s, word w) {
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
        default:
            return false;
    }
}

template bool term_writer<buffer_sink>::quick_part();
template bool term_writer<counting_sink>::quick_part();

}  // namespace rakka::etf::detail
