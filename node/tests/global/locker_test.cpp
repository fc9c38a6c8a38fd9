// The locker, step by step.
#include "global/locker.hpp"

#include "global/action_text.hpp"

#include <rakka/etf/build.hpp>

#include <gtest/gtest.h>

#include <chrono>

namespace rakka::testing {
namespace {

using namespace global_fsm;
using namespace std::chrono_literals;

const pid own{"b@h"_a, 2, 1, 4};
const pid his{"c@h"_a, 2, 1, 4};

class global_locker : public ::testing::Test {
protected:
    static add_candidate him(int version = 8) { return {"c@h"_a, his, version, term("his"_a), term("my"_a)}; }
    lines event(const locker_event& e) { return text_of(l.on_event(e)); }
    lines locked(bool ok) { return text_of(l.locked(ok)); }
    static std::string mask(std::string s) {
        const auto open = s.find('<');
        const auto close = s.find('>');
        return open == std::string::npos ? s : s.replace(open, close - open + 1, "PID");
    }
    static lines mask(lines all) {
        for (std::string& s : all)
            s = mask(s);
        return all;
    }
    /// Until the lock is set everywhere, begun by us.
    void begin_and_lock() {
        static_cast<void>(l.on_event(him()));
        static_cast<void>(l.timeout(false, 0));
        static_cast<void>(l.locked(true));
        static_cast<void>(l.locked(true));
        EXPECT_EQ(mask(locked(true)), lines{"cast c@h {lock_set,PID,true,[],his}"});
    }

    locker l{"b@h"_a, own};
};

TEST_F(global_locker, waits_for_ever_without_candidates_and_not_long_with_one) {
    EXPECT_EQ(l.patience(), std::nullopt);
    EXPECT_TRUE(text_of(l.timeout(false, 0)).empty());
    static_cast<void>(l.on_event(him()));
    EXPECT_EQ(l.patience(), 200ms);
    static_cast<void>(l.on_event(known_added{{"x@h"_a, "y@h"_a}}));
    EXPECT_EQ(l.patience(), 1200ms);
    static_cast<void>(l.on_event(known_removed{"x@h"_a}));
    EXPECT_EQ(l.patience(), 1100ms);
    std::vector<atom> many;
    for (int i = 0; i < 100; ++i)
        many.emplace_back("n" + std::to_string(i) + "@h");
    static_cast<void>(l.on_event(known_added{many}));
    EXPECT_EQ(l.patience(), 3000ms);
}

TEST_F(global_locker, does_nothing_while_somebody_has_the_lock) {
    static_cast<void>(l.on_event(him()));
    EXPECT_TRUE(text_of(l.timeout(true, 0)).empty());
    EXPECT_TRUE(l.idle());
}

TEST_F(global_locker, locks_boss_then_both_then_all_known) {
    static_cast<void>(l.on_event(known_added{{"a@h"_a, "d@h"_a}}));
    static_cast<void>(l.on_event(him()));
    EXPECT_EQ(text_of(l.timeout(false, 7)), lines{"set d@h looking here"});
    EXPECT_EQ(locked(true), lines{"set b@h,c@h looking here"});
    EXPECT_EQ(locked(true), lines{"set a@h"});
    EXPECT_EQ(mask(locked(true)), lines{"cast c@h {lock_set,PID,true,[a@h,d@h],his}"});
    EXPECT_EQ(event(his_lock{his, true, term("my"_a)}), lines{"locked with c@h"});
    EXPECT_EQ(event(cancel_candidate{"c@h"_a, term("my"_a), {cast_to{"a@h"_a, term("news"_a)}}}),
              (lines{"cast a@h news", "del b@h,c@h,a@h", "del d@h"}));
    EXPECT_TRUE(l.idle());
    EXPECT_EQ(l.candidates(), 0U);
}

TEST_F(global_locker, gives_up_what_it_has_at_each_step) {
    static_cast<void>(l.on_event(known_added{{"a@h"_a, "d@h"_a}}));
    static_cast<void>(l.on_event(him()));
    static_cast<void>(l.timeout(false, 0));
    EXPECT_TRUE(locked(false).empty()) << "the boss: nothing to give up";
    static_cast<void>(l.timeout(false, 0));
    static_cast<void>(l.locked(true));
    EXPECT_EQ(locked(false), lines{"del d@h"});
    static_cast<void>(l.timeout(false, 0));
    static_cast<void>(l.locked(true));
    static_cast<void>(l.locked(true));
    EXPECT_EQ(locked(false), lines{"del d@h,b@h,c@h"});
    EXPECT_TRUE(l.idle());
    EXPECT_EQ(l.candidates(), 1U) << "for another try";
    EXPECT_TRUE(text_of(l.locked(true)).empty()) << "an answer nobody waits for";
}

TEST_F(global_locker, nodes_that_become_known_meanwhile_are_locked_too) {
    static_cast<void>(l.on_event(him()));
    static_cast<void>(l.timeout(false, 0));
    static_cast<void>(l.locked(true));
    static_cast<void>(l.on_event(known_added{{"a@h"_a}}));
    EXPECT_EQ(locked(true), lines{"set a@h"});
}

TEST_F(global_locker, the_other_one_may_refuse) {
    begin_and_lock();
    EXPECT_TRUE(event(his_lock{his, false, term("old"_a)}).empty()) << "of an older attempt";
    EXPECT_TRUE(event(his_lock{his, true, term("old"_a)}).empty());
    EXPECT_EQ(event(his_lock{his, false, term("my"_a)}), (lines{"del b@h", "del c@h"}));
    EXPECT_EQ(l.candidates(), 1U);
    EXPECT_TRUE(event(his_lock{his, false, term("my"_a)}).empty()) << "once more";
    begin_and_lock();
    EXPECT_EQ(event(his_lock{his, false, std::nullopt}), (lines{"del b@h", "del c@h"})) << "without a tag";
}

TEST_F(global_locker, the_attempt_may_be_cancelled_while_it_asks) {
    begin_and_lock();
    EXPECT_TRUE(event(cancel_candidate{"c@h"_a, term("old"_a), {}}).empty());
    EXPECT_TRUE(event(cancel_candidate{"c@h"_a, term(), {}}).empty());
    EXPECT_EQ(event(cancel_candidate{"c@h"_a, term("my"_a), {}}), (lines{"del b@h", "del c@h"}));
    EXPECT_EQ(l.candidates(), 0U);
    EXPECT_TRUE(event(his_lock{his, true, term("my"_a)}).size() == 1U) << "it is refused";
}

TEST_F(global_locker, a_peer_that_never_answers_is_asked_again_later) {
    begin_and_lock();
    EXPECT_EQ(l.patience(), 30s);
    EXPECT_EQ(text_of(l.timeout(true, 0)), (lines{"del b@h", "del c@h"}));
    EXPECT_EQ(l.patience(), 200ms);
    begin_and_lock();
}

TEST_F(global_locker, locks_at_the_others_request) {
    static_cast<void>(l.on_event(him()));
    EXPECT_EQ(event(his_lock{his, true, term("my"_a)}), lines{"set b@h"});
    EXPECT_EQ(locked(true), lines{"set "}) << "his node is his business";
    EXPECT_EQ(locked(true), lines{"set "});
    EXPECT_EQ(mask(locked(true)), (lines{"cast c@h {lock_set,PID,true,[],his}", "locked with c@h"}));
    EXPECT_EQ(event(cancel_candidate{"c@h"_a, term("my"_a), {}}), lines{"del b@h"});
    EXPECT_EQ(l.patience(), std::nullopt);
}

TEST_F(global_locker, says_so_when_it_cannot_lock_at_the_others_request) {
    static_cast<void>(l.on_event(him(7)));
    static_cast<void>(l.on_event(his_lock{his, true, std::nullopt}));
    EXPECT_EQ(mask(locked(false)), lines{"cast c@h {lock_set,PID,false,[]}"}) << "version 7 has no tags";
    EXPECT_TRUE(l.idle());
}

TEST_F(global_locker, refuses_whom_it_does_not_know) {
    EXPECT_EQ(mask(event(his_lock{his, true, term("my"_a)})), lines{"refuse {lock_set,PID,false,[]}"});
    static_cast<void>(l.on_event(him()));
    EXPECT_EQ(mask(event(his_lock{his, true, term("old"_a)})), lines{"refuse {lock_set,PID,false,[]}"});
}

TEST_F(global_locker, serves_others_when_it_is_free_again) {
    const pid third{"d@h"_a, 2, 1, 4};
    begin_and_lock();
    static_cast<void>(l.on_event(add_candidate{"d@h"_a, third, 8, term("t"_a), term("m"_a)}));
    for (int i = 0; i < 100; ++i)
        EXPECT_TRUE(event(his_lock{third, true, term("m"_a)}).empty());
    static_cast<void>(l.on_event(his_lock{his, true, term("my"_a)}));
    EXPECT_EQ(event(cancel_candidate{"c@h"_a, term("my"_a), {}}), (lines{"del b@h", "del c@h", "set b@h"}));
    static_cast<void>(l.locked(false));
    EXPECT_TRUE(l.idle()) << "asked often, answered once";
}

TEST_F(global_locker, goes_on_at_once_after_a_success) {
    begin_and_lock();
    static_cast<void>(l.on_event(add_candidate{"d@h"_a, {"d@h"_a, 2, 1, 4}, 8, term("t"_a), term("m"_a)}));
    static_cast<void>(l.on_event(his_lock{his, true, term("my"_a)}));
    static_cast<void>(l.on_event(cancel_candidate{"c@h"_a, term("my"_a), {}}));
    EXPECT_EQ(l.patience(), 0ms);
    EXPECT_EQ(l.patience(), 200ms);
}

TEST_F(global_locker, drops_candidates_that_are_known_by_now) {
    static_cast<void>(l.on_event(him()));
    static_cast<void>(l.on_event(known_added{{"c@h"_a}}));
    EXPECT_TRUE(text_of(l.timeout(false, 0)).empty());
    EXPECT_EQ(l.candidates(), 0U);
}

TEST_F(global_locker, both_lockers_make_the_same_identity) {
    locker other("c@h"_a, his);
    static_cast<void>(l.on_event(him()));
    static_cast<void>(other.on_event(add_candidate{"b@h"_a, own, 8, term("t"_a), term("m"_a)}));
    const auto a = l.timeout(false, 0);
    const auto b = other.timeout(false, 0);
    EXPECT_EQ(std::get<locker::set_lock>(a[0]).id, std::get<locker::set_lock>(b[0]).id);
}

}  // namespace
}  // namespace rakka::testing
