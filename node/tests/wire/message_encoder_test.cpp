#include "wire/message_encoder.hpp"

#include "wire/message_reader.hpp"
#include "wire/sample_messages.hpp"
#include "wire/wire_bytes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

namespace rakka::wire {
namespace {

using namespace test;
using namespace literals;
using flag = distribution_flag;

constexpr distribution_flags all_flags = flag_sets::wanted;

control_message send_to(const pid& to) {
    control_message m;
    m.kind = control_kind::send;
    m.from = peer_pid;
    m.to = to;
    return m;
}

term binary_of_size(std::size_t size, unsigned seed = 0) {
    std::string text(size, ' ');
    for (std::size_t i = 0; i < size; ++i)
        text[i] = static_cast<char>(seed + i * 31);
    return term(text);
}

/// Payloads of all messages in `stream`.
std::vector<term> payloads(byte_span stream, distribution_flags effective = all_flags) {
    reader_options o;
    o.effective = effective;
    message_reader reader(o);
    reader.feed(stream);
    std::vector<term> out;
    inbound_message m;
    for (;;) {
        const auto e = reader.next(m);
        if (!e) ADD_FAILURE() << e.error().text;
        if (!e || *e == message_reader::event::need_bytes) return out;
        if (*e == message_reader::event::message) out.push_back(m.payload().value());
    }
}

TEST(MessageEncoder, WritesTheWorkedExamples) {
    control_message m;
    m.kind = control_kind::send_to_name;
    m.from = pid{own_name, 1, 0, own_creation};
    m.name = "net_kernel"_a;
    const term payload = tuple("is_auth"_a, own_name);
    const std::string control =
        "68 04 61 06 58 77 0d <cpp@localhost> 00 00 00 01 00 00 00 00 12 34 56 78 77 00 77 0a <net_kernel>";
    const std::string call = "68 02 77 07 <is_auth> 77 0d <cpp@localhost>";

    etf::byte_buffer out;
    message_encoder plain({.effective = all_flags.without({flag::dist_hdr_atom_cache, flag::fragments})});
    ASSERT_TRUE(plain.append(out, m, payload.view())->written);
    EXPECT_EQ(to_vector(out.bytes()), framed(raw("70 83" + control + "83" + call)));

    out.clear();
    message_encoder no_cache({.effective = all_flags.without({flag::dist_hdr_atom_cache})});
    ASSERT_TRUE(no_cache.append(out, m, payload.view())->written);
    EXPECT_EQ(to_vector(out.bytes()), framed(raw("83 44 00" + control + call)));

    out.clear();
    message_encoder by_choice({.effective = all_flags, .atom_cache = false});
    ASSERT_TRUE(by_choice.append(out, m, payload.view())->written);
    EXPECT_EQ(to_vector(out.bytes()), framed(raw("83 44 00" + control + call)));
}

TEST(MessageEncoder, WritesATick) {
    etf::byte_buffer out;
    message_encoder::append_tick(out);
    EXPECT_EQ(to_vector(out.bytes()), raw("00 00 00 00"));
}

TEST(MessageEncoder, NamesAnAtomOnceAndThenItsSlot) {
    etf::byte_buffer out;
    message_encoder encoder({.effective = all_flags});
    const term payload = tuple("me_some_long_atom_name"_a, "me_some_long_atom_name"_a);
    ASSERT_TRUE(encoder.append(out, send_to(own_pid), payload.view()));
    const std::size_t first = out.size();
    ASSERT_TRUE(encoder.append(out, send_to(own_pid), payload.view()));
    // The texts of three atoms, each with a length byte, are not repeated.
    EXPECT_EQ(first - (out.size() - first), 22 + own_name.text().size() + peer_name.text().size() + 3);
    EXPECT_EQ(payloads(out.bytes()), (std::vector<term>{payload, payload}));
}

TEST(MessageEncoder, LocalPidsTakeTheirNodesName) {
    const std::uint32_t origin = etf::local_origin::acquire();
    etf::local_origin::set_identity(origin, {own_name, own_creation});
    control_message m = send_to(peer_pid);
    m.from = pid{{}, 1, 2, origin};
    etf::byte_buffer out;
    message_encoder encoder({.effective = all_flags, .atom_cache = false});
    ASSERT_TRUE(encoder.append(out, m, term("ok"_a).view()));
    EXPECT_EQ(to_vector(out.bytes()),
              framed(raw("83 44 00") + inner(tuple(22, own_pid, peer_pid)) + inner("ok"_a)));
    etf::local_origin::release(origin);
}

TEST(MessageEncoder, CutsLargePayloadsAndNothingElse) {
    for (const std::size_t size : {0u, 50u, 95u, 96u, 194u, 195u, 196u, 1000u}) {
        message_encoder encoder({.effective = all_flags, .fragment_size = 100});
        etf::byte_buffer out;
        const term payload = binary_of_size(size);
        auto r = encoder.append(out, send_to(own_pid), payload.view());
        ASSERT_TRUE(r);
        const std::size_t encoded = size + 5;
        EXPECT_EQ(r->rest != nullptr, encoded > 100) << size;
        std::size_t frames = 1;
        if (r->rest) {
            EXPECT_EQ(r->rest->remaining(), encoded - 100);
            for (; !r->rest->done(); ++frames)
                r->rest->append_next(out);
        }
        EXPECT_EQ(frames, std::max<std::size_t>(1, (encoded + 99) / 100));
        EXPECT_EQ(payloads(out.bytes()), std::vector<term>{payload}) << size;
    }
}

TEST(MessageEncoder, DoesNotCutWhereFragmentsAreNotNegotiated) {
    const distribution_flags flags = all_flags.without({flag::fragments});
    message_encoder encoder({.effective = flags, .fragment_size = 100});
    etf::byte_buffer out;
    const term payload = binary_of_size(5000);
    EXPECT_EQ(encoder.append(out, send_to(own_pid), payload.view())->rest, nullptr);
    EXPECT_EQ(payloads(out.bytes(), flags), std::vector<term>{payload});
}

TEST(MessageEncoder, OtherMessagesMayGoBetweenTheFramesOfALargeOne) {
    // What is in the buffer before a large payload decides whether its memory is taken over or copied: both
    // ways.
    for (const bool before : {false, true}) {
        message_encoder encoder({.effective = all_flags, .fragment_size = 64});
        etf::byte_buffer out;
        std::vector<term> wanted;
        if (before) {
            wanted.push_back(binary_of_size(40, 9));
            for (int i = 0; i < 30; ++i) {
                if (i > 0) wanted.push_back(wanted[0]);
                ASSERT_TRUE(encoder.append(out, send_to(own_pid), wanted[0].view()));
            }
        }
        const term a = tuple("me_in_a"_a, binary_of_size(300, 1));
        const term b = tuple("me_in_b"_a, binary_of_size(200, 2));
        auto rest_a = std::move(encoder.append(out, send_to(own_pid), a.view())->rest);
        auto rest_b = std::move(encoder.append(out, send_to(own_pid), b.view())->rest);
        ASSERT_TRUE(rest_a && rest_b);
        for (int i = 0; !rest_a->done() || !rest_b->done(); ++i) {
            if (!rest_a->done()) rest_a->append_next(out);
            const term between = tuple("me_between"_a, i);
            ASSERT_TRUE(encoder.append(out, send_to(own_pid), between.view()));
            message_encoder::append_tick(out);
            if (!rest_b->done()) rest_b->append_next(out);
        }
        const auto got = payloads(out.bytes());
        EXPECT_EQ(std::count(got.begin(), got.end(), a), 1);
        EXPECT_EQ(std::count(got.begin(), got.end(), b), 1);
        EXPECT_EQ(std::count(got.begin(), got.end(), term(tuple("me_between"_a, 3))), 1);
        if (before) {
            EXPECT_EQ(std::count(got.begin(), got.end(), wanted[0]), 30);
        }
    }
}

/// A binary that lives in a shared buffer of its own, as one received from a socket does.
term received_binary(std::size_t size, unsigned seed) {
    const term copy = binary_of_size(size, seed);
    const etf::byte_buffer encoded = etf::encode(copy.view()).value();
    const buffer_ref buffer = make_buffer(encoded.size());
    std::memcpy(buffer->data(), encoded.bytes().data(), encoded.size());
    etf::decode_options options;
    options.buffer = buffer.get();
    return etf::decode({buffer->data(), buffer->size()}, options).value().term;
}

TEST(MessageEncoder, GatheredPiecesComeOutAsTheSameBytes) {
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
        message_encoder gathering({.effective = all_flags, .fragment_size = 700});
        message_encoder copying({.effective = all_flags, .fragment_size = 700});
        etf::byte_buffer pieces;
        etf::byte_buffer whole;
        pieces.gather_from(100);
        std::vector<term> wanted;
        for (int i = 0; i < 8; ++i) {
            const term large = received_binary(random() % 1000, static_cast<unsigned>(i));
            const term payload = tuple(atom{"me_g_" + std::to_string(random() % 9)}, large, i, large);
            wanted.push_back(payload);
            auto a = gathering.append(pieces, send_to(own_pid), payload.view());
            auto b = copying.append(whole, send_to(own_pid), payload.view());
            ASSERT_TRUE(a && b);
            while (a->rest && !a->rest->done())
                a->rest->append_next(pieces);
            while (b->rest && !b->rest->done())
                b->rest->append_next(whole);
        }
        ASSERT_EQ(all_of(pieces), to_vector(whole.bytes()));
        ASSERT_EQ(payloads(whole.bytes()), wanted);
    }
}

TEST(MessageEncoder, APayloadEncodedAheadIsTheSameMessage) {
    const term small = tuple("an_atom"_a, 1, binary_of_size(100));
    const term large = tuple("an_atom"_a, binary_of_size(30'000), "more"_a, binary_of_size(300'000), 7);
    const term buffers =
        tuple("an_atom"_a, received_binary(30'000, 1), "more"_a, received_binary(300'000, 2), 7);
    for (const distribution_flags& flags :
         {all_flags, all_flags.without({flag::fragments}), all_flags.without({flag::dist_hdr_atom_cache}),
          all_flags.without({flag::dist_hdr_atom_cache, flag::fragments})}) {
        message_encoder encoder({.effective = flags});
        etf::byte_buffer out;
        out.gather_from(16 << 10);
        std::vector<term> expected;
        for (const term& t : {small, large, buffers, small}) {
            auto ahead = encoder.encode_ahead(send_to(own_pid), t, 16 << 10);
            ASSERT_TRUE(ahead);
            EXPECT_EQ(ahead->size, etf::encoded_size(t).value() -
                                       (flags.has(flag::fragments) || flags.has(flag::dist_hdr_atom_cache)));
            auto done = encoder.append(out, send_to(own_pid), std::move(*ahead));
            ASSERT_TRUE(done && done->written);
            EXPECT_EQ(done->rest != nullptr, flags.has(flag::fragments) && ahead->size > 64 << 10);
            while (done->rest && !done->rest->done())
                done->rest->append_next(out);
            // In between the others as ever.
            ASSERT_TRUE(encoder.append(out, send_to(own_pid), small.view()));
            expected.push_back(t);
            expected.push_back(small);
        }
        EXPECT_EQ(payloads(all_of(out), flags), expected);
    }
    message_encoder encoder({.effective = all_flags});
    control_message link = send_to(own_pid);
    link.kind = control_kind::link;
    EXPECT_EQ(encoder.encode_ahead(link, {}, SIZE_MAX), nullptr) << "has none";
}

TEST(MessageEncoder, WhatCannotBeEncodedLeavesBufferAndCacheAsTheyWere) {
    message_encoder encoder({.effective = all_flags});
    etf::byte_buffer out;
    ASSERT_TRUE(encoder.append(out, send_to(own_pid), term("ok"_a).view()));
    const byte_vector before = to_vector(out.bytes());
    const auto r = encoder.append(out, send_to(own_pid), term_view{});
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error(), etf::errc::not_encodable);
    EXPECT_EQ(to_vector(out.bytes()), before);
    const term fresh("me_never_written"_a);
    control_message bad = send_to(own_pid);
    bad.name = "me_never_written"_a;
    bad.kind = control_kind::send_to_name;
    EXPECT_FALSE(encoder.append(out, bad, term_view{}));
    ASSERT_TRUE(encoder.append(out, send_to(own_pid), fresh.view()));
    EXPECT_EQ(payloads(out.bytes()), (std::vector<term>{term("ok"_a), fresh}));
}

TEST(MessageEncoder, SaysWhenTheFlagsHaveNoFormForAMessage) {
    message_encoder encoder({.effective = all_flags.without({flag::spawn})});
    etf::byte_buffer out;
    const auto r = encoder.append(out, sample(*find_operation(29)), term(list()).view());
    ASSERT_TRUE(r);
    EXPECT_FALSE(r->written);
    EXPECT_TRUE(out.empty());
}

TEST(MessageEncoder, MoreAtomsThanAHeaderHoldsAreWrittenOut) {
    etf::builder b;
    etf::detail::word* cells = nullptr;
    const auto w = b.put_list(700, cells);
    for (int i = 0; i < 700; ++i)
        cells[i] = etf::detail::make_atom(atom{"me_many_" + std::to_string(i)}.id());
    const term payload = b.finish(w);
    message_encoder encoder({.effective = all_flags});
    etf::byte_buffer out;
    for (int i = 0; i < 3; ++i)
        ASSERT_TRUE(encoder.append(out, send_to(own_pid), payload.view()));
    EXPECT_EQ(payloads(out.bytes()), (std::vector<term>{payload, payload, payload}));
}

}  // namespace
}  // namespace rakka::wire
