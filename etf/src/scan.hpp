// The first pass of decoding: checks every byte of a term and counts the memory the second pass will fill.
#pragma once

#include "byte_reader.hpp"
#include "wire_values.hpp"
#include "work_stack.hpp"

#include <rakka/etf/decode.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace rakka::etf::detail {

/// Walks over one term without a version byte. After run() says true, assembling the same bytes with the same
/// options can fail only on equal keys.
class scanner {
public:
    scanner(std::span<const std::byte> bytes, const decode_options& options) noexcept
        : in_(bytes), options_(options) {}

    [[nodiscard]] bool run();

    [[nodiscard]] std::size_t bytes_used() const noexcept { return in_.offset(); }
    /// An upper bound that is exact unless our own name was written in Latin-1 beyond ASCII; foreign atoms
    /// not counted.
    [[nodiscard]] std::size_t words() const noexcept { return words_; }
    /// Some binary will be a slice of the receive buffer.
    [[nodiscard]] bool has_slices() const noexcept { return has_slices_; }
    [[nodiscard]] decode_error error() const noexcept { return error_; }

private:
    static constexpr std::uint64_t plain = 0, list_elements = 1;
    struct frame {
        std::uint64_t left;  // terms still to come before the container is complete
        std::uint64_t mark;  // plain, list_elements, or the offset where a fun says it ends
    };

    bool fail(errc code) noexcept;
    bool need(std::size_t n) noexcept { return in_.has(n) || fail(errc::truncated); }
    bool add_words(std::size_t n) noexcept {
        words_ += n;
        return words_ <= options_.limits.max_words || fail(errc::too_large);
    }
    bool enter(std::uint64_t mark, std::uint64_t terms);
    bool tail();
    bool value(external_tag tag);
    bool identifier_or_legacy(external_tag tag);
    bool skip_fixed(std::size_t n);
    bool real();
    bool float_text();
    bool big(std::size_t length_bytes);
    bool tuple(std::size_t length_bytes);
    bool string();
    bool list();
    bool map();
    bool binary(std::size_t bytes, std::size_t unused_bits);
    bool whole_binary();
    bool bit_binary();
    bool record();
    bool fun();
    bool export_fun();
    bool pid(bool old);
    bool port(std::size_t id_bytes, bool old);
    bool reference(bool old);
    bool old_reference();
    bool atom(external_tag tag);
    bool any_atom(bool* own = nullptr);
    bool small_int();

    byte_reader in_;
    const decode_options& options_;
    std::size_t words_ = 0;
    std::size_t term_at_ = 0;
    bool has_slices_ = false;
    decode_error error_{};
    frame now_{1, plain};
    work_stack<frame, 32> around_;
};

}  // namespace rakka::etf::detail
