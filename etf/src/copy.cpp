#include "work_stack.hpp"

#include <rakka/etf/builder.hpp>
#include <rakka/etf/term.hpp>

#include <boost/system/system_error.hpp>

#include <algorithm>

namespace rakka {
namespace {

using namespace etf::detail;

bool is_static(const word* p) noexcept {  // {} and #{} live in no arena
    return header_size(*p) == 0 && (header_kind(*p) == box::tuple || header_kind(*p) == box::map);
}

/// A box by its words: `parts` tagged words from `first_part` on, everything else raw.
struct box_shape {
    std::size_t words;
    std::size_t first_part;
    std::size_t parts;
};

box_shape shape_of(const word* p) {
    const std::size_t n = header_size(*p);
    switch (header_kind(*p)) {
        case box::tuple:
            return {1 + n, 1, n};
        case box::map:
            return {1 + 2 * n, 1, 2 * n};
        case box::real:
            return {2, 0, 0};
        case box::big_integer:
            return {1 + (n & ~big_negative), 0, 0};
        case box::binary:
            return {1 + (n + 63) / 64, 0, 0};
        case box::shared_binary:
            return {shared_binary_layout::words, 0, 0};
        case box::pid:
            return {pid_layout::words, pid_layout::node, 1};
        case box::port:
            return {port_layout::words, port_layout::node, 1};
        case box::reference:
            return {reference_layout::words(n), reference_layout::node, 1};
        case box::fun:
            return {fun_layout::free + n, fun_layout::module, 4 + n};
        case box::export_fun:
            return {export_layout::words, export_layout::module, 2};
        case box::record:
            return {record_layout::fields + 2 * n, record_layout::module, 2 + 2 * n};
        case box::foreign_atom:
            return {1 + words_for_bytes(n), 0, 0};
        case box::resource:
            break;  // its C++ object has one owner
    }
    throw boost::system::system_error(make_error_code(etf::errc::not_encodable), "term::copy of a resource");
}

/// The cells of a list, links followed: `n` elements, then `rest` when it is not nil.
struct list_shape {
    std::size_t n = 0;
    const word* improper_tail = nullptr;
    [[nodiscard]] std::size_t words() const noexcept { return n + (improper_tail ? 2 : 1); }
};

const word* follow(const word* cell) noexcept {
    while (tag_of(*cell) == tag::link)
        cell = pointer(*cell);
    return cell;
}

list_shape shape_of_list(const word* cell) noexcept {
    list_shape s;
    for (;; ++cell, ++s.n) {
        cell = follow(cell);
        if (*cell == list_end) return s;
        if (*cell == list_tail) {
            s.improper_tail = cell + 1;
            return s;
        }
    }
}

/// Where to go on: cells of the original whose parts are not done, `n` of them, and the place of their
/// copies.
struct stretch {
    const word* from;
    word* to;
    std::size_t n;
    bool list;  // follow links
};

class copier {
public:
    /// First half: words needed, and the buffers to hold.
    std::size_t measure(word root) {
        start(&root, nullptr, 1, false);
        word w;
        word* to = nullptr;
        while (next(w, to)) {
            if (tag_of(w) == tag::list) {
                const auto s = shape_of_list(pointer(w));
                words_ += s.words();
                if (s.improper_tail) start(s.improper_tail, nullptr, 1, false);
                start(pointer(w), nullptr, s.n, true);
            } else if (tag_of(w) == tag::boxed && !is_static(pointer(w))) {
                const auto s = shape_of(pointer(w));
                words_ += s.words;
                if (header_kind(*pointer(w)) == box::shared_binary) count_buffer(pointer(w));
                start(pointer(w) + s.first_part, nullptr, s.parts, false);
            }
        }
        return words_;
    }

    word copy(word root, etf::builder& b) {
        b_ = &b;
        word result = root;
        start(&root, &result, 1, false);
        word w;
        word* to = nullptr;
        while (next(w, to)) {
            if (tag_of(w) == tag::list) {
                *to = list(pointer(w));
            } else if (tag_of(w) == tag::boxed && !is_static(pointer(w))) {
                *to = box_copy(pointer(w));
            } else {
                *to = w;
            }
        }
        return result;
    }

private:
    void start(const word* from, word* to, std::size_t n, bool list) {
        if (n != 0) todo_.push({from, to, n, list});
    }
    bool next(word& w, word*& to) {
        if (todo_.empty()) return false;
        stretch& s = todo_.top();
        if (s.list) s.from = follow(s.from);
        w = *s.from++;
        to = s.to;
        if (s.to) ++s.to;
        if (--s.n == 0) todo_.pop();
        return true;
    }
    /// The arena notes a buffer once for each run of binaries in it: the second walk takes the same steps.
    void count_buffer(const word* p) noexcept {
        if (p[shared_binary_layout::buffer] != last_buffer_) words_ += attachment::words;
        last_buffer_ = p[shared_binary_layout::buffer];
    }
    word list(const word* cell) {
        const auto s = shape_of_list(cell);
        word* const cells = b_->allocate(s.words());
        cells[s.n] = s.improper_tail ? list_tail : list_end;
        if (s.improper_tail) start(s.improper_tail, cells + s.n + 1, 1, false);
        start(cell, cells, s.n, true);
        return list_at(cells);
    }
    word box_copy(const word* p) {
        const auto s = shape_of(p);
        word* const to = b_->allocate(s.words);
        std::copy_n(p, s.words, to);
        if (header_kind(*p) == box::shared_binary)
            b_->keep(reinterpret_cast<etf::shared_buffer*>(p[shared_binary_layout::buffer]));
        start(p + s.first_part, to + s.first_part, s.parts, false);
        return boxed(to);
    }

    work_stack<stretch, 32> todo_;
    std::size_t words_ = 0;
    word last_buffer_ = no_word;
    etf::builder* b_ = nullptr;
};

}  // namespace

term term::copy(term_view v) {
    if (is_immediate(v.word())) return {v.word(), nullptr};
    copier c;
    const std::size_t words = c.measure(v.word());
    etf::builder b(words);
    return b.finish(c.copy(v.word(), b));
}

}  // namespace rakka
