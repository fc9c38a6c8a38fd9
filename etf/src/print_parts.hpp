// A term cut into the parts that layout moves about, each with its width: see print_layout.hpp.
#pragma once

#include "print_walk.hpp"

#include <rakka/etf/print.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rakka::etf::detail {

/// A part and, right behind it, the parts in it. Those of a map and of a record come in twos: key and value,
/// field name and value.
struct print_part {
    enum class shape : std::uint8_t { text, numbers, tuple, list, map, record, dots };
    shape what;
    bool tagged = false;  // a tuple of two or more that begins with an atom
    bool tail = false;    // not an element of the list around it but what follows its `|`
    word value = no_word;
    std::size_t depth = 0;  // as in print_options, here
    std::size_t width = 0;  // characters on one line
    std::size_t end = 0;    // number of the part that follows this one and all in it
};

/// All parts, the whole term first. Ends early, with containers that lack some of their parts, when more than
/// `max_width` characters (0: no limit) have been measured.
class print_parts {
public:
    print_parts(term_view t, const print_options& options, std::size_t max_width);

    [[nodiscard]] const print_part& operator[](std::size_t i) const noexcept { return parts_[i]; }
    /// Of all that was measured.
    [[nodiscard]] std::size_t width() const noexcept { return width_; }

private:
    friend class print_walk<print_parts>;
    void punctuation(std::string_view text) noexcept { width_ += text.size(); }
    void open(print_shape what, term_view t, std::size_t depth);
    void close(print_shape what, std::string_view end) noexcept;
    void leaf(term_view t, std::size_t depth);
    void fixed(term_view t, std::size_t depth, std::string_view text);
    void name(word atom);
    void tail() noexcept { tail_ = true; }
    void dots();
    [[nodiscard]] bool full() const noexcept { return max_width_ && width_ > max_width_; }

    std::size_t add(print_part part);

    const print_options& options_;
    std::size_t max_width_;
    std::size_t width_ = 0;
    bool tail_ = false;
    std::vector<print_part> parts_;
    std::vector<std::size_t> open_;  // containers that are not complete; their width holds where they began
    std::string scratch_;
};

[[nodiscard]] std::size_t count_characters(std::string_view utf8) noexcept;

}  // namespace rakka::etf::detail
