#include "map_keys.hpp"
#include "print_leaf.hpp"
#include "work_stack.hpp"

#include <rakka/etf/print.hpp>

#include <algorithm>
#include <ostream>
#include <string_view>
#include <vector>

namespace rakka {
namespace etf::detail {
namespace {

/// Writes one term on one line. The stack holds the containers that are open, the innermost on top.
class line_printer {
public:
    line_printer(std::string& out, const print_options& options) noexcept
        : out_(out), options_(options), start_(out.size()) {}

    void run(term_view t) {
        open(t, options_.depth);
        while (!open_.empty()) {
            if (options_.max_chars && out_.size() - start_ > options_.max_chars) return cut();
            step();
        }
        if (options_.max_chars && out_.size() - start_ > options_.max_chars) cut();
    }

private:
    enum class shape : std::uint8_t { tuple, list, map, record };
    struct frame {
        shape what;
        bool first = true;
        std::size_t depth;           // left for the parts, counting as io_lib:write does; 0 = no limit
        const word* at;              // tuple, list: the next cell. record: its header
        std::size_t left = 0;        // cells or pairs
        std::size_t pair = 0;        // map, record: the next one
        std::size_t base = 0;        // map: place of its sorted pairs in sorted_
        std::size_t count = 0;       // map, record: how many pairs
        bool at_value = false;       // map, record: the key is out, its value comes next
        std::size_t pair_depth = 0;  // map: depth for its keys and values
    };

    void open(term_view t, std::size_t depth) {
        const rank r = rank_of(t.word());
        const word* p = pointer(t.word());
        switch (r) {
            case rank::tuple:
                if (depth == 1 && header_size(*p)) return put("{...}");
                put("{");
                return open_.push(
                    {.what = shape::tuple, .depth = depth, .at = p + 1, .left = header_size(*p)});
            case rank::list:
                return open_list(t, depth);
            case rank::map:
                if (depth == 1 && header_size(*p))  // ~W leaves the dots out here
                    return put(options_.style == print_style::plain ? "#{}" : "#{...}");
                put("#{");
                open_.push({.what = shape::map,
                            .depth = depth,
                            .at = p,
                            .base = sorted_.size(),
                            .count = header_size(*p),
                            .pair_depth = depth ? depth - 1 : 0});
                return append_sorted_pairs(sorted_, p, order_mode::exact);
            case rank::record:
                return open_record(p, depth);
            case rank::bitstring:
                return append_binary(out_, t, options_, depth);
            default:
                return append_leaf(out_, t, options_.charset);
        }
    }

    void open_list(term_view t, std::size_t depth) {
        if (depth == 1) return put("[...]");
        if (options_.style == print_style::pretty && is_printable_list(t, options_.charset))
            return append_string(out_, t, options_.charset);
        put("[");
        open_.push({.what = shape::list, .depth = depth, .at = pointer(t.word())});
    }

    void open_record(const word* p, std::size_t depth) {
        put("#");
        append_leaf(out_, term_view::from_word(p[record_layout::module]), options_.charset);
        put(":");
        append_leaf(out_, term_view::from_word(p[record_layout::name]), options_.charset);
        if (depth == 1 && header_size(*p)) return put("{...}");
        put("{");
        open_.push({.what = shape::record, .depth = depth, .at = p, .count = header_size(*p)});
    }

    void step() {
        switch (frame& f = open_.top(); f.what) {
            case shape::tuple:
                return step_tuple(f);
            case shape::list:
                return step_list(f);
            case shape::map:
                return step_map(f);
            case shape::record:
                return step_record(f);
        }
    }

    void close(std::string_view text) {
        put(text);
        open_.pop();
    }

    /// Each part that is printed takes one from the depth of those behind it. False when none is left.
    static bool take_depth(frame& f) noexcept { return f.depth == 0 || --f.depth > 0; }

    void step_tuple(frame& f) {
        if (f.left == 0) return close("}");
        if (!f.first) put(",");
        f.first = false;
        if (!take_depth(f)) return close("...}");
        --f.left;
        const term_view part = term_view::from_word(*f.at++);
        open(part, f.depth);
    }

    void step_list(frame& f) {
        const list_view::iterator i(f.at);
        if (i.at_end()) {
            const term_view tail = i.rest();
            if (tail.is(kind::nil) || f.left == 1) return close("]");
            f.left = 1;  // the tail of an improper list: printed once
            put("|");
            if (!take_depth(f)) return close("...]");
            return open(tail, f.depth);
        }
        if (!take_depth(f)) return close("|...]");
        if (!f.first) put(",");
        f.first = false;
        f.at = pointer(i.rest().word()) + 1;
        open(*i, f.depth);
    }

    /// All pairs have the same depth; only how many of them are printed goes by what is left. As ~W does, a
    /// map that has just as many pairs as are printed ends in `...` too.
    void step_map(frame& f) {
        if (f.at_value) {
            put(" => ");
            f.at_value = false;
            return open(term_view::from_word(sorted_[f.base + f.count + f.pair++]), f.pair_depth);
        }
        const bool enough = f.depth && f.pair + 1 == f.depth;
        const bool all = f.pair == f.count;
        if (all && (!enough || f.count == 0 || options_.style == print_style::pretty)) {
            sorted_.resize(f.base);
            return close("}");
        }
        if (f.pair) put(",");
        if (enough) {
            sorted_.resize(f.base);
            return close("...}");
        }
        f.at_value = true;
        open(term_view::from_word(sorted_[f.base + f.pair]), f.pair_depth);
    }

    void step_record(frame& f) {
        if (f.pair == f.count) return close("}");
        if (!f.first) put(",");
        f.first = false;
        if (!take_depth(f)) return close("...}");
        append_leaf(out_, term_view::from_word(f.at[record_layout::fields + f.pair]), options_.charset);
        put(" = ");
        const term_view value = term_view::from_word(f.at[record_layout::fields + f.count + f.pair++]);
        open(value, f.depth);
    }

    void put(std::string_view text) { out_ += text; }

    void cut() {
        std::size_t end = start_ + options_.max_chars;
        while (end > start_ && (static_cast<unsigned char>(out_[end]) & 0xC0) == 0x80)
            --end;  // whole characters
        out_.resize(end);
        put("...");
    }

    std::string& out_;
    const print_options& options_;
    std::size_t start_;
    work_stack<frame, 8> open_;
    std::vector<word> sorted_;  // of each open map: its keys in order, then their values
};

}  // namespace
}  // namespace etf::detail

void print(std::string& out, term_view t, const print_options& options) {
    etf::detail::line_printer(out, options).run(t);
}

std::string to_string(term_view t, const print_options& options) {
    std::string out;
    print(out, t, options);
    return out;
}

std::string term_view::to_string() const {
    return rakka::to_string(*this, print_options{});
}

std::string to_string(atom a) {
    std::string out;
    etf::detail::append_atom(out, a.text(), etf::detail::atom_quotes::unicode);
    return out;
}

std::ostream& operator<<(std::ostream& out, term_view t) {
    return out << to_string(t, {.charset = print_charset::unicode});
}
std::ostream& operator<<(std::ostream& out, const term& t) {
    return out << t.view();
}
std::ostream& operator<<(std::ostream& out, atom a) {
    return out << to_string(a);
}

}  // namespace rakka
