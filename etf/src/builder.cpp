#include <rakka/etf/builder.hpp>
#include <rakka/etf/order.hpp>

#include <algorithm>
#include <cstring>
#include <memory>
#include <numeric>
#include <vector>

namespace rakka::etf {

using namespace detail;

namespace {

alignas(8) constexpr word empty_map = make_header(box::map, 0);

word* put_bytes(word* body, std::span<const std::byte> bytes) {
    const std::size_t n = words_for_bytes(bytes.size());
    if (n) body[n - 1] = 0;  // the padding takes part in comparisons
    if (!bytes.empty()) std::memcpy(body, bytes.data(), bytes.size());
    return body + n;
}

}  // namespace

word builder::put_big(std::span<const std::uint64_t> limbs, bool negative) {
    while (!limbs.empty() && limbs.back() == 0)
        limbs = limbs.first(limbs.size() - 1);
    if (limbs.empty()) return make_small(0);
    if (limbs.size() == 1) {
        const std::uint64_t m = limbs[0];
        if (!negative && m <= std::uint64_t(small_max)) return make_small(std::int64_t(m));
        if (negative && m <= std::uint64_t(small_max) + 1) return make_small(-std::int64_t(m));
    }
    word* const p = allocate(1 + limbs.size());
    p[0] = make_header(box::big_integer, limbs.size() | (negative ? big_negative : 0));
    std::copy(limbs.begin(), limbs.end(), p + 1);
    return boxed(p);
}

word builder::put_pid(const pid& p) {
    if (p.is_local()) return make_local_pid(p.creation, p.id, p.serial);
    word* const b = allocate(pid_layout::words);
    b[0] = make_header(box::pid, 0);
    b[pid_layout::node] = make_atom(p.node.id());
    b[pid_layout::id_serial] = p.id | word(p.serial) << 32;
    b[pid_layout::creation] = p.creation;
    return boxed(b);
}

word builder::put_port(const port& p) {
    word* const b = allocate(port_layout::words);
    b[0] = make_header(box::port, 0);
    b[port_layout::node] = make_atom(p.node.id());
    b[port_layout::id] = p.id;
    b[port_layout::creation] = p.creation;
    return boxed(b);
}

word builder::put_reference(const reference& r) {
    word* const b = allocate(reference_layout::words(r.size));
    b[0] = make_header(box::reference, r.size);
    // A local reference has no node: atom id 0 marks it, its creation is the origin.
    b[reference_layout::node] = make_atom(r.node.id());
    b[reference_layout::creation] = r.creation;
    if (r.size == reference::max_words) [[likely]] {  // those made here
        b[reference_layout::ids] = r.words[0] | word{r.words[1]} << 32;
        b[reference_layout::ids + 1] = r.words[2] | word{r.words[3]} << 32;
        b[reference_layout::ids + 2] = r.words[4];
        return boxed(b);
    }
    for (std::size_t i = 0; i < r.size; i += 2)
        b[reference_layout::ids + i / 2] = r.words[i] | (i + 1 < r.size ? word(r.words[i + 1]) << 32 : 0);
    return boxed(b);
}

namespace {

struct give_back {
    void operator()(shared_buffer* b) const noexcept { b->release(); }
};

}  // namespace

word builder::put_binary(std::span<const std::byte> bytes, std::size_t bits) {
    if (bytes.size() >= smallest_shared_binary) [[unlikely]] {
        const std::unique_ptr<shared_buffer, give_back> copy(shared_buffer::make(bytes.size()));
        std::memcpy(copy->data(), bytes.data(), bytes.size());
        return put_shared_binary(copy.get(), copy->data(), bits ? bits : bytes.size() * 8);
    }
    word* const b = allocate(1 + words_for_bytes(bytes.size()));
    b[0] = make_header(box::binary, bits ? bits : bytes.size() * 8);
    put_bytes(b + 1, bytes);
    return boxed(b);
}

word builder::put_shared_binary(shared_buffer* buffer, const std::byte* first, std::size_t bits) {
    word* const b = allocate(shared_binary_layout::words);
    b[0] = make_header(box::shared_binary, bits);
    b[shared_binary_layout::data] = reinterpret_cast<word>(first);
    b[shared_binary_layout::buffer] = reinterpret_cast<word>(buffer);
    keep(buffer);
    return boxed(b);
}

word builder::put_foreign_atom(std::string_view utf8) {
    word* const b = allocate(1 + words_for_bytes(utf8.size()));
    b[0] = make_header(box::foreign_atom, utf8.size());
    put_bytes(b + 1, std::as_bytes(std::span(utf8)));
    return boxed(b);
}

word builder::put_map(std::size_t n, word*& cells) {
    if (n == 0) return boxed(&empty_map);
    word* const b = allocate(1 + 2 * n);
    b[0] = make_header(box::map, n);
    cells = b + 1;
    return boxed(b);
}

namespace {

/// Stable insertion sort of keys with their values: maps in messages are small and often sorted already.
void sort_small(word* keys, word* values, std::size_t n) {
    for (std::size_t i = 1; i < n; ++i) {
        const word key = keys[i], value = values[i];
        std::size_t j = i;
        for (; j > 0 && map_key_less(key, keys[j - 1]); --j) {
            keys[j] = keys[j - 1];
            values[j] = values[j - 1];
        }
        keys[j] = key;
        values[j] = value;
    }
}

void sort_large(word* keys, word* values, std::size_t n) {
    std::vector<std::pair<word, word>> pairs(n);
    for (std::size_t i = 0; i < n; ++i)
        pairs[i] = {keys[i], values[i]};
    std::stable_sort(pairs.begin(), pairs.end(),
                     [](const auto& a, const auto& b) { return map_key_less(a.first, b.first); });
    for (std::size_t i = 0; i < n; ++i)
        std::tie(keys[i], values[i]) = pairs[i];
}

}  // namespace

result<word> builder::finish_map(word map, duplicates policy) {
    auto* const b = const_cast<word*>(pointer(map));
    const std::size_t n = header_size(*b);
    if (n < 2) return map;
    word* const keys = b + 1;
    n <= 16 ? sort_small(keys, keys + n, n) : sort_large(keys, keys + n, n);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < n; ++i) {
        if (i + 1 < n && !map_key_less(keys[i], keys[i + 1])) {
            if (policy == duplicates::refuse) return errc::duplicate_key;
            continue;  // an equal key follows: the sort was stable, so the later pair wins
        }
        keys[kept] = keys[i];
        keys[n + kept] = keys[n + i];
        ++kept;
    }
    if (kept != n) {
        std::copy(keys + n, keys + n + kept, keys + kept);
        b[0] = make_header(box::map, kept);
    }
    return map;
}

}  // namespace rakka::etf
