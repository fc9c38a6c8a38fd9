#include "wire/frame_reader.hpp"

#include "wire/wire_bytes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

namespace rakka::wire {
namespace {

using namespace test;

byte_vector body_of_size(std::size_t n, unsigned seed) {
    byte_vector out(n);
    for (std::size_t i = 0; i < n; ++i)
        out[i] = static_cast<std::byte>(seed + i * 7);
    return out;
}

/// Copies `data` in as a socket would, at most `at_once` bytes a read.
std::vector<byte_vector> read_all(frame_reader& reader, byte_span data, std::size_t at_once) {
    std::vector<byte_vector> frames;
    frame f;
    while (!data.empty()) {
        const auto room = reader.prepare();
        EXPECT_FALSE(room.empty());
        const std::size_t n = std::min({room.size(), data.size(), at_once});
        std::memcpy(room.data(), data.data(), n);
        reader.commit(n);
        data = data.subspan(n);
        while (*reader.next(f) == frame_reader::status::ready)
            frames.push_back(to_vector(f.body));
    }
    return frames;
}

TEST(FrameReader, GivesTheSameFramesForEverySizeOfRead) {
    std::vector<byte_vector> wanted;
    byte_vector stream;
    for (const std::size_t size : {0u, 1u, 5u, 0u, 60u, 64u, 200u, 3u, 28u, 0u, 61u, 300u, 1u}) {
        wanted.push_back(body_of_size(size, static_cast<unsigned>(wanted.size())));
        stream = stream + framed(wanted.back());
    }
    for (const std::size_t chunk : {8u, 16u, 64u, 100u, 1000u, 5000u}) {
        for (std::size_t at_once = 1; at_once <= stream.size(); ++at_once) {
            frame_reader reader({.chunk_size = chunk, .min_read_size = 16});
            ASSERT_EQ(read_all(reader, stream, at_once), wanted) << chunk << ' ' << at_once;
            ASSERT_EQ(reader.frames(), wanted.size());
            ASSERT_EQ(reader.bytes(), stream.size());
            ASSERT_EQ(reader.pending(), 0u);
        }
    }
}

TEST(FrameReader, GivesTheSameFramesForEverySplitInTwo) {
    const std::vector<byte_vector> wanted{body_of_size(0, 0), body_of_size(9, 1), body_of_size(40, 2)};
    const byte_vector stream = framed(wanted[0]) + framed(wanted[1]) + framed(wanted[2]);
    for (std::size_t split = 0; split <= stream.size(); ++split) {
        frame_reader reader({.chunk_size = 32});
        auto frames = read_all(reader, byte_span(stream).first(split), 1000);
        for (auto& f : read_all(reader, byte_span(stream).subspan(split), 1000))
            frames.push_back(std::move(f));
        ASSERT_EQ(frames, wanted) << split;
    }
}

TEST(FrameReader, CountsACompleteFrameAndATickButNoPartialFrame) {
    frame_reader reader;
    frame f;
    reader.feed(raw("00 00 00 02 01"));
    EXPECT_EQ(*reader.next(f), frame_reader::status::need_bytes);
    EXPECT_EQ(reader.frames(), 0u);
    reader.feed(raw("02"));
    EXPECT_EQ(*reader.next(f), frame_reader::status::ready);
    EXPECT_EQ(reader.frames(), 1u);
    reader.feed(raw("00 00 00 00"));
    EXPECT_EQ(*reader.next(f), frame_reader::status::ready);
    EXPECT_TRUE(f.is_tick());
    EXPECT_EQ(reader.frames(), 2u);
}

TEST(FrameReader, SharesOneBufferBetweenSmallFrames) {
    frame_reader reader;
    reader.feed(framed(raw("01")) + framed(raw("02")));
    frame a, b;
    ASSERT_TRUE(reader.next(a) && reader.next(b));
    EXPECT_EQ(a.buffer, b.buffer);
}

TEST(FrameReader, GivesALargeFrameABufferOfExactlyItsSize) {
    frame_reader reader({.chunk_size = 64});
    const byte_vector large = body_of_size(1000, 3);
    const byte_vector stream = framed(raw("01")) + framed(large) + framed(raw("02"));
    std::vector<byte_vector> seen;
    std::size_t at = 0;
    frame f;
    while (at < stream.size()) {
        const auto room = reader.prepare();
        const std::size_t n = std::min(room.size(), stream.size() - at);
        std::memcpy(room.data(), stream.data() + at, n);
        reader.commit(n);
        at += n;
        while (*reader.next(f) == frame_reader::status::ready) {
            if (f.body.size() == 1000) {
                EXPECT_EQ(f.buffer->size(), 1004u);
            }
            seen.push_back(to_vector(f.body));
        }
    }
    EXPECT_EQ(seen, (std::vector<byte_vector>{raw("01"), large, raw("02")}));
}

// Whatever a length field says: memory for what is there, and as much again.
TEST(FrameReader, GivesAVeryLargeFrameMemoryAsItArrives) {
    frame_reader reader({.chunk_size = 64, .at_once = 100});
    const byte_vector large = body_of_size(10'000, 3);
    const byte_vector stream = framed(raw("01")) + framed(large) + framed(raw("02"));
    std::vector<byte_vector> seen;
    std::size_t at = 0;
    frame f;
    while (at < stream.size()) {
        const auto room = reader.prepare();
        EXPECT_LE(reader.pending() + room.size(), std::max<std::size_t>(100, 2 * reader.pending()));
        const std::size_t n = std::min({room.size(), stream.size() - at, std::size_t{33}});
        std::memcpy(room.data(), stream.data() + at, n);
        reader.commit(n);
        at += n;
        while (*reader.next(f) == frame_reader::status::ready) {
            if (f.body.size() == large.size()) {
                EXPECT_EQ(f.buffer->size(), large.size() + 4);
            }
            seen.push_back(to_vector(f.body));
        }
    }
    EXPECT_EQ(seen, (std::vector<byte_vector>{raw("01"), large, raw("02")}));
}

TEST(FrameReader, GivesTheSameFramesForEverySizeOfReadWhenLargeOnesGrow) {
    std::vector<byte_vector> wanted;
    byte_vector stream;
    for (const std::size_t size : {1u, 500u, 0u, 99u, 100u, 101u, 3u, 1000u, 64u, 900u}) {
        wanted.push_back(body_of_size(size, static_cast<unsigned>(wanted.size())));
        stream = stream + framed(wanted.back());
    }
    for (const std::size_t chunk : {8u, 16u, 64u, 100u, 1000u}) {
        for (std::size_t at_once = 1; at_once <= stream.size(); at_once += at_once / 40 + 1) {
            frame_reader reader({.chunk_size = chunk, .at_once = chunk + 20, .min_read_size = 16});
            ASSERT_EQ(read_all(reader, stream, at_once), wanted) << chunk << ' ' << at_once;
            ASSERT_EQ(reader.pending(), 0u);
        }
    }
}

TEST(FrameReader, UsesItsMemoryAgainOnlyWhenNobodyRefersToIt) {
    frame_reader reader({.chunk_size = 4096});
    reader.feed(framed(raw("0a")));
    frame f;
    ASSERT_TRUE(reader.next(f));
    const std::byte* const first = f.body.data();
    reader.feed(framed(raw("0b")));
    ASSERT_TRUE(reader.next(f));
    EXPECT_EQ(f.body.data(), first);

    const buffer_ref kept(f.buffer);
    const byte_span kept_body = f.body;
    for (int i = 0; i < 5000; ++i) {
        reader.feed(framed(raw("0c 0d 0e")));
        ASSERT_TRUE(reader.next(f));
    }
    EXPECT_EQ(to_vector(kept_body), raw("0b"));
}

TEST(FrameReader, TakesAFrameOfTheLimitAndRefusesALargerOneBeforeItArrives) {
    frame f;
    frame_reader good({.max_frame_size = 10});
    good.feed(framed(body_of_size(10, 0)));
    EXPECT_EQ(*good.next(f), frame_reader::status::ready);

    frame_reader bad({.max_frame_size = 10});
    bad.feed(raw("00 00 00 0b"));
    const auto refused = bad.next(f);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, node_errc::frame_too_large);
    EXPECT_EQ(refused.error().text, "a frame of 11 bytes, the limit is 10");
}

TEST(FrameReader, ReservesNothingForAHostileLength) {
    frame_reader reader;
    reader.feed(raw("ff ff ff ff"));
    EXPECT_LE(reader.prepare().size(), frame_limits{}.chunk_size);
    frame f;
    EXPECT_FALSE(reader.next(f));
}

TEST(FrameReader, TakesMoreFedAtOnceThanAChunkHolds) {
    frame_reader reader({.chunk_size = 64});
    byte_vector stream;
    for (unsigned i = 0; i < 50; ++i)
        stream = stream + framed(body_of_size(i, i));
    reader.feed(stream);
    frame f;
    for (unsigned i = 0; i < 50; ++i) {
        ASSERT_EQ(*reader.next(f), frame_reader::status::ready);
        ASSERT_EQ(to_vector(f.body), body_of_size(i, i));
    }
    EXPECT_EQ(*reader.next(f), frame_reader::status::need_bytes);
}

}  // namespace
}  // namespace rakka::wire
