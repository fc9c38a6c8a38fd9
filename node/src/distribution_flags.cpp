#include <rakka/node/distribution_flags.hpp>

#include <bit>

namespace rakka {
namespace {

// The numbers as real nodes send them; a slip in the table above does not survive this file.
static_assert(flag_sets::mandatory_25.bits() == 0x1070f94);
static_assert(flag_sets::mandatory_26.bits() == 0x402000000);
static_assert(flag_sets::mandatory.bits() == 0x403070f94);
static_assert(flag_sets::wanted_visible.bits() == 0x6d07df7fbd);
static_assert(flag_sets::wanted.bits() == 0x6d07df7fbc);

}  // namespace

std::string_view to_string(distribution_flag f) noexcept {
    for (const distribution_flag_info& info : distribution_flag_table) {
        if (info.flag == f) return info.spec_name;
    }
    return {};
}

std::string to_string(distribution_flags flags) {
    if (flags.empty()) return "none";
    std::string out;
    for (std::uint64_t rest = flags.bits(); rest != 0; rest &= rest - 1) {
        if (!out.empty()) out += '|';
        const int bit = std::countr_zero(rest);
        const std::string_view name = to_string(static_cast<distribution_flag>(std::uint64_t{1} << bit));
        out += name.empty() ? "bit " + std::to_string(bit) : std::string(name);
    }
    return out;
}

}  // namespace rakka
