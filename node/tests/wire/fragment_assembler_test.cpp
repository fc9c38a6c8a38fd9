#include "wire/fragment_assembler.hpp"

#include "wire/wire_bytes.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace rakka::wire {
namespace {

using namespace test;

dist_header first(std::uint64_t sequence, std::uint64_t fragments) {
    return {header_tag::first_fragment, sequence, fragments, 0};
}
dist_header next(std::uint64_t sequence, std::uint64_t fragment) {
    return {header_tag::next_fragment, sequence, fragment, 0};
}
fragmented_message message(std::uint64_t id) {
    fragmented_message m;
    m.control.id = id;
    return m;
}

TEST(FragmentAssembler, JoinsInterleavedSequences) {
    fragment_assembler f;
    fragmented_message done;
    ASSERT_TRUE(f.begin(first(1, 3), message(1), raw("01")));
    ASSERT_TRUE(f.begin(first(~std::uint64_t{0}, 2), message(2), raw("0a 0b")));
    ASSERT_FALSE(*f.add(next(1, 2), raw("02 03"), done));
    ASSERT_EQ(f.sequences(), 2u);
    ASSERT_EQ(f.total_size(), 5u);
    ASSERT_TRUE(*f.add(next(~std::uint64_t{0}, 1), raw("0c"), done));
    EXPECT_EQ(done.control.id, 2u);
    EXPECT_EQ(to_vector(done.payload()), raw("0a 0b 0c"));
    ASSERT_TRUE(*f.add(next(1, 1), raw("04"), done));
    EXPECT_EQ(done.control.id, 1u);
    EXPECT_EQ(to_vector(done.payload()), raw("01 02 03 04"));
    EXPECT_EQ(f.sequences(), 0u);
    EXPECT_EQ(f.total_size(), 0u);
}

TEST(FragmentAssembler, TakesEmptyPieces) {
    fragment_assembler f;
    fragmented_message done;
    ASSERT_TRUE(f.begin(first(1, 3), message(1), {}));
    ASSERT_FALSE(*f.add(next(1, 2), {}, done));
    ASSERT_TRUE(*f.add(next(1, 1), {}, done));
    EXPECT_EQ(done.payload().size(), 0u);
}

TEST(FragmentAssembler, ASequenceIdMayBeUsedAgainAfterItsEnd) {
    fragment_assembler f;
    fragmented_message done;
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(f.begin(first(9, 2), message(1), raw("01")));
        ASSERT_TRUE(*f.add(next(9, 1), raw("02"), done));
        EXPECT_EQ(to_vector(done.payload()), raw("01 02"));
    }
}

TEST(FragmentAssembler, RefusesWrongOrderUnknownAndDuplicateSequences) {
    fragmented_message done;
    {
        fragment_assembler f;
        ASSERT_TRUE(f.begin(first(1, 3), message(1), {}));
        const auto r = f.add(next(1, 1), {}, done);
        ASSERT_FALSE(r);
        EXPECT_EQ(r.error().code, node_errc::bad_frame);
        EXPECT_EQ(r.error().text, "fragment 1 where fragment 2 is due");
    }
    {
        fragment_assembler f;
        ASSERT_TRUE(f.begin(first(1, 3), message(1), {}));
        EXPECT_FALSE(f.add(next(1, 3), {}, done)) << "the first one again";
    }
    {
        fragment_assembler f;
        const auto r = f.add(next(1, 1), {}, done);
        ASSERT_FALSE(r);
        EXPECT_EQ(r.error().text, "a fragment of a sequence that did not begin");
    }
    {
        fragment_assembler f;
        ASSERT_TRUE(f.begin(first(1, 3), message(1), {}));
        const auto r = f.begin(first(1, 2), message(1), {});
        ASSERT_FALSE(r);
        EXPECT_EQ(r.error().code, node_errc::bad_frame);
    }
}

TEST(FragmentAssembler, HoldsItsLimits) {
    fragmented_message done;
    fragment_assembler sequences({.max_sequences = 2});
    ASSERT_TRUE(sequences.begin(first(1, 2), message(1), {}));
    ASSERT_TRUE(sequences.begin(first(2, 2), message(1), {}));
    EXPECT_EQ(sequences.begin(first(3, 2), message(1), {}).error().code, node_errc::limit_exceeded);

    fragment_assembler size({.max_sequence_size = 4});
    ASSERT_TRUE(size.begin(first(1, 3), message(1), raw("01 02")));
    ASSERT_TRUE(size.add(next(1, 2), raw("03 04"), done));
    EXPECT_EQ(size.add(next(1, 1), raw("05"), done).error().code, node_errc::limit_exceeded);

    fragment_assembler total({.max_total_size = 4});
    ASSERT_TRUE(total.begin(first(1, 2), message(1), raw("01 02")));
    ASSERT_TRUE(total.begin(first(2, 2), message(1), raw("01 02")));
    EXPECT_EQ(total.begin(first(3, 2), message(1), raw("01")).error().code, node_errc::limit_exceeded);

    fragment_assembler control({.max_total_size = 100});
    ASSERT_TRUE(control.begin(first(1, 2), message(1), {}, 5));
    EXPECT_FALSE(control.begin(first(2, 2), message(1), {}, 5));
    ASSERT_TRUE(*control.add(next(1, 1), {}, done));
    EXPECT_EQ(control.total_size(), 0u);

    fragment_assembler freed({.max_total_size = 4});
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(freed.begin(first(1, 2), message(1), raw("01 02")));
        ASSERT_TRUE(freed.add(next(1, 1), raw("03 04"), done)) << i;
    }
}

TEST(FragmentAssembler, AnAnnouncedNumberOfFragmentsReservesNoMemory) {
    fragment_assembler f;
    fragmented_message done;
    ASSERT_TRUE(f.begin(first(1, ~std::uint64_t{0}), message(1), raw("01")));
    ASSERT_FALSE(*f.add(next(1, ~std::uint64_t{0} - 1), raw("02"), done));
    EXPECT_EQ(f.total_size(), 2u);
    EXPECT_LE(f.reserved(), 4u);
}

TEST(FragmentAssembler, WhatIsAnnouncedGetsMemoryAsItArrives) {
    fragment_assembler f;
    fragmented_message done;
    const byte_vector piece(std::size_t{64} << 10);
    constexpr std::uint64_t pieces = 512;
    std::size_t arrived = piece.size();
    ASSERT_TRUE(f.begin(first(1, pieces), message(1), piece));
    for (std::uint64_t i = pieces - 1; i > 0; --i) {
        EXPECT_LE(f.reserved(), std::max(std::size_t{2} << 20, 2 * arrived));
        ASSERT_EQ(*f.add(next(1, i), piece, done), i == 1);
        arrived += piece.size();
    }
    EXPECT_EQ(done.payload().size(), pieces * piece.size());
    EXPECT_EQ(done.buffer->size(), pieces * piece.size());
    EXPECT_EQ(f.reserved(), 0u);
}

TEST(FragmentAssembler, ManySequencesThatAnnounceMuchGetLittleTogether) {
    fragment_assembler f;
    for (std::uint64_t i = 0; i < 1000; ++i)
        ASSERT_TRUE(f.begin(first(i, 1 << 20), message(i), raw("01")));
    EXPECT_LE(f.reserved(), std::size_t{67} << 20);
}

TEST(FragmentAssembler, EqualPiecesEndInABufferOfJustTheirSize) {
    fragment_assembler f;
    fragmented_message done;
    const byte_vector piece(1000);
    ASSERT_TRUE(f.begin(first(1, 8), message(1), piece));
    for (std::uint64_t i = 7; i > 0; --i)
        ASSERT_EQ(*f.add(next(1, i), piece, done), i == 1);
    EXPECT_EQ(done.payload().size(), 8000u);
    EXPECT_EQ(done.buffer->size(), 8000u);
}

}  // namespace
}  // namespace rakka::wire
