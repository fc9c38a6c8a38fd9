#include <rakka/node/distribution_flags.hpp>

#include <gtest/gtest.h>

#include <bit>
#include <set>

namespace rakka {
namespace {

TEST(DistributionFlags, TableHasEachFlagOnceInOrder) {
    std::uint64_t last = 0;
    std::set<std::string_view> names;
    for (const distribution_flag_info& info : distribution_flag_table) {
        const auto bit = static_cast<std::uint64_t>(info.flag);
        EXPECT_TRUE(std::has_single_bit(bit)) << info.spec_name;
        EXPECT_GT(bit, last) << info.spec_name;
        EXPECT_TRUE(names.insert(info.spec_name).second) << info.spec_name;
        EXPECT_EQ(to_string(info.flag), info.spec_name);
        last = bit;
    }
}

TEST(DistributionFlags, SetsHaveTheValuesRealNodesSend) {
    EXPECT_EQ(flag_sets::wanted_visible.bits(), 0x6d07df7fbdu);
    EXPECT_EQ(flag_sets::wanted.bits(), 0x6d07df7fbcu);
    EXPECT_EQ(flag_sets::mandatory.bits(), 0x403070f94u);
    EXPECT_EQ(flag_sets::mandatory_25.bits(), 0x1070f94u);
}

TEST(DistributionFlags, NeverOfferBitsThatAreInternalToBeam) {
    const distribution_flags internal((1ull << 15) | (1ull << 21) | (1ull << 36) | 0xf8000000ull);
    EXPECT_TRUE((flag_sets::understood & internal).empty());
    EXPECT_FALSE(flag_sets::understood.has(distribution_flag::atom_cache));
    EXPECT_FALSE(flag_sets::understood.has(distribution_flag::hidden_atom_cache));
}

TEST(DistributionFlags, TheDigestStandsForTheMandatoryFlagsOf25AtBit26) {
    EXPECT_EQ(static_cast<std::uint64_t>(distribution_flag::mandatory_25_digest), 0x4000000u);
    const distribution_flags digest{distribution_flag::mandatory_25_digest};
    EXPECT_TRUE(digest.expanded().has_all(flag_sets::mandatory_25));
    EXPECT_FALSE(digest.has_all(flag_sets::mandatory_25));
    const distribution_flags bit_36(1ull << 36);
    EXPECT_EQ(bit_36.expanded(), bit_36);
}

TEST(DistributionFlags, EffectiveIsWhatBothHave) {
    const distribution_flags beam_25(0xd07df7fbd);
    const distribution_flags both = effective_flags(flag_sets::wanted_visible, beam_25);
    EXPECT_EQ(both.bits(), 0xd03df7fbdu);
    EXPECT_EQ(effective_flags(flag_sets::wanted, beam_25).bits(), 0xd03df7fbcu);
    const distribution_flags everything(~std::uint64_t{0});
    EXPECT_EQ(effective_flags(everything, everything),
              flag_sets::wanted_visible.without({distribution_flag::mandatory_25_digest}));
}

TEST(DistributionFlags, MissingFlagsArePrintedByName) {
    const distribution_flags beam_25(0xd07df7fbd);
    const distribution_flags needed{distribution_flag::altact_sig, distribution_flag::published};
    EXPECT_EQ(to_string(beam_25.missing(needed)), "ALTACT_SIG");
    EXPECT_EQ(to_string(distribution_flags{distribution_flag::published, distribution_flag::v4_nc}),
              "PUBLISHED|V4_NC");
    EXPECT_EQ(to_string(distribution_flags((1ull << 27) | (1ull << 63))), "bit 27|bit 63");
    EXPECT_EQ(to_string(distribution_flags()), "none");
}

}  // namespace
}  // namespace rakka
