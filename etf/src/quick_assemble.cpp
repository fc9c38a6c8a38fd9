// The second pass of decoding, where it is about what nearly all terms are made of: the loop, with its
// position in registers. What is rarer is in assemble.cpp.
#include "assemble.hpp"
#include "map_pairs.hpp"

#include <bit>

namespace rakka::etf::detail {

using enum external_tag;

bool assembler::tuple(position& at, std::size_t arity) {
    if (arity == 0) {
        word* none = nullptr;
        at.put(builder_.put_tuple(0, none));
        return true;
    }
    word* const b = take(at, 1 + arity);
    b[0] = make_header(box::tuple, arity);
    at.put(boxed(b));
    enter(at, b + 1, arity, what::plain);
    return true;
}

bool assembler::list(position& at) {
    const std::size_t n = at.in.u32();
    if (n == 0) return true;  // what stands here is its tail, the next term
    word* const cells = take(at, n + 1);
    at.put(list_at(cells));
    enter(at, cells, n, what::list);
    return true;
}

/// Until it is full, a map's cells hold key, value, key, value…, and its header the offset of its tag.
bool assembler::map(position& at) {
    const std::size_t tag_at = at.in.offset() - 1, n = at.in.u32();
    if (n == 0) {
        word* none = nullptr;
        at.put(builder_.put_map(0, none));
        return true;
    }
    word* const b = take(at, 1 + 2 * n);
    b[0] = tag_at;
    at.put(boxed(b));
    enter(at, b + 1, 2 * n, what::map, b);
    return true;
}

/// The next term, when it is a common one. False, and nothing done, when it is not.
bool assembler::quick_value(position& at) {
    position next = at;
    word w = 0;
    switch (external_tag(next.in.u8())) {
        case small_integer:
            w = make_small(next.in.u8());
            break;
        case integer:
            w = make_small(static_cast<std::int32_t>(next.in.u32()));
            break;
        case nil:
            w = special_nil;
            break;
        case small_atom_utf8:
            w = quick_atom(next, next.in.u8(), false);
            break;
        case atom_latin1:
            w = quick_atom(next, next.in.u16(), true);
            break;
        case atom_cache_reference:
            w = options_.cached_atoms[next.in.u8()];
            if (!is_immediate(w)) return false;
            break;
        case new_float:
            w = try_make_real(std::bit_cast<double>(next.in.u64()));
            break;
        case external_tag::binary:
            w = quick_binary(next, next.in.u32());
            break;
        case large_tuple:
            at = next;
            return tuple(at, at.in.u32());
        case small_tuple:
            at = next;
            return tuple(at, at.in.u8());
        case external_tag::map:
            at = next;
            return map(at);
        case external_tag::list:
            at = next;
            return list(at);
        default:
            return false;
    }
    if (w == 0) return false;
    next.put(w);
    at = next;
    return true;
}

/// An atom that this thread has met before, or 0.
word assembler::quick_atom(position& at, std::size_t n, bool latin1) {
    if (n > short_text::most) return 0;
    const short_text text = load_short_text(at.in.here(), n, at.in.left());
    at.in.skip(n);
    return latin1 && !text.is_ascii() ? 0 : memo_.find(text, n);
}

/// A binary of two words at most, or 0.
word assembler::quick_binary(position& at, std::size_t n) {
    if (n > short_text::most || n >= slice_from_) return 0;
    const short_text bytes = load_short_text(at.in.here(), n, at.in.left());
    at.in.skip(n);
    word* const b = take(at, 1 + words_for_bytes(n));
    b[0] = make_header(box::binary, 8 * n);
    if (n > 0) b[1] = bytes.low;
    if (n > 8) b[2] = bytes.high;
    return boxed(b);
}

/// A container is full. False, and nothing done, when there is more to do than usual.
bool assembler::quick_end(position& at) {
    switch (at.now.kind()) {
        case what::plain:
            break;
        case what::list:
            if (external_tag(at.in.peek()) != nil) return false;
            at.in.skip(1);
            *at.now.cell = list_end;
            break;
        case what::map:
            if (!spread_sorted(at.now.header() + 1, at.now.end)) return false;
            *at.now.header() =
                make_header(box::map, static_cast<std::size_t>(at.now.end - at.now.header()) / 2);
            break;
        case what::root:
            return false;
    }
    leave(at);
    return true;
}

bool assembler::run() {
    position at = at_;
    for (;;) {
        const bool ends = at.now.cell == at.now.end;
        if (ends && at.now.kind() == what::root) return true;
        if (ends ? quick_end(at) : quick_value(at)) [[likely]]
            continue;
        at_ = at;
        if (!(ends ? end() : value(external_tag(at_.in.u8())))) return false;
        at = at_;
    }
}

}  // namespace rakka::etf::detail
