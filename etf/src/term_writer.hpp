// Walks a term and gives its encoded bytes to a sink, with a stack of its own instead of recursion.
#pragma once

#include "byte_sinks.hpp"
#include "work_stack.hpp"

#include <rakka/etf/encode.hpp>
#include <rakka/etf/local_origin.hpp>
#include <rakka/etf/tags.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>
#include <vector>

namespace rakka::etf::detail {

struct atom_entry;

/// One encode. Instantiated for the sinks of byte_sinks.hpp.
template <class Sink>
class term_writer {
public:
    term_writer(Sink& out, const encode_options& options) noexcept : out_(out), options_(options) {}

    /// False when part of the term cannot be encoded: see error().
    [[nodiscard]] bool run(word root) {
        now_ = {&root, &root + 1, 0, what::cells};
        return quick_part() ? error_ == errc{} : run_from_here();
    }
    [[nodiscard]] errc error() const noexcept { return error_; }

private:
    static constexpr std::size_t fixed_room = 32;
    static constexpr std::size_t max_length = std::numeric_limits<std::uint32_t>::max();

    enum class what : std::uint8_t { cells, list, keys, values, fun };
    /// A container being written: its next cell.
    struct frame {
        const word* next;
        const word* end;
        std::size_t extra;  // map: cells between a key and its value; fun: where its size is to be written
        what kind;
    };

    bool fail(errc e) noexcept {
        error_ = e;
        return false;
    }
    void tag(external_tag t) noexcept { out_.u8(static_cast<std::uint8_t>(t)); }
    /// A tag with room for the fixed-size fields of any term behind it.
    void roomy_tag(external_tag t) {
        out_.room(fixed_room);
        tag(t);
    }
    void enter(what kind, const word* next, const word* end, std::size_t extra = 0) {
        around_.push(now_);
        now_ = {next, end, extra, kind};
    }
    struct quick_state {
        std::byte* at;
        std::byte* limit;  // the last place with pair_room behind it
        bool atoms;        // are written out
        frame now;
        void next() noexcept {
            ++now.next;
            if (now.kind == what::values) now.kind = what::keys;
        }
    };
    bool run_from_here();
    bool quick_part();  // this and what it is made of: quick_write.cpp
    [[gnu::always_inline]] inline word quick_cells(quick_state& s);
    [[gnu::always_inline]] inline word quick_pairs(quick_state& s);
    [[gnu::always_inline]] inline bool any_value(quick_state& s, word w);
    [[gnu::always_inline]] inline void quick_room(quick_state& s);
    [[gnu::always_inline]] inline bool quick_box(quick_state& s, word w);
    [[gnu::always_inline]] inline bool quick_place(quick_state& s, word w);
    [[gnu::always_inline]] [[nodiscard]] inline const atom_entry* quick_node(const quick_state& s,
                                                                             word name) const;
    [[gnu::always_inline]] inline bool quick_pid(quick_state& s, word node, word id_serial,
                                                 std::uint32_t creation);
    [[gnu::always_inline]] inline bool quick_local_pid(quick_state& s, word w);
    [[gnu::always_inline]] inline bool quick_reference(quick_state& s, const word* p);
    [[gnu::always_inline]] inline void quick_enter(quick_state& s, frame inner);
    bool next_cell(word& w);
    bool next_list_cell(word& w);
    bool length(external_tag t, std::size_t n);

    bool value(word w);
    bool box_value(const word* p);
    void integer(std::int64_t v);
    void real(double v);
    bool big(const word* p);
    void atom(word w);
    void atom_text(std::string_view text);
    bool list(word w);
    void string(const word* cell, std::size_t n);
    bool tuple(const word* p);
    bool map(const word* p);
    const word* sorted_pairs(const word* p);
    bool binary(const word* p);
    void any_pid(word w);
    void boxed_pid(const word* p);
    void node_name(word name);
    void port(const word* p);
    void reference(const word* p);
    void no_reference();
    void fun(const word* p);
    void end_fun();
    void export_fun(const word* p);
    bool record(const word* p);

    Sink& out_;
    const encode_options& options_;
    errc error_{};
    frame now_{};
    work_stack<frame, 32> around_;
    std::size_t open_funs_ = 0;
    using cells_of_maps = std::vector<std::vector<word>>;
    std::unique_ptr<cells_of_maps> sorted_;  // pairs of maps written in term order; none made without need
};

extern template class term_writer<buffer_sink>;
extern template class term_writer<counting_sink>;

}  // namespace rakka::etf::detail
