// Reads the elements of a control tuple: pids, references, atoms and integers in place, anything else as a
// term.
#pragma once

#include "wire/control_codec.hpp"

#include <rakka/etf/tags.hpp>
#include <rakka/etf/traits.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace rakka::wire {

/// An integer as far as control messages care about it: sign, and the low 64 bits of its magnitude.
struct wire_integer {
    std::uint64_t magnitude = 0;
    bool negative = false;
    bool wide = false;  // more than 64 bits
};

/// Reads the elements of one tuple. The shapes that every message has (pids and references with cached or
/// short atoms, integers) are read in place; anything else goes through the term decoder. Reading functions
/// return false when the bytes are not what was asked for; the caller words the error.
class element_reader {
    using external_tag = etf::external_tag;

public:
    element_reader(byte_span bytes, const control_context& context) noexcept
        : bytes_(bytes), context_(context) {}

    std::size_t position() const noexcept { return at_; }

    bool read_tuple(std::size_t& arity) {
        if (is_next(external_tag::small_tuple, 2)) {
            arity = static_cast<std::size_t>(number(1, 1));
            at_ += 2;
            return true;
        }
        if (!is_next(external_tag::large_tuple, 5)) return false;
        arity = static_cast<std::size_t>(number(1, 4));
        at_ += 5;
        return true;
    }

    bool read_integer(wire_integer& out) {
        out = {};
        if (is_next(external_tag::small_integer, 2)) {
            out.magnitude = number(1, 1);
            at_ += 2;
            return true;
        }
        if (is_next(external_tag::integer, 5)) {
            const auto value = static_cast<std::int32_t>(number(1, 4));
            out.negative = value < 0;
            out.magnitude = out.negative ? std::uint64_t{0} - static_cast<std::uint64_t>(std::int64_t{value})
                                         : static_cast<std::uint64_t>(value);
            at_ += 5;
            return true;
        }
        return read_big(out);
    }

    /// An atom as a term.
    bool read_atom(term& out) {
        std::size_t end = at_;
        if (term_view cached; cached_atom(at_, cached, end)) {
            out = cached.is_foreign_atom() ? term::copy(cached) : term(cached.word(), nullptr);
            at_ = end;
            return true;
        }
        if (std::string_view text; inline_atom(at_, text, end)) {
            if (!resolve(text, out)) return false;
            at_ = end;
            return true;
        }
        return read_term(out) && out.is(kind::atom);
    }

    /// False for what is not a pid. A pid whose node is not in the atom table is read as no pid: nobody here
    /// knows it.
    bool read_pid(pid& out) {
        out = {};
        if (!is_next(external_tag::new_pid, 1)) return read_as_term(out, kind::pid);
        std::size_t end = at_;
        term node;
        if (!node_name(at_ + 1, node, end) || bytes_.size() - end < 12) return false;
        const byte_span fields = bytes_.subspan(end, 12);
        at_ = end + 12;
        if (node.owner()) return true;
        out.node = atom::from_id(etf::detail::atom_id(node.word()));
        out.id = static_cast<std::uint32_t>(load_big_endian(fields.data(), 4));
        out.serial = static_cast<std::uint32_t>(load_big_endian(fields.data() + 4, 4));
        out.creation = static_cast<std::uint32_t>(load_big_endian(fields.data() + 8, 4));
        const bool possible = out.id < 1u << etf::detail::pid_slot_bits && out.serial != 0 &&
                              out.serial < 1u << etf::detail::pid_serial_bits;
        if (is_own(out.node, out.creation) && possible) {
            out.node = {};
            out.creation = context_.terms.origin;
        }
        return true;
    }

    /// As read_pid, for references of one to five words.
    bool read_reference(reference& out) {
        out = {};
        if (!is_next(external_tag::newer_reference, 3)) return read_as_term(out, kind::reference);
        const auto size = static_cast<std::uint32_t>(number(1, 2));
        std::size_t end = at_;
        term node;
        if (size == 0 || size > reference::max_words || !node_name(at_ + 3, node, end)) return false;
        if (bytes_.size() - end < 4 + 4 * std::size_t{size}) return false;
        const byte_span fields = bytes_.subspan(end, 4 + 4 * std::size_t{size});
        at_ = end + fields.size();
        if (node.owner()) return true;
        out.node = atom::from_id(etf::detail::atom_id(node.word()));
        out.creation = static_cast<std::uint32_t>(load_big_endian(fields.data(), 4));
        out.size = size;
        for (std::size_t i = 0; i < size; ++i) {
            out.words[i] = static_cast<std::uint32_t>(load_big_endian(fields.data() + 4 + 4 * i, 4));
        }
        if (is_own(out.node, out.creation)) {
            out.node = {};
            out.creation = context_.terms.origin;
        }
        return true;
    }

    bool read_term(term& out) {
        etf::decode_options options = context_.terms;
        options.envelope = etf::envelope::distribution;
        auto decoded = etf::decode(bytes_.subspan(at_), options);
        if (!decoded) return false;
        out = std::move(decoded->term);
        at_ += decoded->bytes_used;
        return true;
    }

    bool skip_term() {
        etf::decode_options options = context_.terms;
        options.envelope = etf::envelope::distribution;
        const auto size = etf::validate(bytes_.subspan(at_), options);
        if (!size) return false;
        at_ += *size;
        return true;
    }

    /// What the element at hand is by its tag, without reading it.
    bool is_next_atom() const noexcept {
        if (at_ == bytes_.size()) return false;
        switch (static_cast<external_tag>(bytes_[at_])) {
            case external_tag::atom_cache_reference:
            case external_tag::atom_latin1:
            case external_tag::small_atom_latin1:
            case external_tag::atom_utf8:
            case external_tag::small_atom_utf8:
                return true;
            default:
                return false;
        }
    }

private:
    bool is_next(external_tag tag, std::size_t size) const noexcept {
        return bytes_.size() - at_ >= size && static_cast<external_tag>(bytes_[at_]) == tag;
    }
    std::uint64_t number(std::size_t offset, std::size_t size) const noexcept {
        return load_big_endian(bytes_.data() + at_ + offset, size);
    }
    bool is_own(atom node, std::uint32_t creation) const noexcept {
        const etf::decode_options& o = context_.terms;
        return o.origin != 0 && node == o.own.name && creation == o.own.creation;
    }
    bool cached_atom(std::size_t at, term_view& out, std::size_t& end) const noexcept {
        if (bytes_.size() - at < 2 ||
            static_cast<external_tag>(bytes_[at]) != external_tag::atom_cache_reference)
            return false;
        const auto index = std::to_integer<std::size_t>(bytes_[at + 1]);
        if (index >= context_.terms.cached_atoms.size()) return false;
        out = term_view::from_word(context_.terms.cached_atoms[index]);
        end = at + 2;
        return true;
    }
    bool inline_atom(std::size_t at, std::string_view& out, std::size_t& end) const noexcept {
        if (bytes_.size() - at < 2 || static_cast<external_tag>(bytes_[at]) != external_tag::small_atom_utf8)
            return false;
        const auto size = std::to_integer<std::size_t>(bytes_[at + 1]);
        if (bytes_.size() - at - 2 < size) return false;
        out = {reinterpret_cast<const char*>(bytes_.data()) + at + 2, size};
        end = at + 2 + size;
        return true;
    }
    bool resolve(std::string_view text, term& out) const {
        if (const auto known = atom::existing(text)) {
            out = *known;
            return true;
        }
        etf::atom_budget none(context_.terms.limits.max_new_atoms);
        etf::atom_budget* const budget = context_.terms.new_atoms ? context_.terms.new_atoms : &none;
        result<term> resolved = etf::resolve_atom(text, *budget);
        if (resolved) out = std::move(*resolved);
        return resolved.has_value();
    }
    /// The atom at `at`: an interned one owns nothing, a foreign one does.
    bool node_name(std::size_t at, term& out, std::size_t& end) {
        if (term_view cached; cached_atom(at, cached, end)) {
            out = cached.is_foreign_atom() ? term::copy(cached) : term(cached.word(), nullptr);
            return true;
        }
        if (std::string_view text; inline_atom(at, text, end)) return resolve(text, out);
        const std::size_t start = std::exchange(at_, at);
        const bool good = is_next_atom() && read_atom(out);
        end = std::exchange(at_, start);
        return good;
    }
    bool read_big(wire_integer& out) {
        std::size_t size = 0;
        std::size_t head = 0;
        if (is_next(external_tag::small_big, 3)) {
            size = static_cast<std::size_t>(number(1, 1));
            head = 3;
        } else if (is_next(external_tag::large_big, 6)) {
            size = static_cast<std::size_t>(number(1, 4));
            head = 6;
        } else {
            return false;
        }
        if (bytes_.size() - at_ - head < size) return false;
        const byte_span magnitude = bytes_.subspan(at_ + head, size);
        for (std::size_t i = 0; i < size; ++i) {
            const auto b = std::to_integer<std::uint64_t>(magnitude[i]);
            if (i < 8) {
                out.magnitude |= b << (8 * i);
            } else if (b != 0) {
                out.wide = true;
            }
        }
        out.negative = bytes_[at_ + head - 1] != std::byte{0} && (out.magnitude != 0 || out.wide);
        at_ += head + size;
        return true;
    }
    /// The forms that no current node sends.
    template <class Identifier>
    bool read_as_term(Identifier& out, kind wanted) {
        using namespace etf::detail;
        term read;
        if (!read_term(read) || !read.is(wanted)) return false;
        if (tag_of(read.word()) == tag::boxed) {
            static_assert(pid_layout::node == reference_layout::node);
            const auto node = term_view::from_word(pointer(read.word())[pid_layout::node]);
            if (node.is_foreign_atom()) return true;  // as<>() would intern it
        }
        if (const result<Identifier> value = read.as<Identifier>()) out = *value;
        return true;
    }

    byte_span bytes_;
    const control_context& context_;
    std::size_t at_ = 0;
};

}  // namespace rakka::wire
