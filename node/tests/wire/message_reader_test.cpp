#include "wire/message_reader.hpp"

#include "wire/message_encoder.hpp"
#include "wire/sample_messages.hpp"
#include "wire/wire_bytes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace rakka::wire {
namespace {

using namespace test;
using namespace literals;
using flag = distribution_flag;

constexpr distribution_flags all_flags = flag_sets::wanted;
constexpr distribution_flags no_header = all_flags.without({flag::dist_hdr_atom_cache, flag::fragments});
constexpr distribution_flags only_fragments = all_flags.without({flag::dist_hdr_atom_cache});
constexpr distribution_flags only_cache = all_flags.without({flag::fragments});

reader_options options_for(distribution_flags effective = all_flags) {
    reader_options o;
    o.effective = effective;
    o.peer = peer_name;
    o.own = {own_name, own_creation};
    return o;
}

/// A message taken out of the reader, payload decoded.
struct taken {
    control_message control;
    std::optional<term> payload;
};

/// Everything up to need_bytes; ticks as messages without anything.
std::vector<taken> drain(message_reader& reader) {
    std::vector<taken> out;
    inbound_message m;
    for (;;) {
        const auto e = reader.next(m);
        if (!e) {
            ADD_FAILURE() << e.error().text;
            return out;
        }
        if (*e == message_reader::event::need_bytes) return out;
        out.emplace_back();
        if (*e == message_reader::event::tick) continue;
        out.back().control = m.control();
        if (m.has_payload()) {
            const auto p = m.payload();
            EXPECT_TRUE(p) << p.error().text;
            if (p) out.back().payload = *p;
        }
    }
}

/// The error a stream ends with, payloads decoded; empty without.
std::string refusal(const byte_vector& stream, const reader_options& options = options_for()) {
    message_reader reader(options);
    reader.feed(stream);
    inbound_message m;
    for (;;) {
        const auto e = reader.next(m);
        if (!e) {
            EXPECT_FALSE(reader.next(m)) << "an error is for good";
            return e.error().text;
        }
        if (*e == message_reader::event::need_bytes) return "";
        if (*e == message_reader::event::message && m.has_payload()) {
            if (const auto p = m.payload(); !p) return p.error().text;
        }
    }
}

const pid caller{own_name, 1, 0, own_creation};
const reference plain_ref{own_name, own_creation, 3, {1, 2, 3}};

/// `{'$gen_call', {Pid, Ref}, {is_auth, Node}}`
term is_auth_call() {
    return tuple("$gen_call"_a, tuple(caller, plain_ref), tuple("is_auth"_a, own_name));
}

control_message to_net_kernel() {
    control_message m;
    m.kind = control_kind::send_to_name;
    m.op = control_op::reg_send;
    m.from = caller;
    m.name = "net_kernel"_a;
    return m;
}

const byte_vector pass_through_frame =
    raw("00 00 00 98 70"
        "83 68 04 61 06 58 77 0d <cpp@localhost> 00 00 00 01 00 00 00 00 12 34 56 78 77 00 77 0a <net_kernel>"
        "83 68 03 77 09 <$gen_call> 68 02 58 77 0d <cpp@localhost> 00 00 00 01 00 00 00 00 12 34 56 78"
        "5a 00 03 77 0d <cpp@localhost> 12 34 56 78 00 00 00 01 00 00 00 02 00 00 00 03"
        "68 02 77 07 <is_auth> 77 0d <cpp@localhost>");

reader_options as_peer(distribution_flags effective) {
    reader_options o;
    o.effective = effective;
    o.peer = own_name;
    o.own = {peer_name, peer_creation};
    return o;
}

TEST(MessageReader, ReadsTheWorkedExampleWithoutHeader) {
    ASSERT_EQ(pass_through_frame.size(), 4u + 0x98);
    message_reader reader(as_peer(no_header));
    reader.feed(pass_through_frame);
    const auto messages = drain(reader);
    ASSERT_EQ(messages.size(), 1u);
    EXPECT_TRUE(same(messages[0].control, to_net_kernel()));
    EXPECT_EQ(messages[0].payload, is_auth_call());
}

TEST(MessageReader, ReadsTheWorkedExampleWithHeaderAndNoAtoms) {
    byte_vector body(pass_through_frame.begin() + 4, pass_through_frame.end());
    const auto second = std::find(body.begin() + 2, body.end(), std::byte{0x83});
    body.erase(second);
    body.erase(body.begin(), body.begin() + 2);
    message_reader reader(as_peer(all_flags));
    reader.feed(framed(raw("83 44 00") + body));
    const auto messages = drain(reader);
    ASSERT_EQ(messages.size(), 1u);
    EXPECT_TRUE(same(messages[0].control, to_net_kernel()));
    EXPECT_EQ(messages[0].payload, is_auth_call());
}

TEST(MessageReader, ReadsTheWorkedExampleWithThreeAtomsInTheHeader) {
    message_reader reader(as_peer(all_flags));
    reader.feed(
        framed(raw("83 44 03 98 0a 0a 0d <cpp@localhost> 14 0a <net_kernel> 1e 07 <is_auth>"
                   "68 04 61 06 58 52 00 00 00 00 01 00 00 00 00 12 34 56 78 77 00 52 01"
                   "68 03 77 09 <$gen_call> 68 02 58 52 00 00 00 00 01 00 00 00 00 12 34 56 78"
                   "5a 00 03 52 00 12 34 56 78 00 00 00 01 00 00 00 02 00 00 00 03 68 02 52 02 52 00")));
    const auto messages = drain(reader);
    ASSERT_EQ(messages.size(), 1u);
    EXPECT_TRUE(same(messages[0].control, to_net_kernel()));
    EXPECT_EQ(messages[0].payload, is_auth_call());
}

/// One stream with everything in it: ticks, cached atoms, fragments that interleave with each other and with
/// whole frames.
byte_vector mixed_stream() {
    const auto seq = [](std::uint64_t s, std::uint64_t f) { return number(s, 8) + number(f, 8); };
    const byte_vector reg = raw("68 04 61 06") + inner(peer_pid) + raw("77 00 52 00");
    return raw("00 00 00 00") + framed(raw("83 44 01 08 07 04 <calc>") + reg + raw("52 00")) +
           framed(raw("83 45") + seq(1, 3) + raw("01 00 07") + reg + raw("68 03 52")) +
           framed(raw("83 44 01 08 07 05 <other>") + reg + raw("52 00")) +  // slot 7 changes below sequence 1
           framed(raw("83 45") + seq(2, 2) + raw("01 00 07") + reg) + raw("00 00 00 00") +
           framed(raw("83 46") + seq(1, 2) + raw("00 52 00")) +
           framed(raw("83 46") + seq(2, 1) + raw("52 00")) + framed(raw("83 46") + seq(1, 1) + raw("61 05")) +
           framed(raw("83 45") + seq(1, 1) + raw("01 00 07") + reg + raw("52 00")) +
           framed(raw("83 44 00") + inner(tuple(1, peer_pid, own_pid)));
}

void expect_mixed(const std::vector<taken>& m) {
    ASSERT_EQ(m.size(), 8u);
    EXPECT_FALSE(m[0].payload);
    EXPECT_EQ(m[1].payload, term("calc"_a));
    EXPECT_EQ(m[2].payload, term("other"_a));
    EXPECT_FALSE(m[3].payload);
    EXPECT_EQ(m[4].payload, term("other"_a));
    EXPECT_EQ(m[4].control.known_name(), "other"_a);
    EXPECT_EQ(m[5].payload, term(tuple("calc"_a, "calc"_a, 5)));
    EXPECT_EQ(m[5].control.known_name(), "calc"_a);
    EXPECT_EQ(m[6].payload, term("other"_a));
    EXPECT_EQ(m[7].control.kind, control_kind::link);
}

TEST(MessageReader, ReadsInterleavedSequencesWithTheAtomsOfTheirOwnHeaders) {
    message_reader reader(options_for());
    reader.feed(mixed_stream());
    expect_mixed(drain(reader));
    EXPECT_EQ(reader.frames(), 11u);
    EXPECT_EQ(reader.unfinished_sequences(), 0u);
}

TEST(MessageReader, GivesTheSameMessagesForEverySplitAndEverySizeOfRead) {
    const byte_vector stream = mixed_stream();
    for (std::size_t split = 0; split <= stream.size(); ++split) {
        message_reader reader(options_for());
        reader.feed(byte_span(stream).first(split));
        auto messages = drain(reader);
        reader.feed(byte_span(stream).subspan(split));
        for (auto& m : drain(reader))
            messages.push_back(std::move(m));
        expect_mixed(messages);
    }
    for (std::size_t at_once = 1; at_once < 64; ++at_once) {
        reader_options o = options_for();
        o.frames.chunk_size = 64;
        message_reader reader(o);
        std::vector<taken> messages;
        for (std::size_t at = 0; at < stream.size(); at += at_once) {
            reader.feed(byte_span(stream).subspan(at, std::min(at_once, stream.size() - at)));
            for (auto& m : drain(reader))
                messages.push_back(std::move(m));
        }
        expect_mixed(messages);
    }
}

TEST(MessageReader, LargeBinariesAreSlicesOfTheReceiveBufferAndSmallOnesAreNot) {
    reader_options o = options_for();
    o.frames.chunk_size = 1024;
    const std::string large(5000, 'L');
    const std::string small(100, 's');
    etf::byte_buffer out;
    message_encoder encoder({.effective = all_flags});
    control_message m = sample(*find_operation(22));
    ASSERT_TRUE(encoder.append(out, m, term(tuple(large, small)).view()));
    message_reader reader(o);
    const auto room = reader.prepare();
    std::memcpy(room.data(), out.data(), 100);
    reader.commit(100);
    reader.feed(out.bytes().subspan(100));
    inbound_message got;
    ASSERT_EQ(*reader.next(got), message_reader::event::message);
    const auto payload = got.payload();
    ASSERT_TRUE(payload);
    const tuple_view t = payload->tuple();
    EXPECT_EQ(t[0].as<std::string>().value(), large);
    EXPECT_TRUE(etf::detail::is_box(t[0].word(), etf::detail::box::shared_binary));
    EXPECT_FALSE(etf::detail::is_box(t[1].word(), etf::detail::box::shared_binary));
}

TEST(MessageReader, APayloadMayBeLeftUndecodedWithoutHarmToLaterFrames) {
    message_reader reader(options_for());
    const byte_vector reg = raw("68 04 61 06") + inner(peer_pid) + raw("77 00 52 00");
    reader.feed(framed(raw("83 44 02 88 00 07 04 <calc> 08 05 <error>") + reg + raw("ff ff")));
    reader.feed(framed(raw("83 44 02 00 00 07 08") + reg + raw("52 01")));
    inbound_message m;
    ASSERT_EQ(*reader.next(m), message_reader::event::message);
    ASSERT_EQ(*reader.next(m), message_reader::event::message);
    EXPECT_EQ(m.payload().value(), term("error"_a));
}

TEST(MessageReader, CorruptTruncatedAndMissingPayloadsAreErrorsWhenTheyAreWanted) {
    const byte_vector head = raw("83 44 00") + inner(tuple(22, peer_pid, own_pid));
    EXPECT_TRUE(
        refusal(framed(head + raw("ff"))).starts_with("SEND_SENDER: the payload of 1 bytes is not a term ("));
    EXPECT_NE(refusal(framed(head + raw("68 02 61 01"))), "");
    EXPECT_TRUE(refusal(framed(head)).starts_with("SEND_SENDER: the payload of 0 bytes is not a term ("));
    EXPECT_NE(refusal(framed(head + raw("52 00"))), "") << "an atom the header does not have";
    EXPECT_NE(refusal(framed(head + raw("83 61 01"))), "") << "a version byte behind a header";
    EXPECT_EQ(refusal(framed(head + raw("61 01 de ad be ef"))), "") << "trailing bytes are nobody's business";
}

TEST(MessageReader, CompressedTermsDoNotExistInFramesWithHeader) {
    const byte_vector head = raw("83 44 00") + inner(tuple(22, peer_pid, own_pid));
    EXPECT_NE(refusal(framed(head + raw("50 00 00 00 02 78 9c 4b 64 04 00 00 c4 00 63"))), "");
}

TEST(MessageReader, TheReasonOfOldFormsIsThePayload) {
    message_reader reader(options_for());
    reader.feed(framed(raw("83 44 00") + inner(tuple(3, peer_pid, own_pid, "killed"_a))));
    reader.feed(framed(raw("83 44 00") + inner(tuple(24, peer_pid, own_pid)) + inner("killed"_a)));
    const auto m = drain(reader);
    ASSERT_EQ(m.size(), 2u);
    for (const taken& t : m) {
        EXPECT_EQ(t.control.kind, control_kind::exit);
        EXPECT_EQ(t.payload, term("killed"_a));
    }
}

TEST(MessageReader, ModesNeverMix) {
    const byte_vector link = inner(tuple(1, peer_pid, own_pid));
    const byte_vector plain = framed(raw("70 83") + link);
    const byte_vector headed = framed(raw("83 44 00") + link);
    EXPECT_EQ(refusal(plain, options_for(no_header)), "");
    EXPECT_EQ(refusal(headed, options_for(no_header)),
              "a frame that begins with 131 instead of 112: no distribution header was negotiated");
    for (const auto flags : {all_flags, only_cache, only_fragments}) {
        EXPECT_EQ(refusal(headed, options_for(flags)), "");
        EXPECT_EQ(refusal(plain, options_for(flags)),
                  "a frame without distribution header (112), but a header was negotiated");
    }
    EXPECT_EQ(refusal(framed(raw("70") + link), options_for(no_header)),
              "a control message without version byte 131");
    EXPECT_EQ(refusal(framed(raw("70")), options_for(no_header)),
              "a control message without version byte 131");
    EXPECT_NE(refusal(framed(raw("83 44 00 83") + link)), "") << "a version byte behind a header";
}

TEST(MessageReader, FragmentsThatBreakTheRulesAreRefused) {
    const auto head = [](std::uint64_t s, std::uint64_t f) {
        return raw("83 45") + number(s, 8) + number(f, 8) + raw("00");
    };
    const auto more = [](std::uint64_t s, std::uint64_t f) {
        return raw("83 46") + number(s, 8) + number(f, 8);
    };
    const byte_vector send = inner(tuple(22, peer_pid, own_pid));
    EXPECT_EQ(refusal(framed(head(1, 2) + send) + framed(more(1, 1) + raw("61 01"))), "");
    EXPECT_EQ(refusal(framed(more(1, 1) + raw("61 01"))), "a fragment of a sequence that did not begin");
    EXPECT_EQ(refusal(framed(head(1, 3) + send) + framed(more(1, 1))), "fragment 1 where fragment 2 is due");
    EXPECT_NE(refusal(framed(head(1, 3) + send) + framed(head(1, 3) + send)), "");
    EXPECT_NE(refusal(framed(head(1, 2) + raw("68 03 61 16"))), "") << "the control message must be whole";
    EXPECT_EQ(refusal(framed(head(1, 2) + inner(tuple(1, peer_pid, own_pid)))),
              "LINK in fragments, but it has no payload");
    EXPECT_EQ(refusal(framed(head(1, 2) + send), options_for(only_cache)),
              "a fragment, but fragments were not negotiated");
}

TEST(MessageReader, LimitsOfTheOptionsHold) {
    reader_options o = options_for();
    o.frames.max_frame_size = 100;
    message_reader large(o);
    large.feed(raw("00 00 00 65"));
    inbound_message m;
    EXPECT_EQ(large.next(m).error().code, node_errc::frame_too_large);

    o = options_for();
    o.terms.max_depth = 3;
    EXPECT_NE(refusal(framed(raw("83 44 00") + inner(tuple(22, peer_pid, own_pid)) +
                             raw("68 01 68 01 68 01 68 01 6a")),
                      o),
              "");

    o = options_for();
    o.fragments.max_sequences = 1;
    const byte_vector send = inner(tuple(22, peer_pid, own_pid));
    const auto head = [&](std::uint64_t s) {
        return framed(raw("83 45") + number(s, 8) + number(9, 8) + raw("00") + send);
    };
    EXPECT_EQ(refusal(head(1) + head(2), o), "more than 1 unfinished messages in fragments");
}

TEST(MessageReader, AnAtomFloodEndsInForeignAtomsNotInTheTable) {
    reader_options o = options_for();
    o.max_new_atoms = 10;
    message_reader reader(o);
    const byte_vector send = inner(tuple(22, peer_pid, own_pid));
    const std::size_t before = atom::count();
    for (int i = 0; i < 300; ++i) {
        const std::string in_header = "mr_flood_h_" + std::to_string(1000 + i);
        const std::string in_term = "mr_flood_t_" + std::to_string(1000 + i);
        reader.feed(framed(raw("83 44 01 08 07 0f <" + in_header + ">") + send +
                           raw("68 02 52 00 77 0f <" + in_term + ">")));
        const auto m = drain(reader);
        ASSERT_EQ(m.size(), 1u);
        const tuple_view t = m[0].payload->tuple();
        EXPECT_EQ(t[0].atom_text(), in_header);
        EXPECT_EQ(t[1].atom_text(), in_term);
    }
    EXPECT_EQ(atom::count(), before + 10);
}

TEST(MessageReader, HostileSizesInsideAPayloadReserveNothing) {
    const byte_vector head = raw("83 44 00") + inner(tuple(22, peer_pid, own_pid));
    for (const auto* payload :
         {"69 ff ff ff ff", "6c ff ff ff ff", "6d ff ff ff ff", "74 ff ff ff ff", "6f ff ff ff ff 00",
          "4d ff ff ff ff 08", "70 ff ff ff ff", "43 ff ff ff ff 00", "5a ff ff"})
        EXPECT_NE(refusal(framed(head + raw(payload))), "") << payload;
}

TEST(MessageReader, EveryFormOfEveryKindGoesThroughInEveryMode) {
    for (const distribution_flags form : {all_flags, only_cache, only_fragments, no_header}) {
        for (const control_operation& o : control_operations) {
            const distribution_flags effective = form.without(o.without);
            control_message m = sample(o);
            const bool with_token = m.token.has_value();
            if (o.op == control_op::altact_sig_send) m.priority = true;
            message_encoder encoder({.effective = effective, .fragment_size = 40});
            etf::byte_buffer out;
            const term payload = tuple("payload"_a, std::string(100, 'p'));
            for (int round = 0; round < 2; ++round) {
                auto r = encoder.append(out, m, payload.view());
                ASSERT_TRUE(r) << o.name;
                ASSERT_TRUE(r->written) << o.name;
                while (r->rest && !r->rest->done())
                    r->rest->append_next(out);
            }
            message_reader reader(options_for(effective));
            reader.feed(out.bytes());
            const auto got = drain(reader);
            ASSERT_EQ(got.size(), 2u) << o.name;
            for (const taken& t : got) {
                control_message seen = t.control;
                EXPECT_EQ(seen.op, o.op);
                const bool in_tuple = seen.reason.has_value();
                seen.reason = m.reason;
                EXPECT_TRUE(same(seen, m)) << o.name << ' ' << to_string(seen);
                EXPECT_EQ(t.payload.has_value(), o.has_payload || in_tuple) << o.name;
                if (t.payload) {
                    EXPECT_EQ(*t.payload, payload) << o.name;
                }
                EXPECT_EQ(seen.token.has_value(), with_token);
            }
        }
    }
}

}  // namespace
}  // namespace rakka::wire
