#include "print_parts.hpp"

#include <algorithm>
#include <utility>

namespace rakka::etf::detail {

std::size_t count_characters(std::string_view utf8) noexcept {
    return static_cast<std::size_t>(std::count_if(
        utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

print_parts::print_parts(term_view t, const print_options& options, std::size_t max_width)
    : options_(options), max_width_(max_width) {
    print_walk(*this, options).run(t, options.depth);
    while (!open_.empty())  // nobody will see what is missing
        close(print_shape::tuple, "}");
}

std::size_t print_parts::add(print_part part) {
    part.tail = std::exchange(tail_, false);
    part.end = parts_.size() + 1;
    width_ += part.width;
    parts_.push_back(part);
    return parts_.size() - 1;
}

void print_parts::open(print_shape what, term_view t, std::size_t depth) {
    using enum print_part::shape;
    constexpr print_part::shape shapes[] = {tuple, list, map, record};
    const std::size_t began = width_;
    print_part part{
        .what = shapes[static_cast<std::size_t>(what)], .value = t.word(), .depth = depth, .width = 0};
    part.tagged = part.what == tuple && t.tuple().size() > 1 && t.tuple()[0].is(kind::atom);
    open_.push_back(add(part));
    parts_.back().width = began;
    width_ += what == print_shape::map ? 2 : 1;
    if (what == print_shape::record) {
        scratch_.clear();
        append_record_name(scratch_, t, options_.charset);
        width_ += count_characters(scratch_);
    }
}

void print_parts::close(print_shape, std::string_view end) noexcept {
    print_part& part = parts_[open_.back()];
    open_.pop_back();
    width_ += end.size();
    part.width = width_ - part.width;
    part.end = parts_.size();
}

void print_parts::leaf(term_view t, std::size_t depth) {
    scratch_.clear();
    append_unit(scratch_, t, options_, depth);
    const bool numbers = rank_of(t.word()) == rank::bitstring && prints_as_numbers(t, options_, depth);
    add({.what = numbers ? print_part::shape::numbers : print_part::shape::text,
         .value = t.word(),
         .depth = depth,
         .width = count_characters(scratch_)});
}

void print_parts::fixed(term_view t, std::size_t depth, std::string_view text) {
    add({.what = print_part::shape::text, .value = t.word(), .depth = depth, .width = text.size()});
}

void print_parts::name(word atom) {
    leaf(term_view::from_word(atom), 0);
}

void print_parts::dots() {
    tail_ = true;
    add({.what = print_part::shape::dots, .width = 3});
}

}  // namespace rakka::etf::detail
