// As kill_everywhere_test.cpp, with the two processes in two systems: a process that is ended at any point
// leaves nothing behind on the other node either.
#include "kill_everywhere_support.hpp"
#include "memory_router.hpp"

#include <rakka/actors/gen_protocol.hpp>

namespace rakka::testing {
namespace {

/// What is on its way to the other system.
class held_back final : public outbox {
public:
    explicit held_back(rakka::system& to) : to_(to) {}
    void post(action a) override { queue_.push_back(std::move(a)); }
    bool deliver_one() {
        if (queue_.empty()) return false;
        const action a = std::move(queue_.front());
        queue_.pop_front();
        a(to_);
        return true;
    }

private:
    rakka::system& to_;
    std::deque<action> queue_;
};

system_options one_reduction_at_a_time(std::uint64_t seed) {
    return {.simulation = true, .seed = seed, .reorder_signals = seed % 2 == 1, .reductions = 1};
}

/// Two simulated systems that are joined.
struct joined {
    explicit joined(std::uint64_t seed, bool busy)
        : here(one_reduction_at_a_time(seed)), there(one_reduction_at_a_time(seed)) {
        etf::local_origin::set_identity(here.origin(), {"here@test"_a, 1});
        etf::local_origin::set_identity(there.origin(), {"there@test"_a, 1});
        from_here.busy = busy;
        from_here.serve_spawn = [this](rakka::system& s, const reference& ref, const pid& parent,
                                       const term& options) { serve_spawn(s, ref, parent, options); };
        here.set_router(&from_here);
        there.set_router(&from_there);
    }
    ~joined() {
        EXPECT_EQ(here.stop(), 0U);
        EXPECT_EQ(there.stop(), 0U);
    }
    bool carry() {
        // A busy connection has room again whenever something has left it.
        const bool left = to_there.deliver_one();
        if (left && from_here.busy) {
            for (const pid& p : here.processes())
                if (here.core().table.find(p.id)->resumes == 0) here.resume(p);
        }
        return left || to_here.deliver_one();
    }
    /// As a node does: the answer comes before all else that the parent hears of its child.
    void serve_spawn(rakka::system& s, const reference& ref, const pid& parent, const term& options) {
        const pid child = s.spawn([] { static_cast<void>(receive()); });
        std::uint32_t flags = 0;
        for (const term_view o : options.list())
            flags |= o.is_atom("link"_a) ? 1U : o.is_atom("monitor"_a) ? 2U : 0U;
        if ((flags & 1) != 0) s.deliver_link(parent, child);
        if ((flags & 2) != 0) s.deliver_monitor(parent, child, ref);
        from_there.spawn_reply(ref, parent, flags, child);
    }

    rakka::system here;
    rakka::system there;
    held_back to_there{there};
    held_back to_here{here};
    memory_router from_here{to_there};
    memory_router from_there{to_here};
};

void rest(stage&) {
    receive_for_ever();
}

const operation operations[] = {
    {"send and receive",
     [](stage& s) {
         register_name("pinger"_a, self()).value();
         for (int i = 0; i < 3; ++i) {
             send(s.other, tuple(self(), "some bytes to carry", i));
             static_cast<void>(receive());
         }
     },
     [](stage&) {
         for (;;) {
             send(element<pid>(receive(), 0), tuple("pong"_a, "some bytes to carry"));
             send(registered_name{"pinger"_a, "here@test"_a}, "again"_a);
         }
     }},
    {"calls",
     [](stage& s) {
         for (const atom what : {"answer"_a, "keep_quiet"_a}) {
             static_cast<void>(gen::call(s.other, "$gen_call"_a, tuple(what, "bytes"), 50ms));
             static_cast<void>(gen::call(registered_name{"server"_a, "there@test"_a}, "$gen_call"_a,
                                         tuple(what, "bytes"), std::nullopt));
         }
     },
     [](stage&) {
         register_name("server"_a, self()).value();
         for (;;) {
             const auto request = gen::as_request(receive());
             if (request && request->body.is_tagged("answer"_a, 2)) reply(request->sender, request->body);
         }
     }},
    {"monitor",
     [](stage& s) {
         demonitor(monitor(s.other));
         demonitor(monitor(registered_name{"nobody"_a, "there@test"_a}), {.flush = true});
         static_cast<void>(monitor(s.other, {.alias = monitor_alias::demonitor}));
         receive_for_ever();
     },
     [](stage& s) {
         static_cast<void>(monitor(s.one));
         demonitor(monitor(s.one), {.flush = true});
         receive_for_ever();
     }},
    {"link and unlink",
     [](stage& s) {
         link(s.other);
         unlink(s.other);
         link(s.other);
         unlink(s.other);
         receive_for_ever();
     },
     [](stage& s) {
         link(s.one);
         unlink(s.one);
         receive_for_ever();
     }},
    {"links that stay",
     [](stage& s) {
         link(s.other);
         send(s.other, "linked"_a);
         receive_for_ever();
     },
     [](stage& s) {
         link(s.one);
         static_cast<void>(receive());
         receive_for_ever();
     },
     false, false, "killed"},
    {"aliases",
     [](stage& s) {
         const reference a = alias();
         const reference b = alias({.reply = true});
         send(s.other, tuple(a, b));
         static_cast<void>(receive());
         const reference c = monitor(s.other, {.alias = monitor_alias::reply_demonitor});
         send(s.other, tuple(c, a));
         static_cast<void>(receive());
         unalias(a);
     },
     [](stage&) {
         for (;;) {
             const term m = receive();
             for (std::size_t i : {0U, 1U, 1U})
                 send(element<reference>(m, i), tuple("reply"_a, "some bytes to carry"));
         }
     }},
    {"spawns that wait",
     [](stage&) {
         const pid plain = spawn("there@test"_a, "m"_a, "f"_a, list());
         EXPECT_TRUE(mailbox_is_empty());
         const auto [watched, ref] = spawn_monitor("there@test"_a, "m"_a, "f"_a, list());
         EXPECT_TRUE(mailbox_is_empty());
         send(watched, "end"_a);
         static_cast<void>(receive_if(ref, [&](term_view m) { return is_down(ref, m); }));
         spawn_link("there@test"_a, "m"_a, "f"_a, list());
         send(plain, "end"_a);
         receive_for_ever();
     },
     &rest},
    {"exits and group leaders",
     [](stage& s) {
         exit(s.other, "normal"_a);
         group_leader(self(), s.other);
         exit(s.other, "shot"_a);
         const reference ref = monitor(s.other);
         static_cast<void>(receive_if(ref, [&](term_view m) { return is_down(ref, m); }));
     },
     &rest, false, false, "shot"},
};

class kill_everywhere_remote : public ::testing::TestWithParam<std::uint64_t> {
protected:
    static void try_all(const ending_kind& how, bool busy = false) {
        for (const operation& what : operations) {
            try_every_point(what, how, [busy](const auto& body) {
                joined both(GetParam(), busy);
                theatre where(both.here, both.there, GetParam(), [&] { return both.carry(); });
                body(where);
            });
        }
    }
};
/// 0: in order. Odd ones reorder signals.
INSTANTIATE_TEST_SUITE_P(seeds, kill_everywhere_remote, ::testing::Range(std::uint64_t{0}, std::uint64_t{4}));

TEST_P(kill_everywhere_remote, kill) {
    try_all({who::one, "kill"_a, false});
}

TEST_P(kill_everywhere_remote, kill_of_the_other_side) {
    try_all({who::other, "kill"_a, false});
}

TEST_P(kill_everywhere_remote, an_exit_signal) {
    try_all({who::one, "stop"_a, false});
}

TEST_P(kill_everywhere_remote, kill_over_a_busy_connection) {
    try_all({who::one, "kill"_a, false}, true);
    try_all({who::other, "kill"_a, false}, true);
}

TEST_P(kill_everywhere_remote, kill_of_one_whose_destructors_send_and_wait) {
    try_all({who::one, "kill"_a, true});
}

}  // namespace
}  // namespace rakka::testing
