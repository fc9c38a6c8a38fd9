// The one walk over a term that is printed: which parts come, how deep, in which order. What becomes of them
// is up to a sink: text on one line (print_text.hpp), or the measured parts that layout needs
// (print_parts.hpp).
#pragma once

#include "map_keys.hpp"
#include "print_leaf.hpp"
#include "work_stack.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace rakka::etf::detail {

enum class print_shape : std::uint8_t { tuple, list, map, record };

/// `Sink` has
///   punctuation(text)                what stands between the parts
///   open(shape, t, depth), close(shape, end)   around the parts of a container
///   leaf(t, depth)                   what append_unit prints
///   fixed(t, depth, text)            a container that is empty or too deep, printed as `text`
///   name(atom's word)                a record's field, before its value
///   tail()                           the next part is the tail of an improper list
///   dots()                           `...` for the parts that depth leaves out
///   full()                           true ends the walk where it stands
/// The stack holds the containers that are open, the innermost on top: no recursion.
template <class Sink>
class print_walk {
public:
    print_walk(Sink& sink, const print_options& options) noexcept : sink_(sink), options_(options) {}

    /// `depth`: as in print_options.
    void run(term_view t, std::size_t depth) {
        open(t, depth);
        while (!open_.empty() && !sink_.full())
            step();
    }

private:
    struct frame {
        print_shape what;
        bool first = true;
        std::size_t depth;           // left for the parts, counting as io_lib:write does; 0 = no limit
        const word* at;              // tuple, list: the next cell. record: its header
        std::size_t left = 0;        // cells or pairs
        std::size_t pair = 0;        // map, record: the next one
        std::size_t base = 0;        // map: place of its sorted pairs in sorted_
        std::size_t count = 0;       // map, record: how many pairs
        bool at_value = false;       // map: the key is out, its value comes next
        std::size_t pair_depth = 0;  // map: depth for its keys and values
    };

    [[nodiscard]] bool plain() const noexcept { return options_.style == print_style::plain; }

    void open(term_view t, std::size_t depth) {
        const word* p = pointer(t.word());
        switch (rank_of(t.word())) {
            case rank::tuple:
                if (header_size(*p) == 0) return sink_.fixed(t, depth, "{}");
                if (depth == 1) return sink_.fixed(t, depth, "{...}");
                sink_.open(print_shape::tuple, t, depth);
                return open_.push(
                    {.what = print_shape::tuple, .depth = depth, .at = p + 1, .left = header_size(*p)});
            case rank::list:
                if (depth != 1 && !plain() && is_printable_list(t, options_.charset))
                    return sink_.leaf(t, depth);
                sink_.open(print_shape::list, t, depth);
                return open_.push({.what = print_shape::list, .depth = depth, .at = p});
            case rank::map:
                return open_map(t, p, depth);
            case rank::record:
                return open_record(t, p, depth);
            default:
                return sink_.leaf(t, depth);
        }
    }

    void open_map(term_view t, const word* p, std::size_t depth) {
        if (header_size(*p) == 0) return sink_.fixed(t, depth, "#{}");
        if (depth == 1) return sink_.fixed(t, depth, plain() ? "#{}" : "#{...}");  // ~W leaves the dots out
        sink_.open(print_shape::map, t, depth);
        open_.push({.what = print_shape::map,
                    .depth = depth,
                    .at = p,
                    .base = sorted_.size(),
                    .count = header_size(*p),
                    .pair_depth = depth ? depth - 1 : 0});
        append_sorted_pairs(sorted_, p, order_mode::exact);
    }

    void open_record(term_view t, const word* p, std::size_t depth) {
        if (depth == 1) return sink_.leaf(t, depth);
        sink_.open(print_shape::record, t, depth);
        const std::size_t left = depth && !plain() ? depth - 1 : depth;  // ~P counts the record's own name
        open_.push({.what = print_shape::record, .depth = left, .at = p, .count = header_size(*p)});
    }

    void step() {
        switch (frame& f = open_.top(); f.what) {
            case print_shape::tuple:
                return step_tuple(f);
            case print_shape::list:
                return step_list(f);
            case print_shape::map:
                return step_map(f);
            case print_shape::record:
                return step_record(f);
        }
    }

    void close(frame& f, std::string_view text) {
        const print_shape what = f.what;
        open_.pop();
        sink_.close(what, text);
    }
    void close_with_dots(frame& f, std::string_view text) {
        sink_.dots();
        close(f, text);
    }
    void separate(frame& f, std::string_view separator = ",") {
        if (!f.first) sink_.punctuation(separator);
        f.first = false;
    }

    /// Each part that is printed takes one from the depth of those behind it. False when none is left.
    static bool take_depth(frame& f) noexcept { return f.depth == 0 || --f.depth > 0; }

    void step_tuple(frame& f) {
        if (f.left == 0) return close(f, "}");
        separate(f);
        if (!take_depth(f)) return close_with_dots(f, "}");
        --f.left;
        const term_view part = term_view::from_word(*f.at++);
        open(part, f.depth);
    }

    void step_list(frame& f) {
        const list_view::iterator i(f.at);
        if (i.at_end()) {
            const term_view tail = i.rest();
            if (tail.is(kind::nil) || f.left == 1) return close(f, "]");
            f.left = 1;  // the tail of an improper list: printed once
            sink_.punctuation("|");
            if (!take_depth(f)) return close_with_dots(f, "]");
            sink_.tail();
            return open(tail, f.depth);
        }
        if (!take_depth(f)) {
            separate(f, "|");
            return close_with_dots(f, "]");
        }
        separate(f);
        f.at = pointer(i.rest().word()) + 1;
        open(*i, f.depth);
    }

    /// All pairs have the same depth; only how many of them are printed goes by what is left. As ~W does, a
    /// map that has just as many pairs as are printed ends in `...` too.
    void step_map(frame& f) {
        if (f.at_value) {
            sink_.punctuation(" => ");
            f.at_value = false;
            return open(term_view::from_word(sorted_[f.base + f.count + f.pair++]), f.pair_depth);
        }
        const bool enough = f.depth && f.pair + 1 == f.depth;
        if (f.pair == f.count && (!enough || !plain())) {
            sorted_.resize(f.base);
            return close(f, "}");
        }
        separate(f);
        if (enough) {
            sorted_.resize(f.base);
            return close_with_dots(f, "}");
        }
        f.at_value = true;
        open(term_view::from_word(sorted_[f.base + f.pair]), f.pair_depth);
    }

    void step_record(frame& f) {
        if (f.pair == f.count) return close(f, "}");
        separate(f);
        if (!take_depth(f)) return close_with_dots(f, "}");
        sink_.name(f.at[record_layout::fields + f.pair]);
        sink_.punctuation(" = ");
        const term_view value = term_view::from_word(f.at[record_layout::fields + f.count + f.pair++]);
        open(value, f.depth);
    }

    Sink& sink_;
    const print_options& options_;
    work_stack<frame, 8> open_;
    std::vector<word> sorted_;  // of each open map: its keys in order, then their values
};

}  // namespace rakka::etf::detail
