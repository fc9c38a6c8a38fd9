// The machine of global_name_server, every step and what can break it.
#include "global/name_server.hpp"

#include "global/action_text.hpp"

#include <rakka/etf/build.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <string>

namespace rakka::testing {
namespace {

using namespace global_fsm;

const pid his_locker{"c@h"_a, 2, 1, 4};
const atom peer = "c@h"_a;
const term his_tag("his"_a);
const term requester("both"_a);
constexpr std::chrono::nanoseconds now{0};

pid process(std::uint32_t n, atom node = "x@h"_a) {
    return {node, n, 1, 4};
}

class global_name_server : public ::testing::Test {
protected:
    static name_server::settings settings() {
        name_server::settings s;
        s.self = "b@h"_a;
        s.locker = {"b@h"_a, 2, 1, 4};
        s.incarnation = 77;
        s.max = {.names = 5, .locks = 5, .nodes = 4, .lost_connections = 10};
        return s;
    }
    lines hear(const peer_message& m) { return text_of(s.on_message(m, std::chrono::nanoseconds(0))); }
    lines call(const term& request, const pid& who = process(1)) {
        return text_of(s.on_call({who, term(1)}, request));
    }
    /// With the lock, as `global` does it.
    lines call_locked(const term& request) {
        const term lock = tuple("global"_a, "registrar"_a);
        const pid registrar = process(9, settings().self);
        static_cast<void>(call(tuple("set_lock"_a, lock), registrar));
        lines out = call(request, registrar);
        static_cast<void>(call(tuple("del_lock"_a, lock), registrar));
        return out;
    }
    static init_connect init(const term& tag = his_tag, int version = 8) {
        return {version, tag, peer, his_locker};
    }
    /// To where both want the lock; our tag is 1.
    void begin() {
        static_cast<void>(s.node_up(peer));
        static_cast<void>(hear(init()));
        static_cast<void>(hear(init_connect_ack{peer, term(1), his_tag}));
    }
    /// To where both are of one mind.
    void synchronise(std::vector<node_version> his_known = {}) {
        begin();
        static_cast<void>(s.lock_is_set(peer, term(1), requester));
        static_cast<void>(hear(exchange{peer, {}, term(1)}));
        static_cast<void>(s.exchanged(peer, term(1), {}, {}));
        static_cast<void>(hear(resolved{peer, {}, std::move(his_known), {}, term(1)}));
        EXPECT_FALSE(s.in_session(peer));
    }
    static bool has(const lines& all, const std::string& part) {
        for (const std::string& l : all)
            if (l.find(part) != std::string::npos) return true;
        return false;
    }

    name_server s{settings()};
};

// ---- the session

TEST_F(global_name_server, a_whole_session) {
    const registration ours{term("ours"_a), process(1), term("m"_a)};
    const registration theirs{term("theirs"_a), process(2), term("m"_a)};
    static_cast<void>(call_locked(tuple("register"_a, "ours"_a, process(1), "m"_a)));
    auto out = text_of(s.node_up(peer));
    ASSERT_EQ(out.size(), 1U);
    EXPECT_TRUE(out[0].starts_with("cast c@h {init_connect,{8,1},b@h,{locker,no_longer_a_pid,#{},<"));
    EXPECT_EQ(hear(init()), (lines{"locker: add c@h his his my 1", "send c@h {init_connect_ack,b@h,his,1}"}));
    EXPECT_TRUE(hear(init_connect_ack{peer, term(1), his_tag}).empty());
    EXPECT_EQ(hear(lock_set{his_locker, true, term(1)}), lines{"locker: his lock true"});
    out = text_of(s.lock_is_set(peer, term(1), requester));
    ASSERT_EQ(out.size(), 1U);
    EXPECT_TRUE(out[0].starts_with("cast c@h {exchange,b@h,[{ours,<")) << out[0];
    EXPECT_EQ(hear(exchange{peer, {theirs}, term(1)}), lines{"resolve c@h 1"});
    EXPECT_TRUE(s.is_resolving(peer, term(1)));
    EXPECT_EQ(text_of(s.exchanged(peer, term(1), {{theirs}}, {})),
              lines{"cast c@h {resolved,b@h,[],[],unused,[],his}"});
    EXPECT_FALSE(s.is_resolving(peer, term(1)));
    EXPECT_EQ(hear(resolved{peer, {}, {}, {}, term(1)}),
              (lines{"locker: cancel c@h 1", "locker: known +c@h", "watch 2"}));
    EXPECT_EQ(s.known(), std::vector<atom>{peer});
    EXPECT_TRUE(s.synced().contains(peer));
    EXPECT_NE(s.names().find("theirs"_a), nullptr);
}

TEST_F(global_name_server, exchange_and_resolved_may_come_before_their_time) {
    begin();
    EXPECT_TRUE(hear(exchange{peer, {}, term(1)}).empty());
    const auto out = text_of(s.lock_is_set(peer, term(1), requester));
    ASSERT_EQ(out.size(), 2U);
    EXPECT_EQ(out[1], "resolve c@h 0");
    EXPECT_TRUE(hear(resolved{peer, {}, {}, {}, term(1)}).empty());
    EXPECT_TRUE(has(text_of(s.exchanged(peer, term(1), {}, {})), "locker: cancel c@h 1"));
    EXPECT_TRUE(s.synced().contains(peer));
}

TEST_F(global_name_server, whom_the_peer_knows_is_met_and_told) {
    synchronise();
    const atom other = "d@h"_a;
    static_cast<void>(s.node_up(other));
    static_cast<void>(hear(init_connect{8, his_tag, other, {other, 2, 1, 4}}));
    static_cast<void>(s.lock_is_set(other, term(2), requester));
    static_cast<void>(hear(exchange{other, {}, term(2)}));
    static_cast<void>(s.exchanged(other, term(2), {}, {}));
    const auto out =
        hear(resolved{other, {{{"gone"_a, {}, {}}}}, {{"e@h"_a, 8}, {"b@h"_a, 8}, {other, 8}}, {}, term(2)});
    EXPECT_TRUE(has(out, "meet e@h"));
    EXPECT_FALSE(has(out, "meet b@h")) << "ourselves";
    EXPECT_FALSE(has(out, "meet d@h")) << "the peer itself";
    EXPECT_TRUE(has(out,
                    "before: cast c@h {new_nodes,b@h,[{delete,gone}],[],[{d@h,8},{e@h,8}],"
                    "[{vsn,8},{lock,{global,both}}]}"));
    EXPECT_TRUE(has(out, "known +d@h,e@h"));
    EXPECT_EQ(hear(in_sync{"e@h"_a}), lines{}) << "it is not connected yet";
    static_cast<void>(s.node_up("e@h"_a));
    EXPECT_FALSE(s.in_session("e@h"_a)) << "it is known";
    EXPECT_EQ(text_of(s.met("e@h"_a)), lines{"cast e@h {in_sync,b@h,true}"});
    static_cast<void>(hear(in_sync{"e@h"_a}));
    EXPECT_TRUE(s.synced().contains("e@h"_a));
    EXPECT_TRUE(text_of(s.met("x@h"_a)).empty()) << "it is not known any more";
}

TEST_F(global_name_server, a_node_in_between_ends_sessions_with_those_it_knows) {
    begin();
    const atom other = "d@h"_a;
    static_cast<void>(s.node_up(other));
    static_cast<void>(s.lock_is_set(peer, term(1), requester));
    static_cast<void>(hear(exchange{peer, {}, term(1)}));
    static_cast<void>(s.exchanged(peer, term(1), {}, {}));
    const auto out = hear(resolved{peer, {}, {{other, 8}}, {}, term(1)});
    EXPECT_TRUE(has(out, "locker: cancel d@h 2"));
    EXPECT_FALSE(has(out, "cancel_connect")) << "it is no failure";
    EXPECT_FALSE(s.in_session(other));
}

TEST_F(global_name_server, in_sync_may_come_before_the_news_of_its_sender) {
    synchronise();
    const atom other = "d@h"_a;
    static_cast<void>(s.node_up(other));
    static_cast<void>(hear(init_connect{8, his_tag, other, {other, 2, 1, 4}}));
    EXPECT_TRUE(hear(in_sync{other}).empty());
    EXPECT_TRUE(s.synced().contains(other));
    EXPECT_TRUE(s.in_session(other)) << "in case that the news never comes";
    const auto out = hear(new_nodes{peer, {}, {}, {{other, 8}}, requester});
    EXPECT_TRUE(has(out, "locker: cancel d@h 2"));
    EXPECT_FALSE(has(out, "cancel_connect"));
    EXPECT_FALSE(s.in_session(other));
}

TEST_F(global_name_server, in_sync_of_one_that_wants_no_session_ends_ours) {
    static_cast<void>(s.node_up(peer));
    EXPECT_TRUE(has(hear(in_sync{peer}), "locker: cancel c@h 1"));
    EXPECT_FALSE(s.in_session(peer));
}

TEST_F(global_name_server, messages_of_other_attempts_change_nothing) {
    begin();
    EXPECT_EQ(hear(exchange{peer, {}, term(9)}), lines{"locker: cancel c@h 9"});
    EXPECT_EQ(hear(resolved{peer, {}, {}, {}, term(9)}), lines{"locker: cancel c@h 9"});
    EXPECT_EQ(text_of(s.lock_is_set(peer, term(9), requester)), lines{"locker: cancel c@h 9"});
    EXPECT_EQ(text_of(s.exchanged(peer, term(9), {}, {})), lines{"locker: cancel c@h 9"});
    EXPECT_TRUE(hear(lock_set{his_locker, true, term(9)}).empty());
    EXPECT_TRUE(hear(cancel_connect{peer, term(9)}).empty());
    EXPECT_TRUE(s.in_session(peer));
}

TEST_F(global_name_server, a_cancelled_attempt_is_begun_again) {
    begin();
    const auto out = hear(cancel_connect{peer, term(1)});
    ASSERT_EQ(out.size(), 4U);
    EXPECT_EQ(out[0], "locker: cancel c@h 1");
    EXPECT_EQ(out[1], "send c@h {cancel_connect,b@h,his}");
    EXPECT_EQ(out[2], "stop resolver c@h");
    EXPECT_TRUE(out[3].starts_with("cast c@h {init_connect,{8,2},"));
}

TEST_F(global_name_server, a_second_init_connect_begins_again) {
    begin();
    const auto out = hear(init(term("newer"_a)));
    EXPECT_TRUE(has(out, "send c@h {cancel_connect,b@h,newer}"));
    EXPECT_TRUE(has(out, "cast c@h {init_connect,{8,2}"));
    EXPECT_FALSE(has(out, "init_connect_ack")) << "its attempt is over as well, and it comes with a third";
    EXPECT_EQ(hear(init(term("third"_a))).back(), "send c@h {init_connect_ack,b@h,third,2}");
}

TEST_F(global_name_server, an_ack_for_another_attempt_begins_again) {
    static_cast<void>(s.node_up(peer));
    static_cast<void>(hear(init()));
    EXPECT_TRUE(hear(init_connect_ack{peer, term(7), his_tag}).empty()) << "that one of ours is over";
    const auto out = hear(init_connect_ack{peer, term(1), term("other"_a)});
    EXPECT_TRUE(has(out, "send c@h {cancel_connect,b@h,other}"));
    EXPECT_TRUE(has(out, "{init_connect,{8,2}"));
}

TEST_F(global_name_server, older_versions_get_no_confirmation) {
    static_cast<void>(s.node_up(peer));
    EXPECT_EQ(hear(init(his_tag, 7)), lines{"locker: add c@h his his my 1"});
    EXPECT_EQ(hear(lock_set{his_locker, true, std::nullopt}), lines{"locker: his lock true"});
    EXPECT_FALSE(has(text_of(s.node_down(peer, now)), "cancel_connect"));
}

TEST_F(global_name_server, strangers_are_not_heard) {
    EXPECT_TRUE(hear(init()).empty());
    EXPECT_TRUE(hear(init_connect_ack{peer, term(1), his_tag}).empty());
    EXPECT_TRUE(hear(lock_set{his_locker, true, term(1)}).empty());
    EXPECT_TRUE(hear(in_sync{peer}).empty());
    EXPECT_TRUE(hear(new_nodes{peer, {}, {}, {{"d@h"_a, 8}}, requester}).empty());
    EXPECT_TRUE(hear(remove_connection{peer}).empty());
    static_cast<void>(s.node_up(peer));
    init_connect for_another = init();
    for_another.locker = {"d@h"_a, 2, 1, 4};
    EXPECT_TRUE(hear(for_another).empty()) << "a locker of another node";
}

TEST_F(global_name_server, each_node_has_one_session_however_often_it_comes_up) {
    static_cast<void>(s.node_up(peer));
    EXPECT_TRUE(text_of(s.node_up(peer)).empty());
    synchronise();
    EXPECT_TRUE(text_of(s.node_up(peer)).empty()) << "known";
}

TEST_F(global_name_server, without_connect_all_it_keeps_to_itself) {
    auto alone = settings();
    alone.connect_all = false;
    name_server t(alone);
    EXPECT_TRUE(text_of(t.node_up(peer)).empty());
    EXPECT_TRUE(text_of(t.on_message(init(), {})).empty());
    EXPECT_TRUE(text_of(t.node_down(peer, now)) == lines{"locker: known -c@h"});
}

// ---- new_nodes

TEST_F(global_name_server, new_nodes_are_met_and_their_names_kept) {
    synchronise();
    const registration r{term("n"_a), process(5), term("m"_a)};
    EXPECT_EQ(hear(new_nodes{peer, {{r}}, {}, {{"d@h"_a, 8}, {"b@h"_a, 8}, {peer, 8}}, requester}),
              (lines{"meet d@h", "locker: known +d@h", "watch 5"}));
    EXPECT_NE(s.names().find("n"_a), nullptr);
    const auto out = text_of(s.unreachable("d@h"_a));
    EXPECT_TRUE(has(out, "complain"));
    EXPECT_TRUE(has(out, "send c@h {lost_connection,b@h,77,1,d@h}"));
    EXPECT_EQ(s.known(), std::vector<atom>{peer});
}

TEST_F(global_name_server, who_is_unreachable_may_have_come_by_itself) {
    synchronise();
    static_cast<void>(hear(new_nodes{peer, {}, {}, {{"d@h"_a, 8}}, requester}));
    static_cast<void>(s.node_up("d@h"_a));
    EXPECT_TRUE(text_of(s.unreachable("d@h"_a)).empty());
}

TEST_F(global_name_server, known_nodes_are_bounded) {
    synchronise();
    std::vector<node_version> many;
    for (char c = 'd'; c <= 'z'; ++c)
        many.push_back({atom(std::string(1, c) + "@h"), 8});
    EXPECT_TRUE(has(hear(new_nodes{peer, {}, {}, many, requester}), "complain"));
    EXPECT_EQ(s.known().size(), 4U);
}

TEST_F(global_name_server, names_are_bounded_and_that_is_said_once) {
    int complaints = 0;
    for (int i = 0; i < 20; ++i)
        complaints += has(call_locked(tuple("register"_a, i, process(1), "m"_a)), "complain") ? 1 : 0;
    EXPECT_EQ(s.names().size(), 5U);
    EXPECT_EQ(complaints, 1);
}

TEST_F(global_name_server, operations_that_come_when_the_lock_is_lost_are_not_done) {
    synchronise();
    const registration r{term("n"_a), process(5), term("m"_a)};
    static_cast<void>(call(tuple("set_lock"_a, tuple("global"_a, "someone"_a)), process(9)));
    static_cast<void>(hear(new_nodes{peer, {{r}}, {}, {}, requester}));
    EXPECT_EQ(s.names().find("n"_a), nullptr) << "somebody else has the lock";
    static_cast<void>(s.process_ended(process(9)));
    static_cast<void>(hear(new_nodes{peer, {{r}}, {}, {}, requester}));
    EXPECT_EQ(s.names().find("n"_a), nullptr) << "it was lost";
    static_cast<void>(call(tuple("set_lock"_a, tuple("global"_a, requester)), process(9, peer)));
    static_cast<void>(hear(new_nodes{peer, {{r}}, {}, {}, requester}));
    EXPECT_NE(s.names().find("n"_a), nullptr);
    static_cast<void>(call(tuple("register"_a, "n"_a, process(6), "m"_a), process(8, peer)));
    EXPECT_EQ(s.names().find("n"_a), nullptr) << "registered by one without the lock";
    static_cast<void>(call(tuple("register"_a, "n"_a, process(6), "m"_a), process(9, peer)));
    EXPECT_NE(s.names().find("n"_a), nullptr);
}

// A node that starts anew under its old name may get what was meant for the node before it.
TEST_F(global_name_server, a_registration_for_the_node_before_is_not_kept_by_a_new_one) {
    begin();
    const term n = tuple("register"_a, "n"_a, process(6), "m"_a);
    static_cast<void>(call(n, process(8, peer)));
    EXPECT_EQ(s.names().size(), 0U);
    // Nor one with the lock: the peer does not know us yet, and tells us of its names later.
    static_cast<void>(call(tuple("set_lock"_a, tuple("global"_a, "x"_a)), process(8, peer)));
    static_cast<void>(call(n, process(8, peer)));
    EXPECT_EQ(s.names().size(), 0U);
}

// ---- losing nodes

TEST_F(global_name_server, a_lost_node_is_told_to_the_others) {
    synchronise({{"d@h"_a, 8}, {"e@h"_a, 6}});
    const auto out = text_of(s.node_down(peer, now));
    EXPECT_TRUE(has(out, "send d@h {lost_connection,b@h,77,1,c@h}"));
    EXPECT_FALSE(has(out, "send e@h")) << "too old";
    EXPECT_FALSE(has(out, "send c@h"));
    EXPECT_FALSE(s.synced().contains(peer));
    EXPECT_TRUE(has(text_of(s.node_down("d@h"_a, now)), "known -d@h"));
}

TEST_F(global_name_server, a_loss_is_passed_on_once_and_its_node_asked_to_go) {
    synchronise({{"d@h"_a, 8}, {"e@h"_a, 8}});
    const lost_connection loss{"d@h"_a, term(5), 10, peer};
    const auto out = hear(loss);
    EXPECT_TRUE(has(out, "send e@h {lost_connection,d@h,5,10,c@h}"));
    EXPECT_FALSE(has(out, "send d@h")) << "who said so";
    EXPECT_TRUE(has(out, "send c@h {remove_connection,b@h}"));
    EXPECT_TRUE(hear(loss).empty());
    EXPECT_FALSE(has(text_of(s.node_down(peer, now)), "lost_connection")) << "foreseen";
    static_cast<void>(s.node_up(peer));
    EXPECT_TRUE(s.in_session(peer));
    EXPECT_TRUE(has(text_of(s.node_down(peer, now)), "lost_connection")) << "not this time";
}

// Whoever starts again quickly must not be thrown out for the loss of the one before, which others noticed
// later than we did.
TEST_F(global_name_server, news_of_a_loss_that_is_our_own_too_is_not_about_the_node_that_has_come_since) {
    using namespace std::chrono_literals;
    synchronise({{"d@h"_a, 8}, {"e@h"_a, 8}});
    static_cast<void>(s.node_down(peer, 100s));
    static_cast<void>(s.node_up(peer));
    static_cast<void>(hear(init()));
    const auto loses = [&](std::int64_t number, std::chrono::seconds at) {
        return text_of(s.on_message(lost_connection{"d@h"_a, term(5), number, peer}, at));
    };
    const auto first = loses(10, 101s);
    EXPECT_TRUE(has(first, "send e@h {lost_connection,d@h,5,10,c@h}")) << "others may know what it is about";
    EXPECT_FALSE(has(first, "remove_connection"));
    EXPECT_TRUE(has(loses(11, 102s), "send c@h {remove_connection,b@h}")) << "a second one is news";
}

TEST_F(global_name_server, a_loss_of_our_own_long_ago_explains_nothing) {
    using namespace std::chrono_literals;
    synchronise({{"d@h"_a, 8}});
    static_cast<void>(s.node_down(peer, 100s));
    static_cast<void>(s.node_up(peer));
    static_cast<void>(hear(init()));
    EXPECT_TRUE(has(text_of(s.on_message(lost_connection{"d@h"_a, term(5), 10, peer}, 111s)),
                    "send c@h {remove_connection,b@h}"));
}

TEST_F(global_name_server, names_and_locks_of_a_lost_node_go_with_it) {
    synchronise();
    const pid there = process(7, peer);
    static_cast<void>(call(tuple("set_lock"_a, tuple("global"_a, "x"_a)), there));
    static_cast<void>(call(tuple("register"_a, "n"_a, there, "m"_a), there));
    static_cast<void>(call(tuple("register"_a, "o"_a, there, "m"_a), there));
    static_cast<void>(call(tuple("set_lock"_a, tuple("r"_a, "x"_a)), there));
    static_cast<void>(call(tuple("set_lock"_a, tuple("r"_a, "x"_a)), process(1)));
    ASSERT_EQ(s.names().size(), 2U);
    const auto out = text_of(s.node_down(peer, now));
    EXPECT_EQ(s.names().size(), 0U);
    EXPECT_FALSE(s.locks().is_set("global"_a));
    EXPECT_TRUE(s.locks().is_set("r"_a)) << "somebody else has it too";
    EXPECT_EQ(out.back(), "forget 7");
    EXPECT_TRUE(text_of(s.process_ended(there)).empty());
}

// Connections that come and go while a name server is busy.
TEST_F(global_name_server, an_answer_to_an_attempt_that_is_over_begins_no_other) {
    begin();
    EXPECT_TRUE(hear(init_connect_ack{peer, term(0), term("old"_a)}).empty());
    EXPECT_TRUE(s.in_session(peer));
    const auto out = hear(init(term("again"_a)));
    EXPECT_EQ(out.front(), "send c@h {cancel_connect,b@h,again}");
    EXPECT_TRUE(has(out, "cast c@h {init_connect"));
    EXPECT_FALSE(has(out, "init_connect_ack")) << "it is for an attempt that the peer gives up now";
}

TEST_F(global_name_server, the_end_of_a_connection_that_was_never_counted_is_no_loss) {
    synchronise();
    EXPECT_TRUE(text_of(s.node_down("d@h"_a, now)).empty());
}

TEST_F(global_name_server, when_it_is_us_who_was_lost_the_loser_goes) {
    synchronise({{"d@h"_a, 8}});
    EXPECT_TRUE(
        has(hear(lost_connection{"d@h"_a, term(5), 10, "b@h"_a}), "send d@h {remove_connection,b@h}"));
    EXPECT_EQ(s.known(), std::vector<atom>{peer});
}

TEST_F(global_name_server, a_node_that_wants_to_be_left_is_left) {
    synchronise();
    const auto out = hear(remove_connection{peer});
    EXPECT_TRUE(has(out, "disconnect c@h"));
    EXPECT_TRUE(s.known().empty());
    EXPECT_FALSE(has(text_of(s.node_down(peer, now)), "lost_connection"));
}

TEST_F(global_name_server, nothing_is_said_of_losses_when_that_is_off_or_we_stop) {
    auto without = settings();
    without.prevent_overlapping_partitions = false;
    name_server t(without);
    static_cast<void>(t.node_up(peer));
    static_cast<void>(t.on_message(init(), {}));
    EXPECT_TRUE(text_of(t.on_message(lost_connection{"d@h"_a, term(5), 10, peer}, {})).empty());
    synchronise({{"d@h"_a, 8}});
    s.shutting_down();
    EXPECT_FALSE(has(text_of(s.node_down(peer, now)), "lost_connection"));
}

TEST_F(global_name_server, leaving_disconnects_all_without_a_word) {
    synchronise();
    const from who{{{}, 1, 1, 1}, term(1)};  // of this program
    static_cast<void>(s.node_up("d@h"_a));
    const auto out = text_of(s.on_call(who, "disconnect"_a));
    EXPECT_TRUE(has(out, "disconnect c@h"));
    EXPECT_TRUE(has(out, "disconnect d@h"));
    EXPECT_EQ(out.back(), "answer [c@h,d@h]");
    EXPECT_FALSE(has(text_of(s.node_down(peer, now)), "lost_connection"));
    EXPECT_TRUE(call("disconnect"_a).empty()) << "nobody else can ask for it";
}

// ---- calls

TEST_F(global_name_server, answers_what_peers_ask) {
    synchronise({{"d@h"_a, 8}});
    EXPECT_EQ(call("get_known"_a), lines{"answer [c@h,d@h]"});
    EXPECT_EQ(call("get_synced"_a), lines{"answer [c@h]"});
    EXPECT_EQ(call("get_protocol_version"_a), lines{"answer 8"});
    EXPECT_EQ(call("get_names_ext"_a), lines{"answer []"});
    EXPECT_TRUE(call("what"_a).empty());
    EXPECT_TRUE(call(tuple("register"_a, "x"_a, "not_a_pid"_a, "m"_a)).empty());
    EXPECT_TRUE(call(tuple("set_lock"_a, "r"_a)).empty());
    EXPECT_TRUE(call(tuple("sync"_a, list())).empty()) << "only for processes here";
}

TEST_F(global_name_server, registers_and_forgets) {
    EXPECT_EQ(call_locked(tuple("register"_a, "x"_a, process(3), "m"_a)), (lines{"answer yes", "watch 3"}));
    EXPECT_EQ(call_locked(tuple("register"_a, "x"_a, process(4), "m"_a)),
              (lines{"answer yes", "watch 4", "forget 3"}));
    EXPECT_EQ(call_locked(tuple("register_ext"_a, "y"_a, process(4), "m"_a, "n@h"_a)), lines{"answer yes"});
    EXPECT_EQ(s.names().external().size(), 1U);
    EXPECT_EQ(call(tuple("unregister"_a, "x"_a)), lines{"answer ok"});
    EXPECT_TRUE(text_of(s.process_ended(process(4))).empty());
    EXPECT_EQ(s.names().size(), 0U);
    EXPECT_EQ(call(tuple("unregister"_a, "x"_a)), lines{"answer ok"}) << "not there any more";
}

TEST_F(global_name_server, locks_and_unlocks) {
    const term id = tuple("r"_a, "q"_a);
    EXPECT_EQ(call(tuple("set_lock"_a, id)), (lines{"answer true", "watch 1"}));
    EXPECT_EQ(call(tuple("set_lock"_a, tuple("r"_a, "other"_a))), lines{"answer false"});
    EXPECT_EQ(call(tuple("del_lock"_a, id), process(2)), lines{"answer true"}) << "it is not its own";
    EXPECT_TRUE(s.locks().is_set("r"_a));
    EXPECT_EQ(call(tuple("del_lock"_a, id)), (lines{"answer true", "forget 1"}));
    EXPECT_FALSE(s.locks().is_set("r"_a));
}

TEST_F(global_name_server, sync_waits_for_all_that_are_not_in_sync) {
    const from who{{{}, 1, 1, 1}, term(1)};
    const auto sync = [&](const term& nodes) { return text_of(s.on_call(who, tuple("sync"_a, nodes))); };
    EXPECT_EQ(sync(list("b@h"_a)), lines{"answer ok"}) << "ourselves";
    EXPECT_TRUE(sync("x"_a).empty());
    EXPECT_EQ(sync(list(peer)), lines{"reach c@h"});
    EXPECT_EQ(text_of(s.sync_failed(peer)), lines{"answer ok"});
    begin();
    EXPECT_TRUE(sync(list(peer, 1)).empty());
    EXPECT_TRUE(text_of(s.sync_failed(peer)).empty()) << "it is here now";
    EXPECT_TRUE(has(text_of(s.node_down(peer, now)), "answer ok"));
    name_server t(settings());
    static_cast<void>(t.node_up(peer));
    static_cast<void>(t.on_call(who, tuple("sync"_a, list(peer))));
    EXPECT_TRUE(has(text_of(t.on_message(in_sync{peer}, {})), "answer ok"));
}

// ---- anything in any order

class any_events {
public:
    explicit any_events(unsigned seed) : random_(seed) {}

    void one(name_server& s) {
        const atom n = node();
        switch (random_() % 16) {
            case 0:
                return drop(s.node_up(n));
            case 1:
                return drop(s.node_down(n, now));
            case 2:
                return drop(s.unreachable(n));
            case 3:
                return drop(s.met(n));
            case 4:
                return drop(s.lock_is_set(n, tag(), requester));
            case 5:
                return drop(s.exchanged(n, tag(), {op()}, {op()}));
            case 6:
                return drop(s.process_ended(someone()));
            case 7:
                return drop(s.on_call({someone(), term(1)}, request()));
            case 8:
                return drop(s.on_call({{{}, 1, 1, 1}, term(1)}, tuple("sync"_a, list(node(), node()))));
            default:
                return drop(s.on_message(message(n), std::chrono::nanoseconds(++now_)));
        }
    }

private:
    static void drop(const actions&) {}
    std::size_t pick(std::size_t n) { return random_() % n; }
    atom node() { return atom(std::string(1, static_cast<char>('a' + pick(8))) + "@h"); }
    term tag() { return term(pick(6)); }
    pid someone() { return {node(), static_cast<std::uint32_t>(1 + pick(5)), 1, 4}; }
    registration entry() { return {term(pick(8)), someone(), term("m"_a)}; }
    name_op op() { return pick(3) != 0 ? name_op{entry()} : name_op{{term(pick(8)), {}, {}}}; }
    node_version version() { return {node(), static_cast<int>(pick(10))}; }
    term request() {
        const term id =
            tuple(pick(3) == 0 ? term("global"_a) : term(pick(3)), pick(2) == 0 ? requester : term(pick(3)));
        switch (pick(5)) {
            case 0:
                return tuple("set_lock"_a, id);
            case 1:
                return tuple("del_lock"_a, id);
            case 2:
                return tuple("register"_a, pick(8), someone(), "m"_a);
            case 3:
                return tuple("unregister"_a, pick(8));
            default:
                return "get_known"_a;
        }
    }
    peer_message message(atom n) {
        switch (pick(10)) {
            case 0:
                return init_connect{static_cast<int>(5 + pick(5)), tag(), n, {n, 2, 1, 4}};
            case 1:
                return init_connect_ack{n, tag(), tag()};
            case 2:
                return lock_set{{n, 2, 1, 4}, pick(2) == 0, tag()};
            case 3:
                return exchange{n, {entry(), entry()}, tag()};
            case 4:
                return resolved{n, {op()}, {version(), version()}, {}, tag()};
            case 5:
                return new_nodes{n, {op()}, {}, {version()}, requester};
            case 6:
                return in_sync{n};
            case 7:
                return cancel_connect{n, tag()};
            case 8:
                return lost_connection{n, term(1), static_cast<std::int64_t>(pick(50)), node()};
            default:
                return remove_connection{n};
        }
    }

    std::mt19937 random_;
    std::int64_t now_ = 0;
};

TEST_F(global_name_server, any_events_in_any_order_keep_it_in_bounds) {
    for (unsigned seed = 0; seed < 50; ++seed) {
        name_server any(settings());
        any_events events(seed);
        for (int i = 0; i < 2000; ++i) {
            events.one(any);
            ASSERT_LE(any.names().size(), 5U);
            ASSERT_LE(any.locks().size(), 5U);
            ASSERT_LE(any.known().size(), 4U);
            ASSERT_LE(any.synced().size(), 8U);
        }
    }
}

}  // namespace
}  // namespace rakka::testing
