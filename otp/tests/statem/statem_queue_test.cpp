// The engine of gen_statem without a process: the order of events, and what becomes of timeouts.
#include "statem/statem_queue.hpp"

#include "statem/statem_terms.hpp"

#include <rakka/etf/build.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace rakka::detail {
namespace {

using statem::event;
using statem::event_type;
using statem::timeout_key;
using statem::timeout_time;
using std::chrono::milliseconds;
using change = statem::action::set_timeout;

/// Timers by number; which ones run, and in what order they were started and cancelled.
class recorded_timers : public statem_timers {
public:
    reference start(const timeout_key& key, const timeout_time& time) override {
        ++count_;
        log.push_back("start " + to_term(key).to_string() + " " + std::to_string(time.value().count()));
        const reference r = numbered(count_);
        running.emplace_back(r, key);
        return r;
    }
    void cancel(const reference& timer) override {
        const auto found =
            std::find_if(running.begin(), running.end(), [&](const auto& r) { return r.first == timer; });
        ASSERT_NE(found, running.end()) << "a timer is cancelled that does not run";
        log.push_back("cancel " + to_term(found->second).to_string());
        running.erase(found);
    }
    static reference numbered(std::uint32_t n) {
        reference r;
        r.size = 3;
        r.creation = 1;
        r.words[0] = n;
        return r;
    }

    std::vector<std::pair<reference, timeout_key>> running;
    std::vector<std::string> log;

private:
    std::uint32_t count_ = 0;
};

event cast(int n) {
    return event::cast(n);
}
timeout_key named(atom name) {
    return {event_type::generic_timeout, name};
}
const timeout_key event_timeout{event_type::timeout, {}};
const timeout_key state_timeout{event_type::state_timeout, {}};

statem_effects postponing() {
    statem_effects e;
    e.postpone = true;
    return e;
}
statem_effects inserting(std::initializer_list<event> events) {
    statem_effects e;
    e.inserted.assign(events);
    return e;
}

/// The next event; nothing when there is none. What the place held before makes no difference.
std::optional<event> next_of(statem_queue& queue) {
    std::optional<event> out(event::internal("before"_a));
    if (!queue.next(out)) out.reset();
    return out;
}

class statem_queue_test : public testing::Test {
protected:
    void finish(event done, bool changes, statem_effects effects = {}) {
        queue.finish(std::move(done), changes, std::move(effects), timers);
    }
    void timeouts(std::vector<change> changes, bool state_changes = false) {
        statem_effects effects;
        effects.timeouts.assign(std::make_move_iterator(changes.begin()),
                                std::make_move_iterator(changes.end()));
        finish(cast(0), state_changes, std::move(effects));
    }
    /// What comes without a message, in order.
    std::vector<std::string> drain() {
        std::vector<std::string> out;
        while (auto e = next_of(queue))
            out.push_back(e->to_term().to_string());
        return out;
    }
    using lines = std::vector<std::string>;

    statem_queue queue;
    recorded_timers timers;
};

TEST_F(statem_queue_test, is_idle_until_something_happens) {
    EXPECT_TRUE(queue.idle());
    EXPECT_FALSE(next_of(queue));
    finish(cast(1), true);
    EXPECT_TRUE(queue.idle());
}

TEST_F(statem_queue_test, postponed_events_come_again_in_order_when_the_state_has_changed_and_not_before) {
    for (int i = 1; i <= 3; ++i)
        finish(cast(i), false, postponing());
    EXPECT_EQ(drain(), lines{});
    ASSERT_EQ(queue.postponed().size(), 3u);
    EXPECT_EQ(queue.postponed().front().to_term().to_string(), "{cast,1}");
    finish(cast(4), true);
    EXPECT_EQ(drain(), (lines{"{cast,1}", "{cast,2}", "{cast,3}"}));
    EXPECT_TRUE(queue.postponed().empty());
}

TEST_F(statem_queue_test, an_event_that_changes_the_state_and_is_postponed_comes_last_of_those_retried) {
    finish(cast(1), false, postponing());
    finish(cast(2), true, postponing());
    EXPECT_EQ(drain(), (lines{"{cast,1}", "{cast,2}"}));
}

TEST_F(statem_queue_test, inserted_events_come_before_retried_ones_and_those_before_what_was_queued) {
    finish(cast(1), false, postponing());
    finish(cast(2), false, inserting({event::internal(10), event::internal(11)}));
    finish(*next_of(queue), true, inserting({event::internal(20), cast(21)}));
    EXPECT_EQ(drain(), (lines{"{internal,20}", "{cast,21}", "{cast,1}", "{internal,11}"}));
}

TEST_F(statem_queue_test, zero_timeouts_come_after_all_queued_events_in_the_order_of_the_actions) {
    statem_effects effects;
    effects.timeouts = {{named("a"_a), milliseconds(0), 1},
                        {state_timeout, milliseconds(0), 2},
                        {named("b"_a), milliseconds(0), 3}};
    effects.inserted = {event::internal(4)};
    finish(cast(0), false, std::move(effects));
    EXPECT_EQ(drain(), (lines{"{internal,4}", "{{timeout,a},1}", "{state_timeout,2}", "{{timeout,b},3}"}));
    EXPECT_TRUE(timers.log.empty()) << "a zero timeout needs no timer";
}

TEST_F(statem_queue_test, any_event_stops_the_event_timeout_and_no_other) {
    timeouts({{event_timeout, milliseconds(5), 1},
              {state_timeout, milliseconds(6), 2},
              {named("n"_a), milliseconds(7), 3}});
    timers.log.clear();
    finish(cast(1), false);
    EXPECT_EQ(timers.log, lines{"cancel timeout"});
}

TEST_F(statem_queue_test, another_state_stops_the_state_timeout_and_leaves_generic_ones) {
    timeouts({{state_timeout, milliseconds(6), 2}, {named("n"_a), milliseconds(7), 3}});
    timers.log.clear();
    finish(cast(1), true);
    EXPECT_EQ(timers.log, lines{"cancel state_timeout"});
    EXPECT_EQ(timers.running.size(), 1u);
}

TEST_F(statem_queue_test, timeouts_that_a_state_change_sets_are_set_after_it_has_stopped_the_old_ones) {
    timeouts({{state_timeout, milliseconds(6), 2}});
    timers.log.clear();
    timeouts({{state_timeout, milliseconds(9), 3}}, true);
    EXPECT_EQ(timers.log, (lines{"cancel state_timeout", "start state_timeout 9"}));
}

TEST_F(statem_queue_test, the_last_of_several_settings_of_a_timeout_counts) {
    timeouts({{state_timeout, milliseconds(6), 1},
              {named("n"_a), milliseconds(7), 2},
              {state_timeout, milliseconds(8), 3}});
    EXPECT_EQ(timers.log, (lines{"start state_timeout 8", "start {timeout,n} 7"}));
}

TEST_F(statem_queue_test, a_timeout_set_again_is_restarted_and_infinity_stops_it) {
    timeouts({{named("n"_a), milliseconds(7), 1}});
    timeouts({{named("n"_a), milliseconds(8), 2}});
    EXPECT_EQ(timers.log, (lines{"start {timeout,n} 7", "cancel {timeout,n}", "start {timeout,n} 8"}));
    timeouts({{named("n"_a), std::nullopt, 3}});
    EXPECT_EQ(timers.log.back(), "cancel {timeout,n}");
    EXPECT_TRUE(timers.running.empty());
    timeouts({{named("n"_a), std::nullopt, 3}});
    EXPECT_TRUE(queue.timeouts()->empty());
}

TEST_F(statem_queue_test, an_update_changes_the_content_alone) {
    timeouts({{named("n"_a), milliseconds(7), 1}});
    timeouts({{named("n"_a), statem::update_t{}, 2}});
    EXPECT_EQ(timers.log, lines{"start {timeout,n} 7"});
    const auto e = queue.expired(named("n"_a), timers.running.front().first);
    ASSERT_TRUE(e);
    EXPECT_EQ(e->to_term().to_string(), "{{timeout,n},2}");
}

TEST_F(statem_queue_test, an_update_of_what_does_not_run_is_due_at_once) {
    timeouts({{named("n"_a), statem::update_t{}, 1}, {event_timeout, statem::update_t{}, 2}});
    EXPECT_EQ(drain(), (lines{"{{timeout,n},1}", "{timeout,2}"}));
}

TEST_F(statem_queue_test, an_update_keeps_the_place_of_a_zero_timeout_and_a_restart_does_not) {
    const auto two = [&] {
        timeouts({{named("a"_a), milliseconds(0), 1}, {named("b"_a), milliseconds(0), 2}});
    };
    two();
    timeouts({{named("a"_a), statem::update_t{}, 3}});
    EXPECT_EQ(drain(), (lines{"{{timeout,a},3}", "{{timeout,b},2}"}));
    two();
    timeouts({{named("a"_a), milliseconds(0), 3}});
    EXPECT_EQ(drain(), (lines{"{{timeout,b},2}", "{{timeout,a},3}"}));
}

TEST_F(statem_queue_test, a_zero_timeout_can_be_stopped_and_made_later_before_it_has_come) {
    timeouts({{named("a"_a), milliseconds(0), 1}, {named("b"_a), milliseconds(0), 2}});
    timeouts({{named("a"_a), std::nullopt, 0}, {named("b"_a), milliseconds(5), 3}});
    EXPECT_EQ(drain(), lines{});
    EXPECT_EQ(timers.log, lines{"start {timeout,b} 5"});
    const auto e = queue.expired(named("b"_a), timers.running.front().first);
    ASSERT_TRUE(e);
    EXPECT_EQ(e->to_term().to_string(), "{{timeout,b},3}");
}

TEST_F(statem_queue_test, a_timer_that_is_not_the_newest_of_its_timeout_is_none_of_ours) {
    timeouts({{state_timeout, milliseconds(5), 1}});
    EXPECT_FALSE(queue.expired(state_timeout, recorded_timers::numbered(99)));
    EXPECT_FALSE(queue.expired(named("n"_a), timers.running.front().first));
    EXPECT_TRUE(queue.expired(state_timeout, timers.running.front().first));
    EXPECT_FALSE(queue.expired(state_timeout, timers.running.front().first)) << "it has come already";
}

TEST_F(statem_queue_test, an_absolute_zero_is_due_at_once) {
    timeouts({{state_timeout, timeout_time::at(std::chrono::nanoseconds(0)), 1}});
    EXPECT_EQ(drain(), lines{"{state_timeout,1}"});
}

TEST_F(statem_queue_test, shrinking_gives_everything_back_that_is_empty_and_loses_nothing) {
    timeouts({{state_timeout, milliseconds(5), 1}});
    finish(cast(1), false, postponing());
    queue.shrink();
    EXPECT_EQ(queue.postponed().size(), 1u);
    ASSERT_TRUE(queue.has_timeouts());
    EXPECT_TRUE(queue.expired(state_timeout, timers.running.front().first));
    queue.shrink();
    EXPECT_FALSE(queue.has_timeouts());
}

// -- against a model
// ----------------------------------------------------------------------------------------------------------

/// The rules of the reference page written down naively: one list of all events, one of postponed ones, a
/// map.
struct model {
    std::deque<std::string> queue;
    std::deque<std::string> postponed;
    std::map<std::string, std::pair<std::string, bool>> timeouts;  // key: content, due at once
    std::vector<std::string> due;

    void stop(const std::string& key) {
        timeouts.erase(key);
        due.erase(std::remove(due.begin(), due.end(), key), due.end());
    }
    void set(const std::string& key, const std::string& content, bool now) {
        stop(key);
        timeouts[key] = {content, now};
        if (now) due.push_back(key);
    }
    std::string next() {
        if (!queue.empty()) {
            std::string first = queue.front();
            queue.pop_front();
            return first;
        }
        if (due.empty()) return {};
        const std::string key = due.front();
        std::string first = "{" + key + "," + timeouts[key].first + "}";
        stop(key);
        return first;
    }
};

class statem_queue_random : public testing::TestWithParam<std::uint32_t> {
protected:
    /// One transition with random effects, to both.
    void step(event done, const std::string& text) {
        const bool changes = chance(4);
        statem_effects effects;
        effects.postpone = chance(3);
        if (effects.postpone) expected.postponed.push_back(text);
        expected.stop("timeout");
        if (changes) {
            expected.stop("state_timeout");
            expected.queue.insert(expected.queue.begin(), expected.postponed.begin(),
                                  expected.postponed.end());
            expected.postponed.clear();
        }
        std::vector<std::string> inserted;
        for (; chance(3) && inserted.size() < 3;) {
            effects.inserted.push_back(event::internal(++number));
            inserted.push_back("{internal," + std::to_string(number) + "}");
        }
        expected.queue.insert(expected.queue.begin(), inserted.begin(), inserted.end());
        change_timeouts(effects.timeouts);
        queue.finish(std::move(done), changes, std::move(effects), timers);
    }
    void change_timeouts(decltype(statem_effects::timeouts)& changes) {
        const std::vector<timeout_key> keys{event_timeout, state_timeout, named("x"_a), named("y"_a)};
        std::vector<timeout_key> left(keys);
        std::shuffle(left.begin(), left.end(), random);
        for (const timeout_key& key : left) {
            if (!chance(3)) continue;
            const std::string k = to_term(key).to_string();
            const std::string content = std::to_string(++number);
            switch (random() % 4) {
                case 0:
                    changes.push_back({key, milliseconds(0), number});
                    expected.set(k, content, true);
                    break;
                case 1:
                    changes.push_back({key, milliseconds(9), number});
                    expected.set(k, content, false);
                    break;
                case 2:
                    changes.push_back({key, std::nullopt, number});
                    expected.stop(k);
                    break;
                default:
                    changes.push_back({key, statem::update_t{}, number});
                    if (expected.timeouts.contains(k)) {
                        expected.timeouts[k].first = content;
                    } else {
                        expected.set(k, content, true);
                    }
            }
        }
    }
    bool chance(std::uint32_t one_in) { return random() % one_in == 0; }

    std::mt19937 random{GetParam()};
    std::int64_t number = 0;
    model expected;
    statem_queue queue;
    recorded_timers timers;
};

TEST_P(statem_queue_random, does_what_the_reference_page_says) {
    for (int i = 0; i < 400; ++i) {
        const std::string want = expected.next();
        auto e = next_of(queue);
        ASSERT_EQ(e ? e->to_term().to_string() : "", want) << "step " << i;
        if (!e && !timers.running.empty() && chance(2)) {  // a timer fires
            const auto [timer, key] = timers.running[random() % timers.running.size()];
            e = queue.expired(key, timer);
            ASSERT_TRUE(e);
            std::erase_if(timers.running, [&r = timer](const auto& t) { return t.first == r; });
            const std::string k = to_term(key).to_string();
            ASSERT_EQ(e->to_term().to_string(), "{" + k + "," + expected.timeouts[k].first + "}");
            expected.stop(k);
        }
        if (!e) e = cast(static_cast<int>(++number));
        const std::string text = e->to_term().to_string();
        step(*std::move(e), text);
        const std::size_t with_timer =
            static_cast<std::size_t>(std::count_if(expected.timeouts.begin(), expected.timeouts.end(),
                                                   [](const auto& t) { return !t.second.second; }));
        ASSERT_EQ(timers.running.size(), with_timer) << "step " << i;
        ASSERT_EQ(queue.postponed().size(), expected.postponed.size());
    }
}

INSTANTIATE_TEST_SUITE_P(seeds, statem_queue_random, testing::Range(0u, 60u));

}  // namespace
}  // namespace rakka::detail
