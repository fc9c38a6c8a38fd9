#include "term_order.hpp"
#include "work_stack.hpp"

#include <rakka/etf/keyed_hash.hpp>
#include <rakka/etf/order.hpp>

#include <cstdint>
#include <cstring>
#include <string_view>

namespace rakka {
namespace etf::detail {
namespace {

std::uint64_t mix(std::uint64_t h, std::uint64_t v) noexcept {
    return keyed_hash(hash_secret::get(), v, h);
}

std::uint64_t hash_bytes(const void* data, std::size_t size, std::uint64_t h) noexcept {
    const hash_secret key = hash_secret::get();
    const auto* p = static_cast<const char*>(data);
    for (; size >= 8; size -= 8, p += 8) {
        std::uint64_t chunk = 0;
        std::memcpy(&chunk, p, 8);
        h = keyed_step(key, chunk, h);
    }
    std::uint64_t rest = 0;
    if (size) std::memcpy(&rest, p, size);
    return mix(h, rest);
}

/// By text: an atom in the table and the same one kept out of it are equal.
std::uint64_t hash_atom(word w) noexcept {
    const std::string_view text = term_view::from_word(w).atom_text();
    return hash_bytes(text.data(), text.size(), 0x61 + text.size());
}

std::uint64_t hash_bits(word w) noexcept {
    const term_view v = term_view::from_word(w);
    const std::size_t whole = v.bit_size() / 8, rest = v.bit_size() % 8;
    const std::uint64_t h = hash_bytes(v.bytes().data(), whole, 0x62 + v.bit_size());
    return rest == 0 ? h : mix(h, std::to_integer<unsigned>(v.bytes()[whole]) & (0xff00u >> rest) & 0xffu);
}

std::uint64_t hash_reference(const word* p) noexcept {
    std::uint64_t h = mix(0x72, p[reference_layout::creation]);
    for (std::size_t i = 0; i < header_size(*p); ++i)
        if (const std::uint32_t id = reference_word(p, i))
            h = mix(h, id + (std::uint64_t{i} << 32));  // [1] =:= [1,0]
    return h;
}

std::uint64_t hash_leaf(rank r, word w) noexcept {
    if (r == rank::atom) return hash_atom(w);
    if (r == rank::pid) {
        const pid_fields f = fields_of_pid(w);
        return mix(mix(0x70, f.id | std::uint64_t{f.serial} << 32), f.creation);
    }
    if (is_immediate(w)) return mix(0x69, w);
    const word* p = pointer(w);
    switch (r) {
        case rank::number:
            return hash_bytes(p + 1, (is_big(w) ? big_limbs(p) : 1) * sizeof(word), 0x6e + (*p >> 55));
        case rank::reference:
            return hash_reference(p);
        case rank::port:
            return mix(mix(0x78, p[port_layout::id]), p[port_layout::creation]);
        case rank::bitstring:
            return hash_bits(w);
        case rank::resource:
            return mix(0x7a, p[resource_layout::object]);
        default:
            return 0;
    }
}

/// A container being hashed. Maps add up the hashes of their pairs, because equal maps may store them in
/// different order.
struct frame {
    const word* at;
    std::size_t left;  // cells; `list` for a list
    std::uint64_t hash;
    const word* values = nullptr;  // maps: the values, beside the keys
    std::uint64_t key = 0;         // maps: hash of the key whose value comes next
    bool in_value = false;

    static constexpr std::size_t list = ~std::size_t{0};

    void absorb(std::uint64_t h) noexcept {
        if (!values) {
            hash = mix(hash, h);
        } else if (in_value) {
            key = h;
        } else {
            hash += mix(key, h);
        }
    }

    /// The next part, or false at the end.
    bool next(word& w) noexcept {
        if (left == list) return next_of_list(w);
        if (values && in_value) {
            in_value = false;
            w = *values++;
            return true;
        }
        if (left == 0) return false;
        --left;
        w = *at++;
        in_value = values != nullptr;
        return true;
    }

    bool next_of_list(word& w) noexcept {
        const list_view::iterator i(at);
        w = i.at_end() ? i.rest().word() : (*i).word();
        if (i.at_end()) {
            left = 0;
        } else {
            at = pointer(i.rest().word()) + 1;
        }
        return true;
    }
};

frame open(rank r, word w) noexcept {
    const word* p = pointer(w);
    const std::size_t n = header_size(*p);
    switch (r) {
        case rank::list:
            return {.at = p, .left = frame::list, .hash = 0x6c};
        case rank::map:
            return {.at = p + 1, .left = n, .hash = 0x6d + n, .values = p + 1 + n};
        case rank::record:
            return {
                .at = p + record_layout::fields, .left = 2 * n, .hash = hash_atom(p[record_layout::name])};
        case rank::fun:
            if (header_kind(*p) == box::export_fun)
                return {.at = p,
                        .left = 0,
                        .hash = mix(hash_atom(p[export_layout::function]), p[export_layout::arity])};
            return {.at = p + fun_layout::free,
                    .left = n,
                    .hash = mix(p[fun_layout::uniq], p[fun_layout::index])};
        default:
            return {.at = p + 1, .left = n, .hash = 0x74 + n};
    }
}

}  // namespace
}  // namespace etf::detail

std::size_t hash_value(term_view t) noexcept {
    using namespace etf::detail;
    word w = t.word();
    if (const rank r = rank_of(w); !has_parts(r)) return hash_leaf(r, w);
    work_stack<frame> open_containers;
    for (;;) {
        const rank r = rank_of(w);
        std::uint64_t done = 0;
        if (has_parts(r)) {
            open_containers.push(open(r, w));
        } else {
            done = hash_leaf(r, w);
            open_containers.top().absorb(done);
        }
        while (!open_containers.top().next(w)) {
            done = open_containers.top().hash;
            open_containers.pop();
            if (open_containers.empty()) return done;
            open_containers.top().absorb(done);
        }
    }
}

}  // namespace rakka
