// Any text: parsing must end in an error with a place, or in a term whose text parses to the same term.
#include <rakka/base/check.hpp>
#include <rakka/etf/order.hpp>
#include <rakka/etf/parse.hpp>
#include <rakka/etf/print.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace rakka;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // No new atoms: over many runs they would fill the table.
    const parse_options options{.limits = {.max_depth = 1000, .max_digits = 5000, .max_new_atoms = 0},
                                .origin = 1};
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)parse_terms(text, options);
    const auto t = parse_term(text, options);
    if (!t) {
        RAKKA_CHECK(t.error().line >= 1 && t.error().column >= 1 && !t.error().what.empty());
        return 0;
    }
    const std::size_t length = size % 100;
    for (const auto charset : {print_charset::latin1, print_charset::unicode}) {
        const auto again =
            parse_term(to_string(t->view(), {.charset = charset, .line_length = length}), options);
        // An integer in another base may have more digits in base ten than the limit allows.
        RAKKA_CHECK(again ? *again == *t : again.error().code == etf::errc::too_large);
    }
    return 0;
}
