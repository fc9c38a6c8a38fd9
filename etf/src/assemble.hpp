// The second pass of decoding: fills one arena with the term that the first pass has checked and measured.
#pragma once

#include "atom_memo.hpp"
#include "byte_reader.hpp"
#include "wire_values.hpp"
#include "work_stack.hpp"

#include <rakka/etf/builder.hpp>
#include <rakka/etf/decode.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace rakka::etf::detail {

/// Builds the term at the front of validated bytes. Fails only on equal map keys or record fields.
class assembler {
public:
    /// `words` and `has_slices` as the scanner found them; `budget` pays for atoms new to the table.
    assembler(std::span<const std::byte> bytes, const decode_options& options, atom_budget& budget,
              std::size_t words, bool has_slices);

    /// False when it failed: see error().
    [[nodiscard]] bool run();
    [[nodiscard]] term finish() noexcept { return builder_.finish(root_); }
    [[nodiscard]] decode_error error() const noexcept { return error_; }

private:
    enum class what : word { plain, list, map, root };
    /// A container being filled. A list has one more cell behind its last, for what follows the elements.
    struct frame {
        word* cell;  // the next to fill
        word* end;
        word container;  // what it is; a map's header with it
        [[nodiscard]] what kind() const noexcept { return what(container & 7); }
        [[nodiscard]] word* header() const noexcept { return reinterpret_cast<word*>(container & ~word{7}); }
    };

    /// What changes with every term: run() works on a copy of its own, which can live in registers.
    struct position {
        byte_reader in;
        word* top;  // the next free word
        frame now;
        void put(word w) noexcept { *now.cell++ = w; }
    };

    /// Words that the scanner has counted. Were it ever wrong, a peer must not profit: the rest goes
    /// elsewhere.
    word* take(position& at, std::size_t n) {
        RAKKA_DCHECK(n <= static_cast<std::size_t>(end_ - at.top));
        if (n > static_cast<std::size_t>(end_ - at.top)) [[unlikely]]
            return builder_.allocate(n);
        word* const p = at.top;
        at.top += n;
        return p;
    }
    word* take(std::size_t n) { return take(at_, n); }
    void put(word w) noexcept { at_.put(w); }
    void enter(position& at, word* cells, std::size_t n, what kind, word* header = nullptr) {
        // One that is done with its last term is not looked at again.
        if (at.now.cell != at.now.end || at.now.kind() != what::plain) around_.push(at.now);
        at.now = {cells, cells + n, reinterpret_cast<word>(header) | static_cast<word>(kind)};
    }
    void leave(position& at) noexcept {
        at.now = around_.top();
        around_.pop();
    }
    // quick_assemble.cpp
    [[gnu::always_inline]] inline bool quick_value(position& at);
    [[gnu::always_inline]] inline bool quick_end(position& at);
    [[gnu::always_inline]] inline word quick_atom(position& at, std::size_t n, bool latin1);
    [[gnu::always_inline]] inline word quick_binary(position& at, std::size_t n);
    [[gnu::always_inline]] inline bool tuple(position& at, std::size_t arity);
    [[gnu::always_inline]] inline bool map(position& at);
    [[gnu::always_inline]] inline bool list(position& at);
    // assemble.cpp
    bool end();
    void tail();
    bool finish_map();
    bool fail_duplicate(std::size_t offset) noexcept;

    bool value(external_tag tag);
    bool identifier_or_legacy(external_tag tag);
    word string_cells(std::size_t n);
    bool record();
    void fun();
    word export_fun();
    word real(double v);
    word big(std::size_t n);
    word binary(std::size_t n, std::size_t bits);
    word bit_binary();
    word pid(bool old);
    word port(std::size_t id_bytes, bool old);
    word reference(bool old, std::size_t n);
    word old_reference();
    word atom(external_tag tag);
    word any_atom() { return atom(external_tag(at_.in.u8())); }
    word atom_from(std::string_view utf8);
    word small_int();

    position at_;
    const decode_options& options_;
    atom_budget& budget_;
    atom_memo& memo_;
    std::size_t slice_from_;
    builder builder_;
    word* end_ = nullptr;
    word root_ = no_word;
    decode_error error_{};
    work_stack<frame, 32> around_;
};

/// The atom's word: interned, or built as a foreign atom by `b`. Precondition: UTF-8 of at most 255
/// characters.
[[nodiscard]] word intern_or_carry(builder& b, std::string_view utf8, atom_budget& budget);

}  // namespace rakka::etf::detail
