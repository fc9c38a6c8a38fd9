// A scene of two processes that can be ended at any point, and the search afterwards for what is left of
// them.
#pragma once

#include "actors_support.hpp"
#include "engine/scheduler_state.hpp"
#include "process_record.hpp"
#include "system_core.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace rakka::testing {

/// What both processes of a scene know. Everything runs on one thread.
struct stage {
    explicit stage(rakka::system& s) : sys(s) {}
    rakka::system& sys;
    pid one;
    pid other;
    pid child;        ///< of `one`, once it has one that may be ended in its place
    int objects = 0;  ///< on the stacks and in the messages of the scene

    struct ending {
        pid whose;
        bool by_link;
        std::string why;
    };
    std::vector<ending> seen;  ///< by the watcher, who is linked to both and monitors both
};

/// An object whose destructor must run.
class counted {
public:
    explicit counted(stage& s) noexcept : stage_(&s) { ++stage_->objects; }
    counted(const counted& c) noexcept : stage_(c.stage_) { ++stage_->objects; }
    counted& operator=(const counted&) = delete;
    ~counted() { --stage_->objects; }

private:
    stage* stage_;
};

using part = void (*)(stage&);
using handler_part = std::unique_ptr<message_handler> (*)(stage&);

/// What the two do, once both have been told to begin. Neither needs to come to an end.
struct operation {
    const char* name;
    std::variant<part, handler_part> one;
    part other;
    bool timers_stay = false;  ///< others', or of last words
    bool traps = false;        ///< only `kill` ends them
    const char* own_reason = "normal";
    friend std::ostream& operator<<(std::ostream& out, const operation& o) { return out << o.name; }
};

inline void wait_for(atom word) {
    static_cast<void>(receive_if([word](term_view m) { return m.is_atom(word); }));
}

/// Receives whatever comes, for ever.
inline void receive_for_ever() {
    for (;;)
        static_cast<void>(receive());
}

/// Which process is ended, and how.
enum class who : std::uint8_t { one, other, child };
struct ending_kind {
    who victim;
    atom reason;
    bool cleanup;  ///< the stacks have destructors that send and wait
};

/// Does in its destructor what destructors may do.
class cleans_up {
public:
    explicit cleans_up(stage& s) noexcept : stage_(&s) {}
    cleans_up(const cleans_up&) = delete;
    cleans_up& operator=(const cleans_up&) = delete;
    ~cleans_up() {
        const defer_exit scope;
        const counted here(*stage_);
        const reference ref = monitor(stage_->other);
        send(stage_->one, "last words"_a);
        static_cast<void>(receive_if(
            ref, [](term_view) { return false; }, 1ms));
        demonitor(ref, {.flush = true});
    }

private:
    stage* stage_;
};

/// Where a scene is played: one simulated system, or two and what carries signals between them.
class theatre {
public:
    explicit theatre(rakka::system& only) : houses_{&only, &only} {}
    /// `carry` delivers one thing, if there is any.
    theatre(rakka::system& first, rakka::system& second, std::uint64_t seed, std::function<bool()> carry)
        : houses_{&first, &second}, carry_(std::move(carry)), turn_(seed) {}

    [[nodiscard]] rakka::system& first() const noexcept { return *houses_[0]; }
    [[nodiscard]] rakka::system& second() const noexcept { return *houses_[1]; }
    [[nodiscard]] bool alive(const pid& p) const noexcept {
        return first().is_alive(p) || second().is_alive(p);
    }
    void exit(const pid& p, atom reason) {
        for_each([&](rakka::system& s) {
            if (detail::is_here(s.core(), p)) s.exit(p, reason);
        });
    }
    template <class F>
    void for_each(F visit) const {
        visit(first());
        if (&second() != &first()) visit(second());
    }

    /// One slice or one delivery; false when nothing can happen without time passing.
    bool step() {
        if (!carry_) return first().run_one();
        for (std::uint64_t tries = 0; tries < 3; ++tries) {
            const std::uint64_t which = turn_++ * 7 / 3 % 3;
            if (which == 2 ? carry_() : houses_[which]->run_one()) return true;
        }
        return first().run_one() || second().run_one() || carry_();
    }
    void settle() {
        while (step()) {
        }
    }
    [[nodiscard]] std::chrono::nanoseconds next_timer() const {
        auto next = detail::never;
        for_each(
            [&](rakka::system& s) { next = std::min(next, s.core().scheduling().internals().next_timer()); });
        return next;
    }
    void advance_to(std::chrono::nanoseconds when) {
        for_each([&](rakka::system& s) { s.core().scheduling().internals().virtual_time.advance_to(when); });
    }
    /// What happens in the next `span`.
    void run_for(std::chrono::nanoseconds span) {
        const auto end = span == detail::never ? span : first().now() + span;
        settle();
        for (auto next = next_timer(); next != detail::never && next <= end; next = next_timer()) {
            advance_to(next);
            settle();
        }
        if (end != detail::never) advance_to(end);
    }

private:
    std::array<rakka::system*, 2> houses_;
    std::function<bool()> carry_;
    std::uint64_t turn_ = 0;
};

/// One performance: begins, is cut off after some steps, and is looked at.
class performance {
public:
    performance(theatre& where, const operation& what, const ending_kind& how)
        : where_(where), what_(what), how_(how), stage_(where.first()) {
        stage_.one = std::visit([this](auto begin) { return cast(where_.first(), begin); }, what.one);
        stage_.other = cast(where_.second(), what.other);
        where.first().spawn([this] { watch(); });
        where.settle();
        where.first().send(stage_.one, "go"_a);
        where.second().send(stage_.other, "go"_a);
    }

    /// False when nothing can happen any more before so many `steps`.
    bool run(std::size_t steps) {
        while (steps != 0) {
            if (where_.step()) {
                --steps;
                continue;
            }
            const auto next = where_.next_timer();
            if (next == detail::never) return false;
            where_.advance_to(next);
        }
        return true;
    }

    /// Ends the victim and looks what is left of it; then ends everybody.
    void cut_off() {
        const pid victim = how_.victim == who::one     ? stage_.one
                           : how_.victim == who::other ? stage_.other
                                                       : stage_.child;
        if (victim.serial != 0) {
            const bool was_alive = where_.alive(victim);
            where_.exit(victim, how_.reason);
            // Last words take their time.
            where_.run_for(how_.cleanup || what_.timers_stay ? 5ms : 0ms);
            EXPECT_FALSE(where_.alive(victim));
            if (how_.victim == who::one && !what_.timers_stay) {
                EXPECT_EQ(where_.next_timer(), detail::never) << "a timer is pending";
            }
            where_.run_for(detail::never);
            if (how_.victim != who::child) expect_news(victim, was_alive);
            where_.for_each([this](rakka::system& s) { expect_no_trace_of_the_dead(s); });
        }
        end_everybody();
    }

    /// The victim's end was told with the reason it was given.
    [[nodiscard]] bool ended_as_asked() const noexcept { return as_asked_; }

private:
    pid cast(rakka::system& house, part play) {
        return house.spawn([this, play] {
            const counted outer(stage_);
            std::optional<cleans_up> cleanup;
            if (how_.cleanup) cleanup.emplace(stage_);
            wait_for("go"_a);
            const counted inner(stage_);
            play(stage_);
        });
    }
    pid cast(rakka::system& house, handler_part make) { return house.spawn(make(stage_)); }

    void watch() {
        trap_exit(true);
        std::array<reference, 2> refs;
        const std::array<pid, 2> whom{stage_.one, stage_.other};
        for (std::size_t i = 0; i < 2; ++i) {
            link(whom[i]);
            refs[i] = monitor(whom[i]);
        }
        for (;;) {
            const term m = receive();
            for (std::size_t i = 0; i < 2; ++i) {
                if (is_down(refs[i], m.view())) stage_.seen.push_back({whom[i], false, text(reason_in(m))});
            }
            if (m.view().is_tagged("EXIT"_a, 3))
                stage_.seen.push_back({element<pid>(m, 1), true, text(reason_in(m))});
        }
    }

    void expect_news(const pid& victim, bool was_alive) {
        std::vector<std::string> by_link;
        std::vector<std::string> by_monitor;
        for (const auto& e : stage_.seen)
            if (e.whose == victim) (e.by_link ? by_link : by_monitor).push_back(e.why);
        ASSERT_EQ(by_link.size(), 1U);
        ASSERT_EQ(by_monitor.size(), 1U);
        EXPECT_EQ(by_link, by_monitor);
        const std::string asked = how_.reason == "kill"_a ? "killed" : std::string(how_.reason.text());
        as_asked_ = by_link.front() == asked;
        if (!was_alive) return;
        // It may have been past its end already.
        EXPECT_TRUE(as_asked_ || by_link.front() == "normal" || by_link.front() == what_.own_reason)
            << by_link.front();
    }

    void expect_alive(const pid& p, const char* where) {
        EXPECT_TRUE(where_.alive(p)) << where << " of a survivor knows the dead " << text(p);
    }

    void expect_no_trace_of_the_dead(rakka::system& house) {
        for (const pid& survivor : house.processes()) {
            const detail::process& p = *house.core().table.find(survivor.id);
            if (!p.related) continue;
            for (const auto& [peer, link] : p.related->links.entries()) {
                EXPECT_TRUE(link.active) << "an unlink was never acknowledged";
                expect_alive(peer, "a link");
            }
            for (const auto& [ref, m] : p.related->monitors.entries())
                if (const auto* const whom = std::get_if<pid>(&m.target)) expect_alive(*whom, "a monitor");
            p.related->watchers.for_each([&](const reference&, const detail::watcher_entry& w) {
                expect_alive(w.watcher, "a watcher");
            });
            EXPECT_TRUE(p.related->spawns.empty());
        }
        for (const atom name : house.registered())
            EXPECT_TRUE(house.whereis(name)) << name.text() << " is registered for nobody";
    }

    void end_everybody() {
        // Both first: the watcher has to outlive them.
        for (const pid& p : {stage_.one, stage_.other})
            where_.exit(p, "kill"_a);
        where_.run_for(detail::never);
        where_.for_each([](rakka::system& house) {
            for (const pid& p : house.processes())
                house.exit(p, "kill"_a);
        });
        where_.run_for(detail::never);
        EXPECT_EQ(stage_.objects, 0) << "destructors that have not run";
        EXPECT_EQ(where_.next_timer(), detail::never);
        where_.for_each([](rakka::system& house) { expect_nothing_left(house); });
    }

    static void expect_nothing_left(rakka::system& house) {
        detail::system_core& core = house.core();
        EXPECT_EQ(house.process_count(), 0U);
        EXPECT_TRUE(house.registered().empty());
        EXPECT_EQ(core.timers.in_use(), 0U);
        for (std::uint32_t slot = 0; slot < core.table.used(); ++slot) {
            const detail::process& p = *core.table.find(slot);
            EXPECT_EQ(p.state, detail::process::phase::free);
            EXPECT_FALSE(p.body || p.handler || p.related || p.reason.has_value());
            EXPECT_FALSE(p.inbox.pending());
            EXPECT_TRUE(p.messages.empty());
        }
    }

    theatre& where_;
    const operation& what_;
    const ending_kind how_;
    stage stage_;
    bool as_asked_ = false;
};

/// Cuts an operation off after 0, 1, 2 … steps; `play` gives it a new theatre each time, calls the function
/// with it, and tells what that returned.
inline void try_every_point(const operation& what, const ending_kind& how,
                            const std::function<void(const std::function<void(theatre&)>&)>& play) {
    constexpr std::size_t far_too_many = 2000;
    std::size_t as_asked = 0;
    std::size_t steps = 0;
    for (bool more = true; more; ++steps) {
        ASSERT_LT(steps, far_too_many) << what.name << " does not come to rest";
        SCOPED_TRACE(std::string(what.name) + ", cut off after " + std::to_string(steps) + " steps");
        play([&](theatre& where) {
            performance show(where, what, how);
            more = show.run(steps);
            show.cut_off();
            as_asked += show.ended_as_asked() ? 1 : 0;
        });
        if (::testing::Test::HasFailure()) return;
    }
    EXPECT_TRUE(as_asked > 0 || how.victim == who::child) << what.name;
}

}  // namespace rakka::testing
