#include "utf8.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/local_origin.hpp>
#include <rakka/etf/term.hpp>

#include <utility>

namespace rakka {

using namespace etf::detail;

kind term_view::kind() const noexcept {
    switch (tag_of(word_)) {
        case tag::list:
            return rakka::kind::list;
        case tag::integer:
            return rakka::kind::integer;
        case tag::real:
            return rakka::kind::real;
        case tag::atom:
            return rakka::kind::atom;
        case tag::local_pid:
            return rakka::kind::pid;
        case tag::special:
            return word_ == special_nil ? rakka::kind::nil : rakka::kind::none;
        case tag::link:
            return rakka::kind::none;
        case tag::boxed:
            break;
    }
    switch (header_kind(*pointer(word_))) {
        case box::tuple:
            return rakka::kind::tuple;
        case box::map:
            return rakka::kind::map;
        case box::real:
            return rakka::kind::real;
        case box::big_integer:
            return rakka::kind::integer;
        case box::binary:
        case box::shared_binary:
            return header_size(*pointer(word_)) % 8 == 0 ? rakka::kind::binary : rakka::kind::bitstring;
        case box::pid:
            return rakka::kind::pid;
        case box::port:
            return rakka::kind::port;
        case box::reference:
            return rakka::kind::reference;
        case box::fun:
        case box::export_fun:
            return rakka::kind::fun;
        case box::record:
            return rakka::kind::record;
        case box::foreign_atom:
            return rakka::kind::atom;
        case box::resource:
            return rakka::kind::resource;
    }
    return rakka::kind::none;
}

std::string_view term_view::atom_text() const noexcept {
    if (tag_of(word_) == tag::atom) return atom::from_id(atom_id(word_)).text();
    RAKKA_DCHECK(is_foreign_atom());
    const auto* p = pointer(word_);
    return {reinterpret_cast<const char*>(p + 1), header_size(*p)};
}

std::span<const std::byte> term_view::bytes() const noexcept {
    RAKKA_DCHECK(is(rakka::kind::binary) || is(rakka::kind::bitstring));
    const auto* p = pointer(word_);
    const std::size_t size = (header_size(*p) + 7) / 8;
    const void* first = header_kind(*p) == box::binary
                            ? static_cast<const void*>(p + 1)
                            : reinterpret_cast<const void*>(p[shared_binary_layout::data]);
    return {static_cast<const std::byte*>(first), size};
}

std::size_t term_view::bit_size() const noexcept {
    RAKKA_DCHECK(is(rakka::kind::binary) || is(rakka::kind::bitstring));
    return header_size(*pointer(word_));
}

namespace etf {

result<atom> term_traits<atom>::read_foreign(term_view v) {
    if (!v.is_foreign_atom()) return errc::wrong_type;
    if (const auto known = atom::existing(v.atom_text())) return *known;
    if (atom::count() >= atom::max_atoms / 2) return errc::atom_table_full;
    return atom::make(v.atom_text());
}

result<pid> term_traits<pid>::read_boxed(term_view v) {
    const word w = v.word();
    if (!is_box(w, box::pid)) return errc::wrong_type;
    const word* p = pointer(w);
    const auto node = term_view::from_word(p[pid_layout::node]).as<atom>();
    if (!node) return node.error();
    return pid{*node, static_cast<std::uint32_t>(p[pid_layout::id_serial]),
               static_cast<std::uint32_t>(p[pid_layout::id_serial] >> 32),
               static_cast<std::uint32_t>(p[pid_layout::creation])};
}

result<port> term_traits<port>::read(term_view v) {
    if (!is_box(v.word(), box::port)) return errc::wrong_type;
    const word* p = pointer(v.word());
    const auto node = term_view::from_word(p[port_layout::node]).as<atom>();
    if (!node) return node.error();
    return port{*node, static_cast<std::uint32_t>(p[port_layout::creation]), p[port_layout::id]};
}

result<reference> term_traits<reference>::read(term_view v) {
    if (!is_box(v.word(), box::reference)) return errc::wrong_type;
    const word* p = pointer(v.word());
    const auto node = term_view::from_word(p[reference_layout::node]).as<atom>();
    if (!node) return node.error();
    reference r{*node,
                static_cast<std::uint32_t>(p[reference_layout::creation]),
                static_cast<std::uint32_t>(header_size(*p)),
                {}};
    for (std::size_t i = 0; i < r.size; ++i)
        r.words[i] = static_cast<std::uint32_t>(p[reference_layout::ids + i / 2] >> (i % 2 ? 32 : 0));
    return r;
}

word term_traits<charlist_expression>::write(builder& b, const charlist_expression& e) {
    const auto characters = count_utf8(e.utf8);
    word* cells = nullptr;
    const word w = b.put_list(characters.value_or(e.utf8.size()), cells);
    for (std::string_view rest = e.utf8; !rest.empty();) {
        const code_point c =
            characters ? next_utf8(rest) : code_point{static_cast<unsigned char>(rest[0]), 1};
        *cells++ = make_small(static_cast<std::int64_t>(c.value));
        rest.remove_prefix(c.size);
    }
    return w;
}

}  // namespace etf
}  // namespace rakka
