// Any bytes: decoding must end in an error or in a term that encodes, decodes and copies to itself.
#include <rakka/base/check.hpp>
#include <rakka/etf/decode.hpp>
#include <rakka/etf/encode.hpp>
#include <rakka/etf/print.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace rakka;

namespace {

etf::decode_options small_limits() {
    etf::decode_options options;
    options.limits.max_words = 1 << 20;
    options.limits.max_inflated_bytes = 1 << 20;
    options.limits.max_new_atoms = 0;
    return options;
}

const etf::node_identity own{atom("a@b"), 1};

std::uint32_t origin_of(etf::node_identity identity) {
    const std::uint32_t origin = etf::local_origin::acquire();
    etf::local_origin::set_identity(origin, identity);
    return origin;
}

bool same_bytes(const etf::byte_buffer& a, const etf::byte_buffer& b) {
    return std::ranges::equal(a.bytes(), b.bytes());
}

/// A small message is decoded in another way than the front of many bytes.
void check_with_more_behind(std::span<const std::byte> bytes, const term& expected,
                            etf::decode_options options) {
    std::vector<std::byte> longer(bytes.begin(), bytes.end());
    longer.resize(bytes.size() + 1000);
    options.buffer = nullptr;
    const auto d = etf::decode(longer, options);
    RAKKA_CHECK(d && d->term == expected && d->bytes_used == bytes.size());
}

void check(std::span<const std::byte> bytes, const etf::decode_options& options) {
    const auto valid = etf::validate(bytes, options);
    const auto d = etf::decode(bytes, options);
    if (!d) {
        RAKKA_CHECK(d.error().offset <= bytes.size());
        RAKKA_CHECK(!valid || d.error().code == etf::errc::duplicate_key);
        return;
    }
    RAKKA_CHECK(valid && *valid == d->bytes_used && d->bytes_used <= bytes.size());
    check_with_more_behind(bytes.first(d->bytes_used), d->term, options);
    const bool version = options.envelope == etf::envelope::standalone;
    const auto encoded = etf::encode(d->term, {.version = version, .deterministic = true});
    RAKKA_CHECK(encoded && encoded->size() == etf::encoded_size(d->term, {.version = version}).value());
    const auto again = etf::decode(*encoded, options);
    RAKKA_CHECK(again && again->bytes_used == encoded->size());
    RAKKA_CHECK(again->term == d->term);
    // Printing ends, with line breaks too, where it is told to.
    const print_options lines{
        .line_length = 1 + bytes.size() % 100, .column = bytes.size() % 50, .max_chars = 10'000};
    RAKKA_CHECK(to_string(d->term.view(), lines).size() <= 10'003);
    const term copy = term::copy(d->term);
    RAKKA_CHECK(copy == d->term);
    RAKKA_CHECK(same_bytes(*encoded, *etf::encode(again->term, {.version = version, .deterministic = true})));
    RAKKA_CHECK(same_bytes(*encoded, *etf::encode(copy, {.version = version, .deterministic = true})));
}

void check_in_buffer(std::span<const std::byte> bytes, etf::decode_options options) {
    etf::shared_buffer* const buffer = etf::shared_buffer::make(bytes.size());
    std::ranges::copy(bytes, buffer->data());
    options.buffer = buffer;
    options.min_slice = 3;
    check({buffer->data(), bytes.size()}, options);
    RAKKA_CHECK(buffer->unique());
    buffer->release();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    etf::decode_options options = small_limits();
    check(bytes, options);
    etf::atom_budget none(0);
    static const term foreign =
        etf::resolve_atom("an atom of the header, kept out of the table", none).value();
    const etf::detail::word table[] = {term_view(atom("ok")).word(), foreign.word(), etf::detail::no_word};
    options.envelope = etf::envelope::distribution;
    options.cached_atoms = table;
    static const std::uint32_t origin = origin_of(own);
    options.own = own;
    options.origin = origin;
    check_in_buffer(bytes, options);
    return 0;
}
