// The two machines against each other, over a carrier that cuts the bytes as it likes.
#include "handshake_fixture.hpp"

#include <algorithm>
#include <optional>
#include <tuple>

namespace rakka::test {
namespace {

using namespace handshake;

/// What the two owners answer.
struct owners {
    peer_relation relation = peer_relation::none;
    attempt answer_to_alive = attempt::wanted;
    bool allowed = true;
    int taken_over = 0;
};

event answer(owners& o, action_kind question) {
    switch (question) {
        case action_kind::check_peer:
            if (!o.allowed) return peer_refused{};
            return peer_allowed{o.relation, std::nullopt};
        case action_kind::assign_name:
            return name_assigned{name_of("Z9@localhost"), creation{77}};
        case action_kind::take_over:
            ++o.taken_over;
            return taken_over{};
        default:
            return o.answer_to_alive;
    }
}

bool is_final(const action& a) {
    return a.kind == action_kind::done || a.kind == action_kind::fail;
}

/// Runs one side until it is finished or wants bytes that are not there.
template <class Machine>
void run(Machine& m, action& a, bytes& in, bytes& out, owners& o, std::size_t piece) {
    while (!is_final(a)) {
        if (a.kind == action_kind::write) {
            out.insert(out.end(), a.data.begin(), a.data.end());
            a = m.resume(written{});
        } else if (a.kind != action_kind::read) {
            a = m.resume(answer(o, a.kind));
        } else if (in.empty()) {
            return;
        } else {
            const auto end = in.begin() + static_cast<std::ptrdiff_t>(std::min(piece, in.size()));
            const bytes chunk(in.begin(), end);
            in.erase(in.begin(), end);
            a = m.resume(received{chunk});
        }
    }
}

struct outcome {
    std::optional<established> dialler, accepter;
    std::optional<node_errc> dialler_error, accepter_error;
};

outcome talk(initiator_fsm d, acceptor_fsm b, owners& o, std::size_t piece) {
    bytes to_d, to_b;
    action da = d.resume(started{});
    action ba = b.resume(started{});
    for (int rounds = 0; rounds < 1000 && !(is_final(da) && is_final(ba)); ++rounds) {
        run(d, da, to_d, to_b, o, piece);
        run(b, ba, to_b, to_d, o, piece);
        if (is_final(ba) && to_d.empty() && !is_final(da)) da = d.resume(closed{});
        if (is_final(da) && to_b.empty() && !is_final(ba)) ba = b.resume(closed{});
    }
    outcome r;
    if (da.kind == action_kind::done) r.dialler = d.take_result();
    if (da.kind == action_kind::fail) r.dialler_error = d.error().code;
    if (ba.kind == action_kind::done) r.accepter = b.take_result();
    if (ba.kind == action_kind::fail) r.accepter_error = b.error().code;
    return r;
}

acceptor_options accepting_a() {
    acceptor_options o = accepting("a@localhost");
    o.own_creation = creation{0x6b029489};
    return o;
}

using combination =
    std::tuple<length_prefix, bool /*asks for a name*/, bool /*visible*/, peer_relation, std::size_t>;

class HandshakePair : public testing::TestWithParam<combination> {};

TEST_P(HandshakePair, BothSidesAgree) {
    const auto [prefix, nameless, visible, relation, piece] = GetParam();
    initiator_options d = dialling();
    acceptor_options b = accepting_a();
    d.carrier.prefix = b.carrier.prefix = prefix;
    if (nameless) {
        d.own_name.reset();
        d.own_host = "localhost";
    }
    d.own_flags = visible ? flag_sets::wanted_visible : flag_sets::wanted;
    owners o;
    o.relation = relation;
    const outcome r = talk({d, random_challenge()}, {b, random_challenge()}, o, piece);
    ASSERT_TRUE(r.dialler && r.accepter);
    EXPECT_EQ(r.dialler->effective_flags, r.accepter->effective_flags);
    EXPECT_EQ(r.dialler->effective_flags.has(distribution_flag::published), visible && !nameless);
    EXPECT_EQ(r.dialler->own_name, r.accepter->peer_name);
    EXPECT_EQ(r.dialler->own_creation, r.accepter->peer_creation);
    EXPECT_EQ(r.accepter->own_name, r.dialler->peer_name);
    EXPECT_EQ(r.accepter->own_creation, r.dialler->peer_creation);
    EXPECT_EQ(o.taken_over, 1);
}

INSTANTIATE_TEST_SUITE_P(
    Combinations, HandshakePair,
    testing::Combine(testing::Values(length_prefix::two_bytes, length_prefix::four_bytes), testing::Bool(),
                     testing::Bool(),
                     testing::Values(peer_relation::none, peer_relation::attempt_pending,
                                     peer_relation::attempt_not_dialled, peer_relation::up),
                     testing::Values(std::size_t{1}, std::size_t{3}, std::size_t{1000})));

TEST(HandshakePair, EndsOnBothSidesWhenTheCookiesDiffer) {
    owners o;
    acceptor_options b = accepting_a();
    b.own_cookie = secret_of("other");
    const outcome r = talk(make_initiator(dialling()), make_acceptor(b), o, 1000);
    EXPECT_EQ(r.accepter_error, node_errc::wrong_cookie);
    EXPECT_EQ(r.dialler_error, node_errc::handshake_closed);
}

TEST(HandshakePair, EndsOnBothSidesWhenThePeerIsRefused) {
    owners o;
    o.allowed = false;
    const outcome r = talk(make_initiator(dialling()), make_acceptor(accepting_a()), o, 1000);
    EXPECT_EQ(r.accepter_error, node_errc::handshake_refused);
    EXPECT_EQ(r.dialler_error, node_errc::handshake_not_allowed);
}

TEST(HandshakePair, EndsOnBothSidesWhenTheAttemptIsSuperseded) {
    owners o;
    o.relation = peer_relation::up;
    o.answer_to_alive = attempt::superseded;
    const outcome r = talk(make_initiator(dialling()), make_acceptor(accepting_a()), o, 1000);
    EXPECT_EQ(r.accepter_error, node_errc::already_connected);
    EXPECT_EQ(r.dialler_error, node_errc::attempt_superseded);
    EXPECT_EQ(o.taken_over, 0);
}

TEST(HandshakePair, DecidesSimultaneousConnectsTheSameWayOnBothSides) {
    // cpp@localhost > a@localhost: of two crossing attempts the one dialled by cpp@localhost goes on.
    owners at_a, at_cpp;
    at_a.relation = at_cpp.relation = peer_relation::attempt_pending;
    const outcome dialled_by_cpp = talk(make_initiator(dialling()), make_acceptor(accepting_a()), at_a, 1000);
    EXPECT_TRUE(dialled_by_cpp.dialler && dialled_by_cpp.accepter);
    EXPECT_EQ(at_a.taken_over, 1);
    initiator_options from_a = dialling("a@localhost");
    from_a.peer = name_of("cpp@localhost");
    const outcome dialled_by_a = talk(make_initiator(from_a), make_acceptor(accepting()), at_cpp, 1000);
    EXPECT_EQ(dialled_by_a.accepter_error, node_errc::simultaneous_connect);
    EXPECT_EQ(dialled_by_a.dialler_error, node_errc::simultaneous_connect);
}

TEST(HandshakePair, RefusesToDialItself) {
    owners o;
    initiator_options self = dialling("a@localhost");
    const outcome r = talk(make_initiator(self), make_acceptor(accepting_a()), o, 1000);
    EXPECT_EQ(r.dialler_error, node_errc::connected_to_self);
    EXPECT_EQ(r.accepter_error, node_errc::handshake_closed);
}

TEST(HandshakePair, EndsWhenOnlyOneSideIsInsideTls) {
    for (const bool dialler_in_tls : {false, true}) {
        owners o;
        initiator_options d = dialling();
        acceptor_options b = accepting_a();
        (dialler_in_tls ? d.carrier : b.carrier).prefix = length_prefix::four_bytes;
        const outcome r = talk(make_initiator(d), make_acceptor(b), o, 1000);
        EXPECT_TRUE(r.accepter_error.has_value());
        EXPECT_EQ(r.dialler_error, node_errc::handshake_closed);
    }
}

}  // namespace
}  // namespace rakka::test
