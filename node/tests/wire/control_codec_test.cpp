#include "wire/control_codec.hpp"

#include "wire/sample_messages.hpp"
#include "wire/wire_bytes.hpp"

#include <gtest/gtest.h>

namespace rakka::wire {
namespace {

using namespace test;
using namespace literals;

class ControlCodec : public testing::Test {
protected:
    ControlCodec() {
        context.peer = peer_name;
        context.terms.own = {own_name, own_creation};
    }
    byte_vector encode(const control_message& m, control_op op) {
        etf::byte_buffer out;
        EXPECT_TRUE(encode_control(out, m, op, m.reason, {.version = false}));
        return to_vector(out.bytes());
    }
    wire_result<decoded_control> decode(const byte_vector& bytes) {
        return decode_control(bytes, context, read);
    }
    template <class... Parts>
    std::string refusal(Parts&&... parts) {
        return refusal_of(inner(tuple(std::forward<Parts>(parts)...)));
    }
    std::string refusal_of(const byte_vector& bytes) {
        const auto r = decode(bytes);
        if (r) return "accepted";
        EXPECT_EQ(r.error().code, node_errc::bad_control_message);
        return r.error().text;
    }

    control_context context;
    control_message read;
};

TEST_F(ControlCodec, EveryOperationRoundTrips) {
    for (const control_operation& o : control_operations) {
        const control_message m = sample(o);
        const byte_vector bytes = encode(m, o.op);
        const auto r = decode(bytes + raw("de ad"));
        ASSERT_TRUE(r) << o.name << ": " << r.error().text;
        EXPECT_EQ(r->bytes_used, bytes.size()) << o.name;
        EXPECT_EQ(r->operation, &o);
        EXPECT_TRUE(same(read, m)) << o.name << ": " << to_string(read);
    }
}

TEST_F(ControlCodec, WritesWhatTheTermEncoderWrites) {
    EXPECT_EQ(encode(sample(*find_operation(22)), control_op::send_sender),
              inner(tuple(22, peer_pid, own_pid)));
    EXPECT_EQ(encode(sample(*find_operation(2)), control_op::send), inner(tuple(2, atom{""}, own_pid)));
    EXPECT_EQ(encode(sample(*find_operation(6)), control_op::reg_send),
              inner(tuple(6, peer_pid, atom{""}, "calc"_a)));
    EXPECT_EQ(encode(sample(*find_operation(13)), control_op::exit_tt),
              inner(tuple(13, peer_pid, own_pid, trace_token(), sample_reason())));
    EXPECT_EQ(encode(sample(*find_operation(35)), control_op::unlink_id),
              inner(tuple(35, 0xfedcba9876543210u, peer_pid, own_pid)));
    EXPECT_EQ(encode(sample(*find_operation(33)), control_op::alias_send),
              inner(tuple(33, peer_pid, own_ref)));
    EXPECT_EQ(encode(sample(*find_operation(31)), control_op::spawn_reply),
              inner(tuple(31, peer_ref, own_pid, 3, peer_pid)));
}

TEST_F(ControlCodec, EveryTruncationOfEveryOperationIsRefused) {
    for (const control_operation& o : control_operations) {
        const byte_vector whole = encode(sample(o), o.op);
        for (std::size_t n = 0; n < whole.size(); ++n) {
            const byte_vector cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));
            ASSERT_NE(refusal_of(cut), "accepted") << o.name << ' ' << n;
        }
    }
}

TEST_F(ControlCodec, EveryWrongArityIsRefused) {
    for (const control_operation& o : control_operations) {
        if (o.op == control_op::altact_sig_send) continue;
        byte_vector longer = encode(sample(o), o.op) + raw("6a");
        longer[1] = static_cast<std::byte>(o.arity() + 1);
        EXPECT_EQ(refusal_of(longer), std::string(o.name) + " with " + std::to_string(o.arity() + 1) +
                                          " elements instead of " + std::to_string(o.arity()));
        longer[1] = static_cast<std::byte>(o.arity() - 1);
        EXPECT_NE(refusal_of(longer), "accepted");
    }
}

TEST_F(ControlCodec, EveryElementOfAWrongTypeIsRefused) {
    for (const control_operation& o : control_operations) {
        for (std::size_t wrong = 0; wrong + 1 < o.arity(); ++wrong) {
            const control_field f = o.fields[wrong];
            if (f == control_field::unused || f == control_field::token || f == control_field::reason)
                continue;
            // A float is none of the things that any element may be.
            byte_vector bytes = raw("68") + number(o.arity(), 1) + inner(static_cast<int>(o.op));
            const control_message m = sample(o);
            etf::byte_buffer whole;
            ASSERT_TRUE(encode_control(whole, m, o.op, m.reason, {.version = false}));
            byte_span rest = whole.bytes().subspan(bytes.size());
            for (std::size_t i = 0; i + 1 < o.arity(); ++i) {
                const std::size_t size = *etf::validate(rest, {.envelope = etf::envelope::distribution});
                bytes = bytes + (i == wrong ? inner(1.5) : to_vector(rest.first(size)));
                rest = rest.subspan(size);
            }
            const std::string text = refusal_of(bytes);
            EXPECT_TRUE(text.starts_with(std::string(o.name) + " (" + std::to_string(static_cast<int>(o.op)) +
                                         "): element " + std::to_string(wrong + 2) + " is n"))
                << text;
        }
    }
}

TEST_F(ControlCodec, UnknownOperationsAndThingsThatAreNoTupleAreRefused) {
    EXPECT_EQ(refusal(5, peer_pid, own_pid), "unknown operation 5");
    EXPECT_EQ(refusal(0), "unknown operation 0");
    EXPECT_EQ(refusal(38, peer_pid, own_pid), "unknown operation 38");
    EXPECT_EQ(refusal(1000000), "unknown operation 1000000");
    EXPECT_EQ(refusal(-1), "an operation code out of range");
    EXPECT_EQ(refusal("link"_a), "the control message has no operation code");
    EXPECT_EQ(refusal_of(inner(tuple())), "the control message has no operation code");
    EXPECT_EQ(refusal_of(inner("link"_a)), "the control message is not a tuple");
    EXPECT_EQ(refusal_of({}), "the control message is not a tuple");
    EXPECT_EQ(refusal_of(raw("83 68 03 61 01")), "the control message is not a tuple")
        << "a second version byte";
}

TEST_F(ControlCodec, AFromOfAnotherNodeIsRefusedWhereTheSenderIsBound) {
    EXPECT_EQ(refusal(1, third_pid, own_pid), "LINK (1): element 2 is a pid of another node than the peer");
    for (const int op : {1, 4, 24, 26 /* any */, 19, 20, 28, 3, 8 /* any */}) {
        const control_operation& o = *find_operation(static_cast<std::uint64_t>(op));
        control_message m = sample(o);
        m.from = third_pid;
        const bool bound = op != 26 && op != 8;
        EXPECT_EQ(refusal_of(encode(m, o.op)) == "accepted", !bound) << o.name;
    }
    EXPECT_EQ(refusal(6, third_pid, atom{""}, "calc"_a), "accepted");
    EXPECT_EQ(refusal(6, "calc"_a, atom{""}, "calc"_a), "REG_SEND (6): element 2 is not a pid");
}

TEST_F(ControlCodec, AToOfAnotherNodeIsRefused) {
    EXPECT_EQ(refusal(1, peer_pid, third_pid), "LINK (1): element 3 is a pid of another node");
    EXPECT_EQ(refusal(19, peer_pid, third_pid, peer_ref),
              "MONITOR_P (19): element 3 is a pid of another node");
}

TEST_F(ControlCodec, OlderIncarnationsAreToldApartAndOnlyALinksExitMayNotNameThem) {
    pid old = own_pid;
    old.creation = own_creation - 1;
    context.terms.origin = 9;
    EXPECT_EQ(refusal(1, peer_pid, old), "accepted");
    EXPECT_FALSE(read.to.is_local());
    EXPECT_EQ(read.to, old);
    EXPECT_EQ(refusal(19, peer_pid, old, peer_ref), "accepted");
    EXPECT_EQ(refusal(26, peer_pid, old), "accepted");
    EXPECT_EQ(refusal(22, peer_pid, old), "accepted");
    for (const int op : {24, 25, 3, 13}) {
        const control_operation& o = *find_operation(static_cast<std::uint64_t>(op));
        control_message m = sample(o);
        m.to = old;
        EXPECT_EQ(refusal_of(encode(m, o.op)),
                  std::string(o.name) + " (" + std::to_string(op) +
                      "): element 3 is a pid of an older incarnation of this node");
    }
}

TEST_F(ControlCodec, OwnPidsAndReferencesBecomeLocal) {
    context.terms.origin = 9;
    ASSERT_EQ(refusal(22, peer_pid, own_pid), "accepted");
    EXPECT_EQ(read.to, (pid{{}, own_pid.id, own_pid.serial, 9}));
    EXPECT_EQ(read.from, peer_pid);
    ASSERT_EQ(refusal(33, peer_pid, own_ref), "accepted");
    reference local = own_ref;
    local.node = {};
    local.creation = 9;
    EXPECT_EQ(read.ref, local);
    // An id that no process here can have stays as it came: nobody.
    ASSERT_EQ(refusal(22, peer_pid, pid{own_name, ~0u, 0, own_creation}), "accepted");
    EXPECT_FALSE(read.to.is_local());
}

TEST_F(ControlCodec, UnlinkIdsAreOneTo2To64Minus1) {
    EXPECT_EQ(refusal(35, 1, peer_pid, own_pid), "accepted");
    EXPECT_EQ(refusal(35, ~std::uint64_t{0}, peer_pid, own_pid), "accepted");
    EXPECT_EQ(read.id, ~std::uint64_t{0});
    EXPECT_EQ(refusal(35, 0x80000000u, peer_pid, own_pid), "accepted");
    EXPECT_EQ(read.id, 0x80000000u);
    EXPECT_EQ(refusal(35, 0, peer_pid, own_pid), "UNLINK_ID (35): element 2 is out of range");
    EXPECT_EQ(refusal(35, -1, peer_pid, own_pid), "UNLINK_ID (35): element 2 is out of range");
    const byte_vector rest = inner(peer_pid) + inner(own_pid);
    EXPECT_EQ(refusal_of(raw("68 04 61 23 6e 09 00 01 00 00 00 00 00 00 00 01") + rest),
              "UNLINK_ID (35): element 2 is out of range");
    EXPECT_EQ(refusal_of(raw("68 04 61 23 6e 09 00 01 00 00 00 00 00 00 00 00") + rest), "accepted");
    EXPECT_EQ(refusal_of(raw("68 04 61 23 6f 00 00 00 02 00 05 00") + rest), "accepted");
    EXPECT_EQ(read.id, 5u);
    EXPECT_EQ(refusal_of(raw("69 00 00 00 04 62 00 00 00 23 61 05") + rest), "accepted") << "long forms";
}

TEST_F(ControlCodec, UnlinkIdsOfAllSizesRoundTrip) {
    for (unsigned bit = 0; bit < 64; ++bit) {
        for (const std::uint64_t id : {std::uint64_t{1} << bit, (std::uint64_t{2} << bit) - 1}) {
            control_message m = sample(*find_operation(36));
            m.id = id;
            ASSERT_TRUE(decode(encode(m, control_op::unlink_id_ack)));
            ASSERT_EQ(read.id, id);
            EXPECT_EQ(encode(m, control_op::unlink_id_ack), inner(tuple(36, id, peer_pid, own_pid)));
        }
    }
}

TEST_F(ControlCodec, SpawnRequestsWithImproperPartsAreRefused) {
    const term good_mfa = tuple("m"_a, "f"_a, 2);
    const term no_options = list();
    const auto request = [&](const term& mfa, const term& options) {
        return refusal(29, peer_ref, peer_pid, peer_pid, mfa, options);
    };
    EXPECT_EQ(request(good_mfa, no_options), "accepted");
    EXPECT_EQ(request(good_mfa, list("monitor"_a, "link"_a)), "accepted");
    EXPECT_EQ(request(good_mfa, cons("monitor"_a, "link"_a)),
              "SPAWN_REQUEST (29): element 6 is not a proper list");
    EXPECT_EQ(request(good_mfa, "monitor"_a), "SPAWN_REQUEST (29): element 6 is not a proper list");
    EXPECT_EQ(request(tuple("m"_a, 1, 2), no_options),
              "SPAWN_REQUEST (29): element 5 has a module or function that is no atom");
    EXPECT_EQ(request(tuple(1, "f"_a, 2), no_options),
              "SPAWN_REQUEST (29): element 5 has a module or function that is no atom");
    EXPECT_EQ(request(tuple("m"_a, "f"_a, 256), no_options),
              "SPAWN_REQUEST (29): element 5 has an arity that is not 0 to 255");
    EXPECT_EQ(request(tuple("m"_a, "f"_a), no_options),
              "SPAWN_REQUEST (29): element 5 is not {Module, Function, Arity}");
    EXPECT_EQ(request(good_mfa, term(std::uint64_t{1})),
              "SPAWN_REQUEST (29): element 6 is not a proper list");
}

TEST_F(ControlCodec, SpawnRepliesGiveAPidOrAnAtomAndFlagsBelow2To27) {
    EXPECT_EQ(refusal(31, own_ref, own_pid, (1 << 27) - 1, peer_pid), "accepted");
    EXPECT_EQ(read.from, peer_pid);
    EXPECT_EQ(refusal(31, own_ref, own_pid, 0, "badopt"_a), "accepted");
    EXPECT_EQ(read.known_name(), "badopt"_a);
    EXPECT_FALSE(read.from);
    EXPECT_EQ(refusal(31, own_ref, own_pid, 1 << 27, peer_pid),
              "SPAWN_REPLY (31): element 4 is out of range");
    EXPECT_EQ(refusal(31, own_ref, own_pid, -1, peer_pid), "SPAWN_REPLY (31): element 4 is out of range");
    EXPECT_EQ(refusal(31, own_ref, own_pid, 0, 5),
              "SPAWN_REPLY (31): element 5 is neither a pid nor an atom");
    EXPECT_EQ(refusal(31, own_ref, own_pid, 0, third_pid),
              "SPAWN_REPLY (31): element 5 is a pid of another node than the peer");
}

TEST_F(ControlCodec, TraceTokensHaveTheShapeOfErlangs) {
    const auto token = [&](const auto&... elements) {
        return refusal(23, peer_pid, own_pid, tuple(elements...));
    };
    EXPECT_EQ(token(63, tuple("any"_a, "term"_a), 5, peer_pid, 4), "accepted");
    EXPECT_EQ(token(0, 17, (std::int64_t{1} << 59) - 1, "node@host"_a, -(std::int64_t{1} << 59)), "accepted");
    const std::string bad = "SEND_SENDER_TT (23): element 4 is not a trace token";
    EXPECT_EQ(refusal(23, peer_pid, own_pid, list()), bad);
    EXPECT_EQ(refusal(23, peer_pid, own_pid, "undefined"_a), bad);
    EXPECT_EQ(token(0, 17, 1, peer_pid), bad);
    EXPECT_EQ(token(0, 17, 1, peer_pid, 0, 0), bad);
    EXPECT_EQ(token("x"_a, 17, 1, peer_pid, 0), bad);
    EXPECT_EQ(token(0, 17, 1.0, peer_pid, 0), bad);
    EXPECT_EQ(token(0, 17, std::int64_t{1} << 59, peer_pid, 0), bad);
    EXPECT_EQ(token(0, 17, 1, peer_ref, 0), bad);
    EXPECT_EQ(token(0, 17, 1, peer_pid, list(1)), bad);
    EXPECT_EQ(refusal(37, 2, peer_pid, own_pid, 5), "ALTACT_SIG_SEND (37): element 5 is not a trace token");
}

TEST_F(ControlCodec, TokensWithLargeLabelsNeedAPeerThatKnowsThem) {
    const distribution_flags with{distribution_flag::big_seqtrace_labels};
    const auto takes = [](const distribution_flags& flags, const term& label) {
        const term token(tuple(0, label, 1, peer_pid, 0));
        return takes_token(flags, token);
    };
    EXPECT_TRUE(takes(with, "lab"_a));
    EXPECT_FALSE(takes({}, "lab"_a));
    EXPECT_TRUE(takes({}, (1 << 27) - 1));
    EXPECT_FALSE(takes({}, 1 << 27));
    EXPECT_TRUE(takes({}, -(1 << 27)));
}

TEST_F(ControlCodec, MonitorsAndDownsNameAProcessByPidOrAtom) {
    EXPECT_EQ(refusal(19, peer_pid, "calc"_a, peer_ref), "accepted");
    EXPECT_EQ(read.known_name(), "calc"_a);
    EXPECT_FALSE(read.to);
    EXPECT_EQ(refusal(20, peer_pid, "calc"_a, peer_ref), "accepted");
    EXPECT_EQ(refusal(28, "calc"_a, own_pid, own_ref), "accepted");
    EXPECT_EQ(read.kind, control_kind::down);
    EXPECT_EQ(refusal(21, "calc"_a, own_pid, own_ref, "noproc"_a), "accepted");
    EXPECT_EQ(read.reason, term("noproc"_a));
    EXPECT_EQ(refusal(19, peer_pid, "calc"_a, 7), "MONITOR_P (19): element 4 is not a reference");
}

TEST_F(ControlCodec, ActionFlagsDecideWhatOperation37Is) {
    EXPECT_EQ(refusal(37, 4, peer_pid, own_ref), "accepted");
    EXPECT_EQ(read.kind, control_kind::send_to_alias);
    EXPECT_EQ(read.ref, own_ref);
    EXPECT_FALSE(read.priority);
    EXPECT_EQ(refusal(37, 1, peer_pid, own_pid), "accepted");
    EXPECT_EQ(read.kind, control_kind::send);
    EXPECT_TRUE(read.priority);
    EXPECT_EQ(refusal(37, 8, peer_pid, "calc"_a), "accepted");
    EXPECT_EQ(read.kind, control_kind::send_to_name);
    EXPECT_EQ(refusal(37, 17, peer_pid, own_pid), "accepted");
    EXPECT_EQ(read.kind, control_kind::exit2);
    EXPECT_TRUE(read.priority);
    EXPECT_EQ(refusal(37, 20, peer_pid, own_ref), "accepted");
    EXPECT_EQ(read.kind, control_kind::exit2);
    EXPECT_EQ(read.ref, own_ref);
    EXPECT_EQ(refusal(37, 2, peer_pid, own_pid, trace_token()), "accepted");
    EXPECT_EQ(read.token, trace_token());
}

TEST_F(ControlCodec, Operation37IgnoresUnknownFlagsAndFurtherElements) {
    EXPECT_EQ(refusal(37, 4 | 1 << 20, peer_pid, own_ref, "later"_a, 1.5), "accepted");
    EXPECT_EQ(read.kind, control_kind::send_to_alias);
    EXPECT_FALSE(read.token.has_value());
    const byte_vector huge = raw("68 04 61 25 6e 0a 00 04 00 00 00 00 00 00 00 00 80");
    EXPECT_EQ(refusal_of(huge + inner(peer_pid) + inner(own_ref)), "accepted");
    EXPECT_EQ(read.kind, control_kind::send_to_alias);
    EXPECT_EQ(refusal(37, 6, peer_pid, own_ref, trace_token(), "later"_a), "accepted");
    EXPECT_EQ(read.token, trace_token());
}

TEST_F(ControlCodec, ContradictionsInOperation37AreRefused) {
    EXPECT_EQ(refusal(37, 12, peer_pid, own_ref), "ALTACT_SIG_SEND (37): element 2 has both ALIAS and NAME");
    EXPECT_EQ(refusal(37, -4, peer_pid, own_ref), "ALTACT_SIG_SEND (37): element 2 is negative");
    EXPECT_EQ(refusal(37, 4, peer_pid, own_pid), "ALTACT_SIG_SEND (37): element 4 is not a reference");
    EXPECT_EQ(refusal(37, 8, peer_pid, own_pid), "ALTACT_SIG_SEND (37): element 4 is not an atom");
    EXPECT_EQ(refusal(37, 0, peer_pid, own_ref), "ALTACT_SIG_SEND (37): element 4 is not a pid");
    EXPECT_EQ(refusal(37, 2, peer_pid, own_pid), "ALTACT_SIG_SEND (37) with flag TOKEN has no token");
    EXPECT_EQ(refusal(37, 0, peer_pid), "ALTACT_SIG_SEND with 3 elements instead of 4");
}

TEST_F(ControlCodec, LegacyPidsReferencesAndAtomsAreRead) {
    const byte_vector old_pid = raw("67 77 0b <a@localhost> 00 00 00 64 00 00 00 00 01");
    ASSERT_EQ(refusal_of(raw("68 03 61 16") + old_pid + inner(own_pid)), "accepted");
    EXPECT_EQ(read.from, (pid{peer_name, 100, 0, 1}));
    const byte_vector old_ref = raw("72 00 01 64 00 0b <a@localhost> 02 00 00 00 07");
    ASSERT_EQ(refusal_of(raw("68 03 61 21") + inner(peer_pid) + old_ref), "accepted");
    EXPECT_EQ(read.ref, (reference{peer_name, 2, 1, {7}}));
    ASSERT_EQ(refusal_of(raw("68 04 61 06") + inner(peer_pid) + raw("64 00 00 73 04 <calc>")), "accepted");
    EXPECT_EQ(read.known_name(), "calc"_a);
}

TEST_F(ControlCodec, NamesBeyondTheAtomBudgetAreKeptAsTextAndCannotFillTheTable) {
    etf::atom_budget none(0);
    context.terms.new_atoms = &none;
    ASSERT_EQ(
        refusal_of(raw("68 04 61 13") + inner(peer_pid) + raw("77 0d <cc_not_atom_1>") + inner(peer_ref)),
        "accepted");
    EXPECT_EQ(read.name.view().atom_text(), "cc_not_atom_1");
    EXPECT_FALSE(read.known_name());
    const byte_vector stranger = raw("77 0d <cc@notanatom1> 00 00 00 01 00 00 00 00 00 00 00 01");
    ASSERT_EQ(refusal_of(raw("68 03 61 16 58") + stranger + inner(own_pid)), "accepted");
    EXPECT_FALSE(read.from);
    EXPECT_EQ(refusal_of(raw("68 03 61 01 58") + stranger + inner(own_pid)),
              "LINK (1): element 2 is a pid of another node than the peer");
    ASSERT_EQ(refusal_of(raw("68 03 61 16") + raw("67 77 0d <cc@notanatom1> 00 00 00 01 00 00 00 00 01") +
                         inner(own_pid)),
              "accepted");
    EXPECT_FALSE(read.from);
    EXPECT_FALSE(atom::existing("cc_not_atom_1"));
    EXPECT_FALSE(atom::existing("cc@notanatom1"));
}

TEST_F(ControlCodec, WhatCannotBeEncodedLeavesTheBufferAsItWas) {
    etf::byte_buffer out;
    out.append("before");
    control_message m = sample(*find_operation(3));
    EXPECT_FALSE(encode_control(out, m, control_op::exit, term_view{}, {.version = false}));
    EXPECT_EQ(to_vector(out.bytes()), raw("<before>"));
}

TEST(ControlMessage, TheTableAgreesWithTheChoiceOfForms) {
    for (const control_operation& o : control_operations) {
        if (o.op == control_op::altact_sig_send) continue;
        const control_message m = sample(o);
        EXPECT_EQ(choose_operation(m, flags_for(o)), o.op) << o.name;
        if (!o.needs.empty()) {
            EXPECT_NE(choose_operation(m, flags_for(o).without(o.needs)), o.op) << o.name;
        }
    }
}

TEST(ControlMessage, TheChoiceFollowsTheEffectiveFlags) {
    using flag = distribution_flag;
    const distribution_flags all = flag_sets::wanted;
    control_message m;
    m.kind = control_kind::send;
    m.from = peer_pid;
    m.to = own_pid;
    EXPECT_EQ(choose_operation(m, all), control_op::send_sender);
    EXPECT_EQ(choose_operation(m, {}), control_op::send);
    m.priority = true;
    EXPECT_EQ(choose_operation(m, all), control_op::altact_sig_send);
    EXPECT_EQ(choose_operation(m, all.without({flag::altact_sig})), control_op::send_sender);
    m.priority = false;
    m.from = {};
    EXPECT_EQ(choose_operation(m, all), control_op::send) << "no pid to name as sender";

    control_message a;
    a.kind = control_kind::send_to_alias;
    a.from = peer_pid;
    a.ref = own_ref;
    EXPECT_EQ(choose_operation(a, all), control_op::altact_sig_send);
    EXPECT_EQ(choose_operation(a, all.without({flag::altact_sig})), control_op::alias_send);
    EXPECT_EQ(choose_operation(a, {}), std::nullopt);
    a.kind = control_kind::exit2;
    EXPECT_EQ(choose_operation(a, all), control_op::altact_sig_send);
    EXPECT_EQ(choose_operation(a, all.without({flag::altact_sig})), std::nullopt);

    control_message u;
    u.kind = control_kind::unlink_id;
    EXPECT_EQ(choose_operation(u, {}), control_op::unlink);
    u.kind = control_kind::unlink;
    EXPECT_EQ(choose_operation(u, all), std::nullopt);
    u.kind = control_kind::unlink_id_ack;
    EXPECT_EQ(choose_operation(u, {}), std::nullopt);
    u.kind = control_kind::monitor;
    EXPECT_EQ(choose_operation(u, all.without({flag::dist_monitor_name})), std::nullopt);
}

TEST(ControlMessage, PrintsWhatItIsAbout) {
    EXPECT_EQ(to_string(sample(*find_operation(22))),
              "SEND_SENDER (send, from <a@localhost.100.0>, to <cpp@localhost.1.2>)");
    EXPECT_EQ(to_string(sample(*find_operation(16))),
              "REG_SEND_TT (send to a name, from <a@localhost.100.0>, name calc, traced)");
    EXPECT_EQ(operation_name(99), "operation 99");
}

}  // namespace
}  // namespace rakka::wire
