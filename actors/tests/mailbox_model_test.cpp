// Every interleaving of producers and owner on the mailbox's one atomic word: nothing is lost, doubled,
// reordered or left without a wake-up.
#include "mailbox.hpp"

#include <boost/context/fiber.hpp>
#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <map>
#include <utility>
#include <vector>

namespace rakka::detail {
namespace {

/// Runs a few threads of a model, one atomic operation at a time, in every possible order: each run follows a
/// list of choices, and the last choice that had an alternative is advanced for the next run.
class explorer {
public:
    /// `make` builds the threads anew for each run; `check` looks at the outcome. Returns the number of runs.
    template <class Make, class Check>
    std::size_t explore(Make make, Check check) {
        std::size_t runs = 0;
        do {
            run(make());
            check();
            ++runs;
        } while (advance());
        return runs;
    }

    /// Called by the model's atomics: somebody else may go first. Nothing happens outside of a run.
    static void step() {
        if (current_ == nullptr) return;
        explorer& self = *current_;
        self.running_ = std::move(self.running_).resume();
    }

private:
    struct choice {
        std::size_t taken;
        std::size_t options;
    };

    void run(std::vector<std::function<void()>> threads) {
        current_ = this;
        std::vector<boost::context::fiber> waiting;
        for (auto& body : threads) {
            waiting.emplace_back([this, &body](boost::context::fiber&& scheduler) {
                running_ = std::move(scheduler);
                body();
                return std::move(running_);
            });
        }
        depth_ = 0;
        while (!waiting.empty()) {
            const std::size_t next = choose(waiting.size());
            boost::context::fiber thread = std::move(waiting[next]);
            waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(next));
            thread = std::move(thread).resume();
            if (thread)
                waiting.insert(waiting.begin() + static_cast<std::ptrdiff_t>(next), std::move(thread));
        }
        current_ = nullptr;
    }

    std::size_t choose(std::size_t options) {
        if (depth_ == choices_.size()) choices_.push_back({0, options});
        return choices_[depth_++].taken;
    }

    bool advance() {
        while (!choices_.empty() && choices_.back().taken + 1 == choices_.back().options)
            choices_.pop_back();
        if (choices_.empty()) return false;
        ++choices_.back().taken;
        return true;
    }

    static inline explorer* current_ = nullptr;
    boost::context::fiber running_;  // while a thread runs: the way back to the explorer
    std::vector<choice> choices_;
    std::size_t depth_ = 0;
};

/// An atomic whose every operation is a point where another thread may go first.
template <class T>
class model_atomic {
public:
    explicit(false) model_atomic(T value) : value_(value) {}
    T load(std::memory_order) const {
        explorer::step();
        return value_;
    }
    void store(T value, std::memory_order) {
        explorer::step();
        value_ = value;
    }
    T exchange(T value, std::memory_order) {
        explorer::step();
        return std::exchange(value_, value);
    }
    bool compare_exchange_weak(T& expected, T desired, std::memory_order, std::memory_order) {
        explorer::step();
        if (value_ != expected) {
            expected = value_;
            return false;
        }
        value_ = desired;
        return true;
    }
    bool compare_exchange_strong(T& expected, T desired, std::memory_order success,
                                 std::memory_order failure) {
        return compare_exchange_weak(expected, desired, success, failure);
    }

private:
    T value_;
};

using model_mailbox = basic_mailbox<model_atomic>;
using pushed = model_mailbox::pushed;

/// A producer of two signals, one of a single signal, and an owner that takes until it has seen what it waits
/// for.
struct model {
    model_mailbox box;
    signal signals[3]{};  // 0, 1: first producer; 2: second
    std::vector<std::size_t> taken;
    std::size_t refused = 0;
    int wakes = 0;
    int sleeps = 0;
    bool asleep = false;
    bool closed = false;

    void produce(std::size_t first, std::size_t count) {
        for (std::size_t i = first; i < first + count; ++i) {
            const pushed how = box.push(signals[i]);
            if (how == pushed::refused) ++refused;
            if (how == pushed::wake_owner) {
                ++wakes;
                EXPECT_TRUE(asleep) << "woken while awake";
                asleep = false;
            }
        }
    }

    /// As produce(), but what it brings to a sleeper it puts where the owner would.
    void hand_over(std::size_t first, std::size_t count) {
        for (std::size_t i = first; i < first + count; ++i) {
            if (!box.try_wake()) {
                produce(i, 1);
                continue;
            }
            ++wakes;
            EXPECT_TRUE(asleep) << "woken while awake";
            asleep = false;
            taken.push_back(i);
        }
    }

    /// One slice: take, and sleep when there is nothing more.
    void run_slice() {
        take_all();
        asleep = true;
        if (box.try_sleep()) {
            ++sleeps;
        } else {
            asleep = false;
        }
    }

    void take_all() {
        for (signal* s = box.take(); s != nullptr; s = s->next)
            taken.push_back(static_cast<std::size_t>(s - signals));
    }

    void expect_order_of_each_producer() const {
        std::map<std::size_t, std::size_t> place;
        for (std::size_t i = 0; i < taken.size(); ++i)
            EXPECT_TRUE(place.emplace(taken[i], i).second) << "doubled";
        if (!place.contains(1)) return;
        ASSERT_TRUE(place.contains(0)) << "the earlier one was lost";
        EXPECT_LT(place[0], place[1]);
    }
};

/// Explores the two producers beside one slice of the owner; returns how many interleavings there are.
std::size_t explore_a_slice(void (model::*first)(std::size_t, std::size_t),
                            void (model::*second)(std::size_t, std::size_t)) {
    std::unique_ptr<model> m;
    return explorer().explore(
        [&] {
            m = std::make_unique<model>();
            m->box.open();
            return std::vector<std::function<void()>>{[&] { ((*m).*first)(0, 2); },
                                                      [&] { ((*m).*second)(2, 1); }, [&] { m->run_slice(); }};
        },
        [&] {
            EXPECT_EQ(m->refused, 0u);
            if (m->asleep) {
                EXPECT_EQ(m->taken.size(), 3u) << "asleep with signals waiting";
            } else {
                EXPECT_EQ(m->wakes, m->sleeps) << "a sleeper nobody woke, or woken twice";
                m->take_all();
            }
            EXPECT_EQ(m->taken.size(), 3u);
            m->expect_order_of_each_producer();
        });
}

TEST(mailbox_model, whatever_the_order_nothing_is_lost_and_a_sleeper_is_woken_once) {
    EXPECT_GT(explore_a_slice(&model::produce, &model::produce), 1000u);
}

TEST(mailbox_model, what_is_handed_to_a_sleeper_is_neither_lost_nor_doubled_nor_overtaken) {
    EXPECT_GT(explore_a_slice(&model::hand_over, &model::hand_over), 1000u);
    EXPECT_GT(explore_a_slice(&model::hand_over, &model::produce), 1000u);
    EXPECT_GT(explore_a_slice(&model::produce, &model::hand_over), 1000u);
}

TEST(mailbox_model, after_closing_every_signal_is_either_taken_or_refused) {
    std::unique_ptr<model> m;
    explorer e;
    const std::size_t runs = e.explore(
        [&] {
            m = std::make_unique<model>();
            m->box.open();
            return std::vector<std::function<void()>>{[&] { m->produce(0, 2); }, [&] { m->produce(2, 1); },
                                                      [&] {
                                                          while (!m->box.try_close())
                                                              m->take_all();
                                                          m->closed = true;
                                                      }};
        },
        [&] {
            EXPECT_TRUE(m->closed);
            EXPECT_EQ(m->taken.size() + m->refused, 3u);
            EXPECT_EQ(m->wakes, 0);
            m->expect_order_of_each_producer();
        });
    EXPECT_GT(runs, 1000u);
}

}  // namespace
}  // namespace rakka::detail
