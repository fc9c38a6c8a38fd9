// The machine of one scope: what it knows, whom it tells, and how much others can make it hold.
#include "pg/scope.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>

namespace rakka::testing {
namespace {

using namespace pg_fsm;

const pid own{{}, 1, 1, 4};

pid here(std::uint32_t number) {
    return {{}, number, 1, 4};
}
pid there(atom node, std::uint32_t number) {
    return {node, number, 1, 4};
}
pid scope_of(atom node, std::uint32_t number = 1) {
    return there(node, number);
}
reference ref(std::uint32_t n) {
    reference r;
    r.creation = 4;
    r.size = 1;
    r.words[0] = n;
    return r;
}

/// What was said, in words: "b@h.1 <- {join,…}".
struct listener {
    static std::string name(const pid& p) {
        return (p.is_local() ? "here" : std::string(p.node.text())) + "." + std::to_string(p.id);
    }
    void hear(const actions& all) {
        for (const action& a : all) {
            if (const auto* const s = std::get_if<send_to>(&a)) {
                messages.push_back(*s);
            } else if (const auto* const n = std::get_if<send_to_scope>(&a)) {
                sought.emplace_back(n->node.text());
            } else if (const auto* const w = std::get_if<watch>(&a)) {
                const std::string who = name(w->process);
                if (w->on) {
                    EXPECT_TRUE(watched.insert(who).second) << who << " is watched already";
                } else {
                    EXPECT_EQ(watched.erase(who), 1U) << who << " is not watched";
                }
            } else {
                complaints.push_back(std::get<complain>(a).text);
            }
        }
    }
    /// The messages to `p` since the last look, without the references and the sender: "join g 11 12".
    std::vector<std::string> to(const pid& p) {
        std::vector<std::string> texts;
        std::erase_if(messages, [&](const send_to& s) {
            if (s.process != p) return false;
            texts.push_back(text(s.message));
            return true;
        });
        std::sort(texts.begin(), texts.end());
        return texts;
    }
    static std::string ids(term_view t) {
        if (const auto one = t.as<pid>()) return " " + std::to_string(one->id);
        std::vector<std::uint32_t> all;
        for (const term_view e : t.list())
            all.push_back(e.as<pid>().value().id);
        std::sort(all.begin(), all.end());
        std::string out;
        for (const auto id : all)
            out += " " + std::to_string(id);
        return out;
    }
    static std::string text(const term& m) {
        const auto t = m.tuple();
        if (m.is_tagged("join"_a, 4)) return "join " + term::copy(t[2]).to_string() + ids(t[3]);
        if (m.is_tagged("leave"_a, 4)) return "leave " + term::copy(t[3]).to_string() + ids(t[2]);
        if (m.is_tagged("discover"_a, 2)) return "discover";
        if (m.is_tagged("$gen_cast"_a, 2)) {
            std::vector<std::string> groups;
            for (const term_view g : t[1].tuple()[2].list())
                groups.push_back(" " + term::copy(g.tuple()[0]).to_string() + ids(g.tuple()[1]));
            std::sort(groups.begin(), groups.end());
            std::string out = "sync";
            for (const auto& g : groups)
                out += g;
            return out;
        }
        return term::copy(t[1]).to_string() + " " + term::copy(t[2]).to_string() + ids(t[3]);
    }

    std::vector<send_to> messages;
    std::vector<std::string> sought;
    std::set<std::string> watched;
    std::vector<std::string> complaints;
};

using texts = std::vector<std::string>;

class pg_scope_machine : public ::testing::Test {
protected:
    explicit pg_scope_machine(limits max = {}) : s({.name = "pg"_a, .self = own, .max = max}) {}

    void up(atom node) { heard.hear(s.node_up(node)); }
    void down(atom node) { heard.hear(s.node_down(node)); }
    void tell(const peer_message& m) { heard.hear(s.on_message(m)); }
    void ends(const pid& p) {
        heard.watched.erase(listener::name(p));
        heard.hear(s.process_ended(p));
    }
    bool join(const term& group, const std::vector<pid>& pids) {
        actions out;
        const bool done = s.join(group, pids, out);
        heard.hear(out);
        return done;
    }
    bool leave(const term& group, const std::vector<pid>& pids) {
        actions out;
        const bool done = s.leave(group, pids, out);
        heard.hear(out);
        return done;
    }
    /// A peer that knows us and has told that it has nothing.
    void meet(atom node, std::uint32_t number = 1) {
        up(node);
        tell(discover{scope_of(node, number)});
        tell(sync{scope_of(node, number), {}});
        heard.messages.clear();
    }
    static texts names(const std::vector<pid>& pids) {
        texts all;
        for (const pid& p : pids)
            all.push_back(listener::name(p));
        std::sort(all.begin(), all.end());
        return all;
    }
    texts members(const term& group) const { return names(s.members(group)); }
    static texts texts_of(const std::vector<term>& terms) {
        texts all;
        for (const term& t : terms)
            all.push_back(t.to_string());
        std::sort(all.begin(), all.end());
        return all;
    }

    scope s;
    listener heard;
};

TEST_F(pg_scope_machine, lists_a_process_as_often_as_it_has_joined) {
    EXPECT_TRUE(join("g"_a, {here(11)}));
    EXPECT_TRUE(join("g"_a, {here(11), here(12), here(11)}));
    EXPECT_EQ(members("g"_a), (texts{"here.11", "here.11", "here.11", "here.12"}));
    EXPECT_EQ(heard.watched, (std::set<std::string>{"here.11", "here.12"})) << "once each";
    EXPECT_TRUE(leave("g"_a, {here(11)}));
    EXPECT_EQ(members("g"_a), (texts{"here.11", "here.11", "here.12"}));
    EXPECT_TRUE(leave("g"_a, {here(11), here(11), here(11)}));
    EXPECT_EQ(members("g"_a), texts{"here.12"});
    EXPECT_EQ(heard.watched, std::set<std::string>{"here.12"});
}

TEST_F(pg_scope_machine, says_when_nobody_was_a_member) {
    EXPECT_FALSE(leave("g"_a, {here(11)}));
    ASSERT_TRUE(join("g"_a, {here(11)}));
    EXPECT_FALSE(leave("h"_a, {here(11)}));
    EXPECT_FALSE(leave("g"_a, {here(12)}));
    EXPECT_TRUE(leave("g"_a, {here(12), here(11)})) << "one of them was";
    EXPECT_FALSE(leave("g"_a, {here(11)}));
    EXPECT_TRUE(join("g"_a, {}));
    EXPECT_TRUE(s.groups().empty()) << "nobody has joined";
}

TEST_F(pg_scope_machine, has_groups_of_any_term_as_long_as_they_have_members) {
    const term group = tuple("room"_a, 1, list("x"_a));
    ASSERT_TRUE(join(group, {here(11)}));
    meet("b@h"_a);
    tell(joined{scope_of("b@h"_a), "g"_a, {there("b@h"_a, 21)}});
    tell(joined{scope_of("b@h"_a), group, {there("b@h"_a, 21)}});
    EXPECT_EQ(texts_of(s.groups()), (texts{"g", "{room,1,[x]}"}));
    EXPECT_EQ(texts_of(s.groups_here()), texts{"{room,1,[x]}"});
    EXPECT_EQ(names(s.members_here(group)), texts{"here.11"});
    EXPECT_EQ(members(group), (texts{"b@h.21", "here.11"}));
    EXPECT_EQ(s.all().size(), 2U);
    ASSERT_TRUE(leave(group, {here(11)}));
    EXPECT_TRUE(s.groups_here().empty());
    tell(left{scope_of("b@h"_a), {there("b@h"_a, 21)}, {term("g"_a), group}});
    EXPECT_TRUE(s.groups().empty());
}

TEST_F(pg_scope_machine, exchanges_all_with_a_scope_that_it_meets) {
    ASSERT_TRUE(join("g"_a, {here(11), here(11), here(12)}));
    up("b@h"_a);
    EXPECT_EQ(heard.sought, texts{"b@h"});
    tell(discover{scope_of("b@h"_a)});
    EXPECT_EQ(heard.to(scope_of("b@h"_a)), (texts{"discover", "sync g 11 11 12"}));
    EXPECT_TRUE(heard.watched.contains("b@h.1"));
    tell(sync{scope_of("b@h"_a), {{term("g"_a), {there("b@h"_a, 21)}}}});
    EXPECT_EQ(members("g"_a), (texts{"b@h.21", "here.11", "here.11", "here.12"}));
    tell(discover{scope_of("b@h"_a)});
    EXPECT_EQ(heard.to(scope_of("b@h"_a)), texts{"sync g 11 11 12"}) << "it is known by now";
}

TEST_F(pg_scope_machine, tells_changes_to_those_who_can_understand_them) {
    up("b@h"_a);
    up("c@h"_a);
    tell(sync{scope_of("c@h"_a), {}});
    tell(discover{scope_of("b@h"_a)});
    heard.messages.clear();
    ASSERT_TRUE(join("g"_a, {here(11)}));
    ASSERT_TRUE(join("g"_a, {here(11), here(12)}));
    ASSERT_TRUE(leave("g"_a, {here(12), here(13)}));
    EXPECT_EQ(heard.to(scope_of("b@h"_a)), (texts{"join g 11", "join g 11 12", "leave [g] 12"}));
    EXPECT_TRUE(heard.to(scope_of("c@h"_a)).empty()) << "it has not had our sync";
    ASSERT_TRUE(join("h"_a, {here(11)}));
    ends(here(11));
    const texts last = heard.to(scope_of("b@h"_a));
    ASSERT_EQ(last.size(), 2U);
    EXPECT_TRUE(last[1] == "leave [g,g,h] 11" || last[1] == "leave [h,g,g] 11") << last[1];
    EXPECT_TRUE(s.groups().empty());
}

TEST_F(pg_scope_machine, forgets_a_peer_with_all_its_members) {
    meet("b@h"_a);
    meet("c@h"_a);
    tell(joined{scope_of("b@h"_a), "g"_a, {there("b@h"_a, 21), there("b@h"_a, 22)}});
    tell(joined{scope_of("c@h"_a), "g"_a, {there("c@h"_a, 31)}});
    ends(scope_of("b@h"_a));
    EXPECT_EQ(members("g"_a), texts{"c@h.31"});
    tell(joined{scope_of("b@h"_a), "g"_a, {there("b@h"_a, 21)}});
    EXPECT_EQ(members("g"_a), texts{"c@h.31"}) << "it is not known any more";
    down("c@h"_a);
    EXPECT_TRUE(s.groups().empty());
    EXPECT_TRUE(heard.watched.empty());
    EXPECT_EQ(s.remote_memberships(), 0U);
    meet("c@h"_a);
    tell(sync{scope_of("c@h"_a), {{term("g"_a), {there("c@h"_a, 31)}}}});
    EXPECT_EQ(members("g"_a), texts{"c@h.31"});
}

TEST_F(pg_scope_machine, does_not_mind_which_of_two_processes_of_a_scope_is_heard_of_first) {
    meet("b@h"_a, 1);
    tell(joined{scope_of("b@h"_a, 1), "g"_a, {there("b@h"_a, 21)}});
    tell(discover{scope_of("b@h"_a, 2)});
    tell(sync{scope_of("b@h"_a, 2), {{term("g"_a), {there("b@h"_a, 21)}}}});
    ends(scope_of("b@h"_a, 1));
    EXPECT_EQ(members("g"_a), texts{"b@h.21"});
}

TEST_F(pg_scope_machine, has_nothing_to_do_with_nodes_that_are_hidden_or_gone) {
    tell(discover{scope_of("b@h"_a)});
    tell(sync{scope_of("b@h"_a), {{term("g"_a), {there("b@h"_a, 21)}}}});
    tell(discover{here(77)});
    EXPECT_TRUE(s.groups().empty());
    EXPECT_TRUE(heard.messages.empty());
    EXPECT_TRUE(heard.watched.empty());
}

TEST_F(pg_scope_machine, passes_over_leaves_that_cannot_be) {
    meet("b@h"_a);
    tell(joined{scope_of("b@h"_a), "g"_a, {there("b@h"_a, 21)}});
    tell(left{scope_of("b@h"_a), {there("b@h"_a, 22)}, {term("g"_a), term("h"_a)}});
    tell(left{scope_of("b@h"_a), {there("b@h"_a, 21)}, {term("h"_a)}});
    EXPECT_EQ(members("g"_a), texts{"b@h.21"});
    ends(here(99));
}

// ---- monitors

TEST_F(pg_scope_machine, tells_each_monitor_once_of_each_change) {
    ASSERT_TRUE(s.add_monitor(ref(1), here(51), std::nullopt));
    ASSERT_TRUE(s.add_monitor(ref(2), here(52), term("g"_a)));
    ASSERT_TRUE(s.add_monitor(ref(3), there("b@h"_a, 53), term("g"_a)));
    ASSERT_TRUE(join("g"_a, {here(11), here(11), here(12)}));
    ASSERT_TRUE(join("h"_a, {here(11)}));
    EXPECT_EQ(heard.to(here(51)), (texts{"join g 11 11 12", "join h 11"}));
    EXPECT_EQ(heard.to(here(52)), texts{"join g 11 11 12"});
    EXPECT_EQ(heard.to(there("b@h"_a, 53)), texts{"join g 11 11 12"});
    ASSERT_TRUE(leave("g"_a, {here(12), here(13)}));
    ASSERT_FALSE(leave("g"_a, {here(13)}));
    EXPECT_EQ(heard.to(here(51)), texts{"leave g 12"});
    ends(here(11));
    EXPECT_EQ(heard.to(here(51)), (texts{"leave g 11", "leave g 11", "leave h 11"}));
    EXPECT_EQ(heard.to(here(52)), (texts{"leave g 11", "leave g 11", "leave g 12"}));
}

TEST_F(pg_scope_machine, tells_monitors_what_peers_say) {
    ASSERT_TRUE(s.add_monitor(ref(1), here(51), std::nullopt));
    const pid b = scope_of("b@h"_a);
    const pid p = there("b@h"_a, 21);
    const pid q = there("b@h"_a, 22);
    meet("b@h"_a);
    tell(sync{b, {{term("g"_a), {p}}, {term("h"_a), {p, q}}}});
    EXPECT_EQ(heard.to(here(51)), (texts{"join g 21", "join h 21 22"}));
    tell(sync{b, {{term("h"_a), {q, p}}, {term("g"_a), {p}}}});
    EXPECT_TRUE(heard.to(here(51)).empty()) << "the same in another order";
    tell(sync{b, {{term("h"_a), {q, q}}}});
    EXPECT_EQ(heard.to(here(51)), (texts{"join h 22", "leave g 21", "leave h 21"}));
    tell(left{b, {p}, {term("h"_a)}});
    EXPECT_TRUE(heard.to(here(51)).empty());
    tell(joined{b, "g"_a, {p, p}});
    EXPECT_EQ(heard.to(here(51)), texts{"join g 21 21"});
    down("b@h"_a);
    EXPECT_EQ(heard.to(here(51)), (texts{"leave g 21 21", "leave h 22 22"}));
}

TEST_F(pg_scope_machine, tells_nobody_who_has_ended_the_monitor) {
    ASSERT_TRUE(s.add_monitor(ref(1), here(51), std::nullopt));
    ASSERT_TRUE(s.add_monitor(ref(2), here(51), term("g"_a)));
    EXPECT_TRUE(s.remove_monitor(ref(1)));
    EXPECT_FALSE(s.remove_monitor(ref(1)));
    ASSERT_TRUE(join("g"_a, {here(11)}));
    EXPECT_EQ(heard.to(here(51)).size(), 1U);
    EXPECT_TRUE(s.remove_monitor(ref(2)));
    ASSERT_TRUE(join("g"_a, {here(11)}));
    EXPECT_TRUE(heard.to(here(51)).empty());
}

// ---- limits

class pg_scope_limits : public pg_scope_machine {
protected:
    pg_scope_limits()
        : pg_scope_machine(
              {.memberships_of_node = 5, .memberships_here = 3, .monitors = 2, .peers_of_node = 2}) {}
};

TEST_F(pg_scope_limits, memberships_of_a_node) {
    const pid b = scope_of("b@h"_a);
    const pid p = there("b@h"_a, 21);
    meet("b@h"_a);
    tell(joined{b, "g"_a, {p, p, p}});
    tell(joined{b, "h"_a, {p, p, p}});
    tell(joined{b, "i"_a, {p}});
    EXPECT_EQ(s.remote_memberships(), 5U);
    EXPECT_EQ(s.members("h"_a).size(), 2U);
    EXPECT_EQ(texts_of(s.groups()), (texts{"g", "h"}));
    ASSERT_EQ(heard.complaints.size(), 1U) << "once";
    EXPECT_NE(heard.complaints[0].find("b@h has more than 5 memberships in groups of the scope pg"),
              std::string::npos)
        << heard.complaints[0];
    tell(left{b, {p}, {term("g"_a)}});
    tell(joined{b, "i"_a, {p}});
    EXPECT_EQ(s.members("i"_a).size(), 1U) << "there is room again";
    meet("c@h"_a);
    tell(joined{scope_of("c@h"_a), "g"_a, {there("c@h"_a, 31)}});
    EXPECT_EQ(s.members("g"_a).size(), 3U) << "another node has its own";
    tell(sync{b, {{term("j"_a), std::vector(9, p)}}});
    EXPECT_EQ(s.members("j"_a).size(), 5U);
    EXPECT_EQ(s.remote_memberships(), 6U);
    EXPECT_EQ(heard.complaints.size(), 1U);
    meet("d@h"_a);
    tell(sync{scope_of("d@h"_a), {{term("k"_a), std::vector(9, there("d@h"_a, 41))}}});
    EXPECT_EQ(s.members("k"_a).size(), 5U);
    EXPECT_EQ(heard.complaints.size(), 2U);
}

TEST_F(pg_scope_limits, leaves_of_many_from_many) {
    const pid b = scope_of("b@h"_a);
    const pid p = there("b@h"_a, 21);
    meet("b@h"_a);
    tell(joined{b, "g"_a, {p, p, p}});
    tell(left{b, {p, p}, {term("g"_a), term("h"_a), term("i"_a)}});
    EXPECT_EQ(s.members("g"_a).size(), 3U) << "that is more than fit";
    tell(left{b, {p, p}, {term("g"_a), term("h"_a)}});
    EXPECT_EQ(s.members("g"_a).size(), 1U);
    tell(left{b, {p}, std::vector<term>(9, "g"_a)});
    EXPECT_TRUE(s.groups().empty());
}

TEST_F(pg_scope_limits, memberships_here) {
    EXPECT_TRUE(join("g"_a, {here(11), here(12)}));
    EXPECT_FALSE(join("g"_a, {here(11), here(12)}));
    EXPECT_EQ(s.members("g"_a).size(), 2U) << "nothing has changed";
    EXPECT_TRUE(join("g"_a, {here(11)}));
}

TEST_F(pg_scope_limits, monitors) {
    EXPECT_TRUE(s.add_monitor(ref(1), here(51), std::nullopt));
    EXPECT_TRUE(s.add_monitor(ref(2), here(51), term("g"_a)));
    EXPECT_FALSE(s.add_monitor(ref(3), here(51), term("g"_a)));
    EXPECT_TRUE(s.remove_monitor(ref(1)));
    EXPECT_TRUE(s.add_monitor(ref(3), here(51), term("g"_a)));
}

TEST_F(pg_scope_limits, scopes_of_a_node) {
    up("b@h"_a);
    for (std::uint32_t n = 1; n < 6; ++n)
        tell(discover{scope_of("b@h"_a, n)});
    EXPECT_EQ(heard.watched, (std::set<std::string>{"b@h.1", "b@h.2"}));
    EXPECT_EQ(heard.complaints.size(), 1U);
    ends(scope_of("b@h"_a, 1));
    tell(discover{scope_of("b@h"_a, 6)});
    EXPECT_TRUE(s.knows(scope_of("b@h"_a, 6)));
}

// ---- anything in any order

class pg_scope_random : public pg_scope_limits {
protected:
    std::size_t pick(std::size_t n) { return random_() % n; }
    atom node() { return std::vector{"b@h"_a, "c@h"_a, "d@h"_a}[pick(3)]; }
    term group() { return term(static_cast<int>(pick(4))); }
    std::vector<pid> pids(atom of) {
        std::vector<pid> all;
        for (std::size_t n = pick(4); n != 0; --n)
            all.push_back({of, static_cast<std::uint32_t>(20 + pick(4)), 1, 4});
        return all;
    }
    peer_message message() {
        const atom n = node();
        const pid peer = scope_of(n, static_cast<std::uint32_t>(1 + pick(4)));
        switch (pick(4)) {
            case 0:
                return discover{peer};
            case 1:
                return sync{peer, {{group(), pids(n)}, {group(), pids(n)}}};
            case 2:
                return joined{peer, group(), pids(n)};
            default:
                return left{peer, pids(n), {group(), group()}};
        }
    }
    void step() {
        switch (pick(9)) {
            case 0:
                return up(node());
            case 1:
                return pick(4) == 0 ? down(node()) : void();
            case 2:
                return static_cast<void>(join(group(), pids({})));
            case 3:
                return static_cast<void>(leave(group(), pids({})));
            case 4:
                return ends(pick(2) == 0 ? here(static_cast<std::uint32_t>(20 + pick(4)))
                                         : scope_of(node(), static_cast<std::uint32_t>(1 + pick(4))));
            case 5:
                static_cast<void>(s.add_monitor(ref(++refs_), here(51), group()));
                return;
            case 6:
                s.remove_monitor(ref(static_cast<std::uint32_t>(pick(refs_ + 1))));
                return;
            default:
                return tell(message());
        }
    }
    void check() {
        std::size_t listed = 0;
        for (const auto& [group, pids] : s.all()) {
            EXPECT_FALSE(pids.empty());
            listed += pids.size();
        }
        std::size_t here_listed = 0;
        for (const term& g : s.groups_here())
            here_listed += s.members_here(g).size();
        EXPECT_LE(here_listed, 3U);
        EXPECT_LE(s.remote_memberships(), 15U);
        EXPECT_EQ(listed, here_listed + s.remote_memberships());
        EXPECT_LE(heard.watched.size(), 3U + 6U);
    }

    std::mt19937 random_;
    std::uint32_t refs_ = 0;
};

TEST_F(pg_scope_random, stays_within_its_limits) {
    for (unsigned seed = 0; seed < 50; ++seed) {
        random_.seed(seed);
        for (int i = 0; i < 400; ++i) {
            step();
            if (i % 10 == 0) check();
            if (HasFailure()) FAIL() << "seed " << seed << ", step " << i;
            heard.messages.clear();
        }
    }
    for (const atom n : {"b@h"_a, "c@h"_a, "d@h"_a})
        down(n);
    EXPECT_EQ(s.remote_memberships(), 0U);
}

}  // namespace
}  // namespace rakka::testing
