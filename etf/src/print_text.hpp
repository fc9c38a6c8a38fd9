// A term as text on one line: the sink of print_walk that print() itself and the layout of short parts use.
#pragma once

#include "print_walk.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace rakka::etf::detail {

/// The text so far, and where print_options::max_chars ends it.
class text_output {
public:
    text_output(std::string& out, const print_options& options) noexcept
        : out_(out), options_(options), start_(out.size()) {}

    [[nodiscard]] std::string& text() noexcept { return out_; }
    [[nodiscard]] const print_options& options() const noexcept { return options_; }
    [[nodiscard]] bool full() const noexcept {
        return options_.max_chars && out_.size() - start_ > options_.max_chars;
    }
    void put(std::string_view text) { out_ += text; }
    /// A line break and `indent` blanks: as many as can still be seen.
    void break_line(std::size_t indent) {
        out_ += '\n';
        if (!full()) out_.append(options_.max_chars ? std::min(indent, options_.max_chars + 1) : indent, ' ');
    }
    /// When the text is over: what is too much goes.
    void finish() {
        if (!full()) return;
        std::size_t end = start_ + options_.max_chars;
        while (end > start_ && (static_cast<unsigned char>(out_[end]) & 0xC0) == 0x80)
            --end;  // whole characters
        out_.resize(end);
        out_ += "...";
    }

private:
    std::string& out_;
    const print_options& options_;
    std::size_t start_;
};

class line_sink {
public:
    explicit line_sink(text_output& out) noexcept : out_(out) {}

    void punctuation(std::string_view text) { out_.put(text); }
    void open(print_shape what, term_view t, std::size_t) {
        constexpr std::string_view begin[] = {"{", "[", "#{", "{"};
        if (what == print_shape::record) append_record_name(out_.text(), t, out_.options().charset);
        out_.put(begin[static_cast<std::size_t>(what)]);
    }
    void close(print_shape, std::string_view end) { out_.put(end); }
    void leaf(term_view t, std::size_t depth) { append_unit(out_.text(), t, out_.options(), depth); }
    void fixed(term_view, std::size_t, std::string_view text) { out_.put(text); }
    void name(word atom) { append_leaf(out_.text(), term_view::from_word(atom), out_.options().charset); }
    void tail() noexcept {}
    void dots() { out_.put("..."); }
    [[nodiscard]] bool full() const noexcept { return out_.full(); }

private:
    text_output& out_;
};

inline void print_on_one_line(text_output& out, term_view t, std::size_t depth) {
    line_sink sink(out);
    print_walk(sink, out.options()).run(t, depth);
}

}  // namespace rakka::etf::detail
