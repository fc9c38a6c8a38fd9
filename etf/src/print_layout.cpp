#include "print_layout.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace rakka::etf::detail {
namespace {

using column = std::int64_t;  // counted from 1; differences may be negative

/// How far what belongs to a tagged tuple's or record's name is indented.
enum class hanging : std::uint8_t { behind_the_name = 0, by_one = 1, by_four = 4 };

/// One pass over the parts of a term that does not fit one line. A part goes on the current line when it fits
/// there whole, together with the brackets that close right behind it; otherwise its own parts are laid out
/// one by one. Parts without parts of their own fill lines; any other starts one.
///
/// Two kinds of pass: without an output it only finds out whether everything stays left enough under an
/// indentation (see run()). Erlang's two functions for this differ in small things; so do the passes here.
class layout {
public:
    layout(const print_parts& parts, const print_options& options, hanging how, text_output* out) noexcept
        : parts_(parts),
          options_(options),
          length_(bounded(options.line_length)),
          width_(bounded(parts.width())),
          how_(how),
          out_(out) {}

    /// False when a part would begin in the right half of the line although there is no need to.
    bool run(column start) {
        place(0, {.at = start, .indent = start - 1});
        while (!open_.empty() && good_ && !(out_ && out_->full()))
            step();
        return good_;
    }

private:
    /// Where a part goes.
    struct spot {
        column at;           // column of its first character
        column indent;       // blanks that begin the lines on which it goes on
        column closing = 0;  // brackets that close behind it
        column used = 0;     // characters on the current line, or since the term's begin when it is the first
    };
    /// A container whose parts are being placed.
    struct frame {
        print_part::shape what;
        bool first = true;
        std::size_t next, end;  // the next part, the part behind the last
        column left;            // where parts begin that begin a line
        spot now;               // where the next part would go on the current line
        std::size_t value = 0;  // map: a value that waits for its key, on a line of its own
        column value_closing = 0;
    };

    static column bounded(std::size_t n) noexcept {
        return static_cast<column>(std::min<std::size_t>(n, std::numeric_limits<std::int32_t>::max()));
    }
    [[nodiscard]] bool probing() const noexcept { return out_ == nullptr; }
    [[nodiscard]] static bool is_text(const print_part& p) noexcept {
        return p.what == print_part::shape::text;
    }
    [[nodiscard]] column width(std::size_t i) const noexcept { return bounded(parts_[i].width); }

    [[nodiscard]] bool fits(column width, const spot& s) const noexcept {
        return width < length_ - s.at - s.closing && width + s.used + s.closing <= width_;
    }
    /// With a comma before it, on a line that holds something already.
    [[nodiscard]] bool fits_behind_comma(column width, const spot& s, column closing) const noexcept {
        return fits(1 + width, {s.at, s.indent, closing ? closing : 1, s.used});
    }
    /// Parts may begin at `c` if that is in the left half, or if the whole term would fit behind it.
    void need_room(column c) noexcept {
        if (probing() && width_ + c > length_ && c > length_ / 2) good_ = false;
    }

    void put(std::string_view text) {
        if (out_) out_->put(text);
    }
    void break_line(column indent) {
        if (out_) out_->break_line(static_cast<std::size_t>(indent));
    }
    void write(std::size_t i) {
        if (out_) print_on_one_line(*out_, term_view::from_word(parts_[i].value), parts_[i].depth);
    }

    void place(std::size_t i, const spot& s);
    void place_numbers(std::size_t i, const spot& s);
    void open_list(std::size_t i, const spot& s, char bracket);
    void open_tagged(std::size_t i, const spot& s);
    void open_map(std::size_t i, const spot& s);
    void open_record(std::size_t i, const spot& s);
    void step();
    void step_elements(frame& f);
    void step_tail(frame& f);
    void step_members(frame& f);
    void close();
    column place_element(std::size_t i, const spot& s);
    column place_member(std::size_t i, const spot& s);
    /// Behind a name of `name` characters, or on the next line further left when the name is too long.
    bool hang(column name, spot& s);

    [[nodiscard]] column hanging_by() const noexcept { return static_cast<column>(how_); }
    [[nodiscard]] std::size_t value_of(std::size_t key) const noexcept { return parts_[key].end; }
    /// A key or field name and its value, on one line.
    [[nodiscard]] column member_width(const frame& f, std::size_t key) const noexcept {
        return width(key) + (f.what == print_part::shape::map ? 4 : 3) + width(value_of(key));
    }
    [[nodiscard]] bool is_text_member(const frame& f, std::size_t key) const noexcept {
        return is_text(parts_[value_of(key)]) &&
               (f.what == print_part::shape::record || is_text(parts_[key]));
    }
    void write_member(const frame& f, std::size_t key) {
        write(key);
        put(f.what == print_part::shape::map ? " => " : " = ");
        write(value_of(key));
    }
    /// Brackets that close behind a part of `f` that the part `next` follows.
    [[nodiscard]] column closing_behind(const frame& f, std::size_t next) const noexcept {
        const bool more = next < f.end && !parts_[next].tail;
        return more ? 0 : f.now.closing + 1;
    }

    const print_parts& parts_;
    const print_options& options_;
    column length_;  // of a line
    column width_;   // of the whole term on one line
    hanging how_;
    text_output* out_;
    bool good_ = true;
    work_stack<frame, 8> open_;
    std::string numbers_;
};

void layout::place(std::size_t i, const spot& s) {
    if (fits(width(i), s)) return write(i);
    switch (parts_[i].what) {
        case print_part::shape::text:
            return write(i);
        case print_part::shape::numbers:
            return place_numbers(i, s);
        case print_part::shape::list:
            return open_list(i, s, '[');
        case print_part::shape::tuple:
            return parts_[i].tagged ? open_tagged(i, s) : open_list(i, s, '{');
        case print_part::shape::map:
            return open_map(i, s);
        case print_part::shape::record:
            return open_record(i, s);
        case print_part::shape::dots:
            return put("...");
    }
}

/// The numbers of a binary fill lines too, each with its comma.
void layout::place_numbers(std::size_t i, const spot& s) {
    if (probing()) return;
    numbers_.clear();
    append_unit(numbers_, term_view::from_word(parts_[i].value), options_, parts_[i].depth);
    const column line = std::max<column>(8, std::min(length_ - (s.at + 2), width_ - 4 - s.used) - s.closing);
    std::string_view rest(numbers_);
    put("<<");
    rest = rest.substr(2, rest.size() - 4);
    for (column left = line; !rest.empty() && !out_->full();) {
        const std::string_view number = rest.substr(0, rest.find(','));
        const bool last = number.size() == rest.size();
        const std::string_view piece = rest.substr(0, number.size() + (last ? 0 : 1));
        if (static_cast<column>(piece.size()) > left) {
            break_line(s.indent + 2);
            left = line;
        }
        put(piece);
        left -= static_cast<column>(piece.size());
        rest.remove_prefix(piece.size());
    }
    put(">>");
}

void layout::open_list(std::size_t i, const spot& s, char bracket) {
    put({&bracket, 1});
    open_.push({.what = parts_[i].what,
                .next = i + 1,
                .end = parts_[i].end,
                .left = s.at + 1,
                .now = {s.at + 1, s.indent + 1, s.closing, s.used + 1}});
}

/// `{tag,…`: the other elements stand in a column of their own behind the tag; or hang, further left.
void layout::open_tagged(std::size_t i, const spot& s) {
    put("{");
    frame f{.what = parts_[i].what, .next = i + 1, .end = parts_[i].end, .left = s.at, .now = s};
    if (f.next == f.end) return open_.push(f);
    const column tag = width(f.next);
    const bool hangs = hanging_by() > 0 && tag + 2 > hanging_by();
    const column behind = s.at + tag + 2;
    write(f.next);
    f.next = parts_[f.next].end;
    f.first = !hangs;
    f.left = hangs ? s.at + hanging_by() : behind;
    f.now = {behind, s.indent + (f.left - s.at), s.closing, s.used + 1 + tag};
    if (hangs) {
        need_room(f.left);
    } else {
        put(",");
        ++f.now.used;
        if (probing() && width_ + behind >= length_ && behind >= length_ / 2) good_ = false;
    }
    open_.push(f);
}

void layout::open_map(std::size_t i, const spot& s) {
    put("#{");
    open_.push({.what = parts_[i].what,
                .next = i + 1,
                .end = parts_[i].end,
                .left = s.at + 2,
                .now = {s.at + 2, s.indent + 2, s.closing, s.used + (probing() ? 2 : 1)}});
}

bool layout::hang(column name, spot& s) {
    const bool hangs = hanging_by() > 0 && name > hanging_by();
    const column by = hangs ? hanging_by() : name;
    s.at += by;
    s.indent += by;
    if (hangs) s.used = 0;
    need_room(s.at);
    return hangs;
}

void layout::open_record(std::size_t i, const spot& s) {
    std::string name;
    append_record_name(name, term_view::from_word(parts_[i].value), options_.charset);
    name += '{';
    const column size = bounded(count_characters(name));
    put(name);
    spot now = s;
    now.used += size;
    const std::size_t first = i + 1;
    const bool has_fields = first < parts_[i].end && parts_[first].what != print_part::shape::dots;
    if (has_fields && hang(size, now)) break_line(now.indent);
    open_.push({.what = parts_[i].what, .next = first, .end = parts_[i].end, .left = now.at, .now = now});
}

void layout::step() {
    frame& f = open_.top();
    if (f.value) {
        const std::size_t value = std::exchange(f.value, 0);
        const column by = hanging_by() > 0 ? hanging_by() : 4;
        const spot s{f.left + by, f.now.indent + by, f.value_closing, 0};
        put(" =>");
        break_line(s.indent);
        return place(value, s);
    }
    if (f.next >= f.end) return close();
    const print_part& part = parts_[f.next];
    if (part.what == print_part::shape::dots) {
        if (!f.first) put(f.what == print_part::shape::list ? "|" : ",");
        put("...");
        f.next = f.end;
    } else if (f.what == print_part::shape::map || f.what == print_part::shape::record) {
        step_members(f);
    } else if (part.tail) {
        step_tail(f);
    } else {
        step_elements(f);
    }
}

void layout::close() {
    put(open_.top().what == print_part::shape::list ? "]" : "}");
    open_.pop();
}

void layout::step_elements(frame& f) {
    const std::size_t i = f.next;
    f.next = parts_[i].end;
    const column closing = closing_behind(f, f.next);
    const bool first = std::exchange(f.first, false);
    if (!first) {
        put(",");
        if (is_text(parts_[i]) && fits_behind_comma(width(i), f.now, closing)) {
            f.now.at += 1 + width(i);
            f.now.used += 1 + width(i);
            return write(i);
        }
        break_line(f.now.indent);
        f.now.used = 0;
    }
    const spot s{f.left, f.now.indent, closing, f.now.used};
    // What is behind an element that has been laid out begins a line: no room is left on this one.
    const bool whole = is_text(parts_[i]) && fits(width(i), s);
    f.now.at = f.left + (whole ? width(i) : length_);
    f.now.used += whole ? width(i) : length_;
    place(i, s);
}

void layout::step_tail(frame& f) {
    const std::size_t i = f.next;
    f.next = f.end;
    put("|");
    const column closing = f.now.closing + 1;
    if (is_text(parts_[i]) && fits(1 + width(i), {f.now.at, 0, closing, f.now.used})) return write(i);
    break_line(f.now.indent);
    place(i, {probing() ? f.now.at : f.left, f.now.indent, closing, 0});
}

void layout::step_members(frame& f) {
    const std::size_t i = f.next;
    if (value_of(i) >= f.end) {  // only in a term that was not measured to its end
        f.next = f.end;
        return;
    }
    f.next = parts_[value_of(i)].end;
    const column closing = closing_behind(f, f.next), size = member_width(f, i);
    const bool first = std::exchange(f.first, false), all_text = is_text_member(f, i);
    if (!first) {
        put(",");
        if (all_text && fits_behind_comma(size, f.now, closing)) {
            f.now.at += 1 + size;
            f.now.used += 1 + size;
            return write_member(f, i);
        }
        break_line(f.now.indent);
        f.now.used = 0;
    }
    const spot s{f.left, f.now.indent, closing, f.now.used};
    const bool fits_here = fits(size, s);
    const column taken = fits_here && all_text ? size : length_;
    const bool record = f.what == print_part::shape::record;
    f.now.at = (probing() && record && !first ? f.now.at : f.left) + taken;
    f.now.used = (record || probing() ? f.now.used : 0) + taken;
    if (fits_here) return write_member(f, i);
    if (!record) {
        f.value = value_of(i);
        f.value_closing = closing;
        return place(i, s);
    }
    write(i);
    put(" =");
    spot behind = s;
    behind.used += width(i) + 3;
    if (hang(width(i) + 3, behind)) {
        break_line(behind.indent);
    } else {
        put(" ");
    }
    place(value_of(i), behind);
}

}  // namespace

void print_on_lines(text_output& out, term_view t) {
    const print_options& options = out.options();
    // Beyond what is printed, and then some lines, the widths change nothing any more.
    const std::size_t enough =
        options.max_chars ? options.max_chars + 4 * std::min<std::size_t>(options.line_length, 1 << 20) : 0;
    const print_parts parts(t, options, enough);
    const auto start = static_cast<column>(std::clamp<std::size_t>(options.column, 1, 1 << 30));
    if (parts.width() + static_cast<std::size_t>(start) < options.line_length)
        return print_on_one_line(out, t, options.depth);
    hanging how = hanging::behind_the_name;
    if (!layout(parts, options, how, nullptr).run(start)) {
        how = hanging::by_four;
        if (!layout(parts, options, how, nullptr).run(start)) how = hanging::by_one;
    }
    layout(parts, options, how, &out).run(start);
}

}  // namespace rakka::etf::detail
