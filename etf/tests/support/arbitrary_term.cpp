#include "support/arbitrary_term.hpp"

#include "support/encoded_bytes.hpp"

#include <rakka/etf/build.hpp>

#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <ostream>
#include <string>
#include <vector>

namespace rakka {

void showValue(const term& t, std::ostream& out) {
    const auto bytes = etf::encode(t);
    out << "<<" << (bytes ? testing::hex(bytes->bytes()) : bytes.error().message()) << ">>";
}

namespace testing {
namespace {

using etf::builder;
using namespace etf::detail;

/// Full ranges whatever RapidCheck's size: at small sizes its own ranges would leave whole kinds out.
template <class T>
T at_full_size(const rc::Gen<T>& gen) {
    return *rc::gen::resize(rc::kNominalSize, gen);
}

int pick(int below) {
    return at_full_size(rc::gen::inRange(0, below));
}

std::string text_of(int kind) {
    switch (kind) {
        case 0:
            return {};
        case 1:
            return *rc::gen::elementOf(
                std::vector<std::string>{"ok", "error", "true", "a", "nil", "Elixir.Map"});
        case 2:
            return "atom " + std::to_string(pick(300));
        case 3:
            return *rc::gen::elementOf(std::vector<std::string>{"å", "λάμδα", "漢字", "😀", "'", "\n", "\\"});
        default: {
            std::string s;
            const int n = *rc::gen::elementOf(std::vector<int>{63, 64, 127, 128, 255});
            for (int i = 0; i < n; ++i)
                s += kind == 4 ? "x" : "ж";
            return s;
        }
    }
}

std::string atom_text() {
    return text_of(*rc::gen::weightedElement<int>({{1, 0}, {8, 1}, {4, 2}, {4, 3}, {1, 4}, {1, 5}}));
}

atom node_name() {
    return *rc::gen::element("a@b"_a, "rakka@127.0.0.1"_a, "nonode@nohost"_a, "knoten@münchen"_a);
}

std::uint32_t any_u32() {
    return at_full_size(rc::gen::weightedOneOf<std::uint32_t>(
        {{2, rc::gen::arbitrary<std::uint32_t>()},
         {1, rc::gen::element<std::uint32_t>(0, 1, 0x7fff, 0x8000, 0x0fffffff, 0x7fffffff, 0xffffffff)}}));
}

double any_real(bool minus_zero) {
    switch (pick(4)) {
        case 0:
            return *rc::gen::element(0.0, minus_zero ? -0.0 : 0.0, 1.0, -1.5, 5e-324, 1.7976931348623157e308,
                                     9007199254740992.0);
        case 1:
            return std::ldexp((pick(2000) - 1000), pick(60) - 30);
        default: {
            const auto v = std::bit_cast<double>(at_full_size(rc::gen::arbitrary<std::uint64_t>()));
            return std::isfinite(v) ? v : 0.5;
        }
    }
}

word put_big(builder& b) {
    auto limbs = at_full_size(rc::gen::container<std::vector<std::uint64_t>>(
        static_cast<std::size_t>(*rc::gen::element(1, 2, 3, 31, 32, 33)),
        rc::gen::oneOf(rc::gen::arbitrary<std::uint64_t>(),
                       rc::gen::element<std::uint64_t>(0, 1, ~0ull, 1ull << 63))));
    return b.put_big(limbs, pick(2) == 1);
}

word put_bits(builder& b, bool partial) {
    auto bytes = at_full_size(rc::gen::container<std::vector<std::uint8_t>>(
        static_cast<std::size_t>(*rc::gen::element(0, 1, 7, 8, 9, 63, 64, 65, 300)),
        rc::gen::arbitrary<std::uint8_t>()));
    std::size_t bits = 8 * bytes.size();
    if (partial && !bytes.empty()) {
        const int unused = pick(8);
        bytes.back() = static_cast<std::uint8_t>(bytes.back() & (0xff << unused));
        bits -= static_cast<std::size_t>(unused);
    }
    return b.put_binary(std::as_bytes(std::span(bytes)), bits);
}

word put_reference(builder& b) {
    reference r{node_name(), any_u32(), static_cast<std::uint32_t>(1 + pick(5)), {}};
    for (std::size_t i = 0; i < r.size; ++i)
        r.words[i] = any_u32();
    r.words[0] &= (1u << 18) - 1;
    return b.put_reference(r);
}

word put_identifier(builder& b) {
    switch (pick(3)) {
        case 0:
            return b.put_pid({node_name(), any_u32(), any_u32(), any_u32()});
        case 1:
            return b.put_port({node_name(), any_u32(), std::uint64_t{any_u32()} << 32 | any_u32()});
        default:
            return put_reference(b);
    }
}

word put_leaf(builder& b, const term_choices& c) {
    switch (pick(12)) {
        case 0:
        case 1:
            return b.put_integer(*arbitrary_int64());
        case 2:
            return put_big(b);
        case 3:
            return b.put_real(any_real(c.minus_zero));
        case 4:
            return make_atom((*arbitrary_atom()).id());
        case 5:
            return c.foreign_atoms ? b.put_foreign_atom("foreign " + std::to_string(pick(5))) : special_nil;
        case 6:
            return put_bits(b, c.bitstrings);
        case 7:
            return c.identifiers ? put_identifier(b) : make_small(pick(256));
        default:
            return make_small(pick(300));
    }
}

word put_any(builder& b, const term_choices& c, int depth);

/// A part built in place, or a term of its own that the builder only refers to.
word put_part(builder& b, const term_choices& c, int depth) {
    if (pick(8) != 0) return put_any(b, c, depth);
    builder other;
    return b.put_term(other.finish(put_any(other, c, depth)));
}

void fill(builder& b, word* cells, std::size_t n, const term_choices& c, int depth) {
    for (std::size_t i = 0; i < n; ++i)
        cells[i] = put_part(b, c, depth);
}

word put_list(builder& b, const term_choices& c, std::size_t n, int depth) {
    word* cells = nullptr;
    if (pick(3) == 0) {  // bytes: a STRING_EXT
        const word w = b.put_list(n, cells);
        for (std::size_t i = 0; i < n; ++i)
            cells[i] = make_small(pick(256));
        return w;
    }
    const word tail = n > 0 && pick(3) == 0 ? put_part(b, c, depth) : special_nil;
    const word w = n > 0 ? b.put_list(n, cells, tail) : special_nil;
    fill(b, cells, n, c, depth);
    return w;
}

word put_map(builder& b, const term_choices& c, std::size_t n, int depth) {
    word* cells = nullptr;
    const word w = b.put_map(n, cells);
    fill(b, cells, 2 * n, c, depth);
    return n == 0 ? w : b.finish_map(w, builder::duplicates::last_wins).value();
}

word put_fun(builder& b, const term_choices& c, std::size_t n, int depth) {
    if (pick(2) == 0) {
        word* const p = b.allocate(export_layout::words);
        p[0] = make_header(box::export_fun, 0);
        p[export_layout::module] = make_atom((*arbitrary_atom()).id());
        p[export_layout::function] = make_atom((*arbitrary_atom()).id());
        p[export_layout::arity] = static_cast<word>(pick(256));
        return boxed(p);
    }
    word* const p = b.allocate(fun_layout::free + n);
    p[0] = make_header(box::fun, n);
    p[fun_layout::arity] = static_cast<word>(pick(10));
    p[fun_layout::uniq] = at_full_size(rc::gen::arbitrary<std::uint64_t>());
    p[fun_layout::uniq + 1] = at_full_size(rc::gen::arbitrary<std::uint64_t>());
    p[fun_layout::index] = static_cast<word>(pick(10));
    p[fun_layout::module] = make_atom((*arbitrary_atom()).id());
    p[fun_layout::old_index] = make_small(pick(10));
    p[fun_layout::old_uniq] = make_small(pick(1 << 27));
    p[fun_layout::pid] = b.put_pid({node_name(), any_u32(), any_u32(), any_u32()});
    fill(b, p + fun_layout::free, n, c, depth);
    return boxed(p);
}

word put_record(builder& b, const term_choices& c, std::size_t n, int depth) {
    word* const p = b.allocate(record_layout::fields + 2 * n);
    p[0] = make_header(box::record, n);
    p[record_layout::flags] = static_cast<word>(pick(2));
    p[record_layout::module] = make_atom((*arbitrary_atom()).id());
    p[record_layout::name] = make_atom((*arbitrary_atom()).id());
    for (std::size_t i = 0; i < n; ++i)
        p[record_layout::fields + i] = make_atom(atom("field_" + std::to_string(i)).id());
    fill(b, p + record_layout::fields + n, n, c, depth);
    return boxed(p);
}

word put_any(builder& b, const term_choices& c, int depth) {
    if (depth == 0) return put_leaf(b, c);
    const auto n = static_cast<std::size_t>(*rc::gen::weightedElement<int>({{8, pick(5)}, {1, 40}}));
    const std::size_t few = depth == c.depth ? n : n % 8;  // wide at the top only: size stays bounded
    switch (pick(9)) {
        case 0:
        case 1: {
            word* cells = nullptr;
            const word w = b.put_tuple(few, cells);
            fill(b, cells, few, c, depth - 1);
            return w;
        }
        case 2:
        case 3:
            return put_list(b, c, few, depth - 1);
        case 4:
            return put_map(b, c, few, depth - 1);
        case 5:
            return c.funs ? put_fun(b, c, few, depth - 1) : put_leaf(b, c);
        case 6:
            return c.records ? put_record(b, c, few, depth - 1) : put_leaf(b, c);
        default:
            return put_leaf(b, c);
    }
}

}  // namespace

rc::Gen<term> arbitrary_term(term_choices choices) {
    return rc::gen::exec([choices] {
        builder b;
        return b.finish(put_any(b, choices, choices.depth));
    });
}

rc::Gen<term> arbitrary_leaf(term_choices choices) {
    choices.depth = 0;
    return arbitrary_term(choices);
}

rc::Gen<atom> arbitrary_atom() {
    return rc::gen::exec([] { return atom(atom_text()); });
}

rc::Gen<std::int64_t> arbitrary_int64() {
    return rc::gen::exec([]() -> std::int64_t {
        const std::uint64_t magnitude = at_full_size(rc::gen::arbitrary<std::uint64_t>()) >> pick(64);
        const auto edge = std::int64_t(1ull << pick(63)) + (pick(3) - 1);
        return pick(3) == 0 ? edge : std::int64_t(pick(2) ? magnitude : ~magnitude + 1);
    });
}

std::uint64_t property_seed() {
    const char* const asked = std::getenv("RAKKA_TEST_SEED");
    return asked != nullptr ? std::strtoull(asked, nullptr, 10) : 1;
}

}  // namespace testing
}  // namespace rakka
