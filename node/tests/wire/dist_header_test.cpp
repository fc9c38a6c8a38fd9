#include "wire/dist_header.hpp"

#include "wire/wire_bytes.hpp"

#include <rakka/etf/decode.hpp>

#include <gtest/gtest.h>

namespace rakka::wire {
namespace {

using namespace test;
using namespace literals;

constexpr header_mode both{true, true};

class DistHeader : public testing::Test {
protected:
    wire_result<dist_header> read(const byte_vector& body, header_mode mode = both) {
        return read_header(body, mode, cache, budget, atoms);
    }
    std::vector<std::string> texts() const {
        std::vector<std::string> out;
        for (std::size_t i = 0; i < atoms.size(); ++i)
            out.emplace_back(atoms[i].atom_text());
        return out;
    }
    std::string refusal(const byte_vector& body, header_mode mode = both) {
        const auto r = read(body, mode);
        if (r) return "accepted";
        EXPECT_EQ(r.error().code, node_errc::bad_frame);
        return r.error().text;
    }
    byte_vector write(const std::vector<atom>& list, std::uint64_t sequence = 0,
                      std::uint64_t fragments = 0) {
        byte_vector out(max_header_size(list));
        const std::byte* const end = write_header(out.data(), list, outbound, sequence, fragments);
        out.resize(static_cast<std::size_t>(end - out.data()));
        return out;
    }

    inbound_atom_cache cache;
    outbound_atom_cache outbound;
    etf::atom_budget budget{1000};
    atom_table atoms;
};

using strings = std::vector<std::string>;

TEST_F(DistHeader, ReadsNewEntriesAndLaterReferencesToThem) {
    auto h = read(raw("83 44 03 98 0a 0a 0d <cpp@localhost> 14 0a <net_kernel> 1e 07 <is_auth> 68"));
    ASSERT_TRUE(h);
    EXPECT_EQ(h->size, 41u);
    EXPECT_EQ(h->tag, header_tag::whole);
    EXPECT_EQ(texts(), (strings{"cpp@localhost", "net_kernel", "is_auth"}));
    // Segment 1, index 20 and segment 0, index 10, now known.
    h = read(raw("83 44 02 01 00 14 0a"));
    ASSERT_TRUE(h);
    EXPECT_EQ(texts(), (strings{"net_kernel", "cpp@localhost"}));
}

TEST_F(DistHeader, ReadsTheLongAtomsNibbleForOddAndEvenCounts) {
    std::string text;
    for (int i = 0; i < 150; ++i)
        text += "\xc3\xa9";  // 150 characters, 300 bytes
    // Odd count: the high half of the last flags byte. Even count: the low half of a further byte.
    ASSERT_TRUE(read(raw("83 44 01 18 05 01 2c <" + text + ">")));
    EXPECT_EQ(texts(), strings{text});
    ASSERT_TRUE(read(raw("83 44 02 88 01 05 01 2c <" + text + "> 06 00 02 <ok>")));
    EXPECT_EQ(texts(), (strings{text, "ok"}));
}

TEST_F(DistHeader, LongAtomsHoldsForShortTextsToo) {
    ASSERT_TRUE(read(raw("83 44 01 18 05 00 02 <ok>")));
    EXPECT_EQ(texts(), strings{"ok"});
    ASSERT_TRUE(read(raw("83 44 02 88 01 05 00 02 <ok> 06 00 05 <error>")));
    EXPECT_EQ(texts(), (strings{"ok", "error"}));
}

TEST_F(DistHeader, ShortLengthsForOddAndEvenCounts) {
    ASSERT_TRUE(read(raw("83 44 02 88 00 05 02 <ok> 06 05 <error>")));
    EXPECT_EQ(texts(), (strings{"ok", "error"}));
    ASSERT_TRUE(read(raw("83 44 01 08 05 02 <ok>")));
    EXPECT_EQ(texts(), strings{"ok"});
}

TEST_F(DistHeader, ANewEntryReplacesTheSlotWithinTheSameHeaderAndForLaterOnes) {
    ASSERT_TRUE(read(raw("83 44 03 08 08 05 02 <ok> 05 05 05 <error>")));
    EXPECT_EQ(texts(), (strings{"ok", "ok", "error"}));
    ASSERT_TRUE(read(raw("83 44 01 00 05")));
    EXPECT_EQ(texts(), strings{"error"});
}

TEST_F(DistHeader, TakesTheEmptyAtomAndNoAtomsAtAll) {
    ASSERT_TRUE(read(raw("83 44 01 08 05 00")));
    EXPECT_EQ(texts(), strings{""});
    const auto h = read(raw("83 44 00"));
    ASSERT_TRUE(h);
    EXPECT_EQ(h->size, 3u);
    EXPECT_EQ(atoms.size(), 0u);
}

TEST_F(DistHeader, ReadsAllSlots) {
    for (unsigned slot = 0; slot < atom_cache_slots; ++slot) {
        const byte_vector put =
            raw("83 44 01") + number(8 | slot >> 8, 1) + number(slot & 255, 1) + raw("02 <ok>");
        ASSERT_TRUE(read(put)) << slot;
    }
    EXPECT_EQ(refusal(raw("83 44 01 07 ff")), "accepted");
}

TEST_F(DistHeader, AtomsBeyondTheBudgetStayForeignAndSurviveInTheCache) {
    budget = etf::atom_budget(1);
    ASSERT_TRUE(read(raw("83 44 02 88 00 01 0c <dh_budget_in> 02 0d <dh_budget_out>")));
    EXPECT_FALSE(atoms[0].is_foreign_atom());
    EXPECT_TRUE(atoms[1].is_foreign_atom());
    const atom_table kept = atoms;
    ASSERT_TRUE(read(raw("83 44 01 08 02 02 <ok>")));
    EXPECT_EQ(kept[1].atom_text(), "dh_budget_out");
    EXPECT_FALSE(atom::existing("dh_budget_out"));
    const auto t =
        etf::decode(raw("52 01"), {.envelope = etf::envelope::distribution, .cached_atoms = kept.words()});
    ASSERT_TRUE(t);
    EXPECT_EQ(t->term.view().atom_text(), "dh_budget_out");
}

TEST_F(DistHeader, ReadsFragments) {
    auto h = read(raw("83 45 00 00 00 00 00 00 00 05 00 00 00 00 00 00 00 02 01 08 07 02 <ok> 68"));
    ASSERT_TRUE(h);
    EXPECT_EQ(h->tag, header_tag::first_fragment);
    EXPECT_EQ(h->sequence, 5u);
    EXPECT_EQ(h->fragment, 2u);
    EXPECT_EQ(h->size, 24u);
    EXPECT_EQ(texts(), strings{"ok"});
    h = read(raw("83 46 ff ff ff ff ff ff ff ff 00 00 00 00 00 00 00 01 aa bb"));
    ASSERT_TRUE(h);
    EXPECT_EQ(h->tag, header_tag::next_fragment);
    EXPECT_EQ(h->sequence, ~std::uint64_t{0});
    EXPECT_EQ(h->fragment, 1u);
    EXPECT_EQ(h->size, fragment_header_size);
}

TEST_F(DistHeader, RefusesWhatBreaksTheProtocol) {
    EXPECT_EQ(refusal(raw("70 83")),
              "a frame without distribution header (112), but a header was negotiated");
    EXPECT_EQ(refusal(raw("84 44 00")), "a frame that begins with 132 instead of 131");
    EXPECT_EQ(refusal(raw("83 43 00")), "a header of unknown kind 67");
    EXPECT_EQ(refusal(raw("83 47 00")), "a header of unknown kind 71");
    EXPECT_EQ(refusal(raw("83 44 01 00 07")),
              "a reference to slot 7 of the atom cache, which was never filled");
    // The second half is the etf component's sentence.
    EXPECT_TRUE(refusal(raw("83 44 01 08 07 02 c3 28")).starts_with("an atom of 2 bytes in the header: "));
    EXPECT_EQ(refusal(raw("83 45 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 02 00")),
              "a fragment with sequence id 0");
    EXPECT_EQ(refusal(raw("83 46 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 00")),
              "a fragment with number 0");
    EXPECT_EQ(refusal(raw("83 45 00"), {true, false}), "a fragment, but fragments were not negotiated");
    EXPECT_EQ(refusal(raw("83 44 01 08 05 02 <ok>"), {false, true}),
              "a header with 1 atoms, but the atom cache was not negotiated");
}

TEST_F(DistHeader, RefusesAnAtomOf256Characters) {
    EXPECT_NE(refusal(raw("83 44 01 18 05 01 00 <" + std::string(256, 'x') + ">")), "accepted");
    EXPECT_EQ(refusal(raw("83 44 01 18 05 00 ff <" + std::string(255, 'x') + ">")), "accepted");
}

TEST_F(DistHeader, RefusesEveryTruncation) {
    for (const byte_vector& whole :
         {raw("83 44 03 98 0a 0a 0d <cpp@localhost> 14 0a <net_kernel> 1e 07 <is_auth>"),
          raw("83 45 00 00 00 00 00 00 00 05 00 00 00 00 00 00 00 02 01 18 07 00 02 <ok>"),
          raw("83 46 00 00 00 00 00 00 00 05 00 00 00 00 00 00 00 01"), raw("83 44 00")}) {
        for (std::size_t n = 0; n < whole.size(); ++n) {
            const byte_vector cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));
            ASSERT_TRUE(refusal(cut).starts_with("the frame ends inside its header")) << n;
        }
        EXPECT_TRUE(read(whole));
    }
}

TEST_F(DistHeader, WhatIsWrittenIsReadBack) {
    const atom longest{std::string(255, 'l')};
    std::string wide;
    for (int i = 0; i < 200; ++i)
        wide += "\xc3\xa9";  // 400 bytes
    const atom wide_atom{wide};
    const std::vector<std::vector<atom>> messages{{},
                                                  {"ok"_a},
                                                  {"ok"_a, "error"_a},
                                                  {"error"_a, atom{""}, "ok"_a},
                                                  {wide_atom},
                                                  {wide_atom, "ok"_a, "dh_new_1"_a},
                                                  {longest, "dh_new_2"_a},
                                                  {"dh_new_2"_a, longest, wide_atom, "ok"_a}};
    for (int round = 0; round < 2; ++round) {
        for (const auto& message : messages) {
            const byte_vector written = write(message);
            const auto h = read(written);
            ASSERT_TRUE(h) << h.error().text;
            EXPECT_EQ(h->size, written.size());
            strings wanted;
            for (const atom a : message)
                wanted.emplace_back(a.text());
            EXPECT_EQ(texts(), wanted);
        }
    }
}

TEST_F(DistHeader, WritesAnAtomOnceAndThenItsSlot) {
    const byte_vector first = write({"dh_once"_a});
    const byte_vector second = write({"dh_once"_a});
    EXPECT_EQ(first.size(), 2u + 1 + 1 + 1 + 1 + 7);
    EXPECT_EQ(second.size(), 2u + 1 + 1 + 1);
}

TEST_F(DistHeader, ManyAtomsThatDriveEachOtherOutAreReadBack) {
    std::vector<atom> all;
    for (int i = 0; i < 5000; ++i)
        all.emplace_back("dh_many_" + std::to_string(i));
    budget = etf::atom_budget(10000);
    for (std::size_t round = 0; round < 3; ++round) {
        for (std::size_t at = 0; at + 255 <= all.size(); at += 255 - round) {
            const std::vector<atom> message(all.begin() + static_cast<std::ptrdiff_t>(at),
                                            all.begin() + static_cast<std::ptrdiff_t>(at + 255));
            ASSERT_TRUE(read(write(message)));
            for (std::size_t i = 0; i < 255; ++i)
                ASSERT_EQ(atoms[i].atom_text(), message[i].text());
        }
    }
}

TEST_F(DistHeader, WritesFragmentHeaders) {
    const byte_vector first = write({"ok"_a}, 77, 3);
    auto h = read(first);
    ASSERT_TRUE(h);
    EXPECT_EQ(h->tag, header_tag::first_fragment);
    EXPECT_EQ(h->sequence, 77u);
    EXPECT_EQ(h->fragment, 3u);
    EXPECT_EQ(h->size, first.size());
    byte_vector next(fragment_header_size);
    write_fragment_header(next.data(), 77, 2);
    EXPECT_EQ(next, raw("83 46 00 00 00 00 00 00 00 4d 00 00 00 00 00 00 00 02"));
}

}  // namespace
}  // namespace rakka::wire
