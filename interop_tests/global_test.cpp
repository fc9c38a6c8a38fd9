// Rakka nodes as members of `global` together with real BEAMs: names, locks, conflicts, lost nodes.
#include "support/otp_test.hpp"
#include "support/rakka_peer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

class global_names : public otp_test {
protected:
    rakka_peer start_rakka(const std::string& alive) {
        return {alive, options("unused"), epmd(), {.workers = 2}, node_visibility::visible};
    }
    static pid start_sleeper(rakka_peer& p) {
        return p.system().spawn([] {
            while (!receive().is_atom("stop"_a)) {
            }
        });
    }
    /// Waits up to 20 s.
    template <class F>
    static bool soon(F done) {
        const auto end = std::chrono::steady_clock::now() + 20s;
        while (!done()) {
            if (std::chrono::steady_clock::now() > end) return false;
            std::this_thread::sleep_for(10ms);
        }
        return true;
    }
    static std::optional<pid> find(rakka_peer& p, const term& name) {
        return p.system().run([&] { return global::whereis_name(name); });
    }
    static std::chrono::milliseconds time_of(beam_node& node, const std::string& expression,
                                             const std::string& value) {
        const auto begin = std::chrono::steady_clock::now();
        EXPECT_EQ(node.eval(expression), value);
        return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                     begin);
    }
};
RAKKA_OTP_TEST_SUITE(global_names);

TEST_P(global_names, a_visible_node_holds_up_nobody) {
    auto cpp = start_rakka("cpp");
    auto erl = start_erlang("erl");
    EXPECT_EQ(erl.eval("net_adm:ping(" + cpp.name() + ")"), "pong");
    EXPECT_LT(time_of(erl, "global:sync()", "ok"), 3s);
    EXPECT_EQ(erl.eval("gen_server:call(global_name_server, get_known)"), "['cpp@127.0.0.1']");
    EXPECT_EQ(erl.eval("gen_server:call(global_name_server, get_synced)"), "['cpp@127.0.0.1']");
    EXPECT_EQ(erl.eval("gen_server:call({global_name_server, " + cpp.name() + "}, get_synced)"),
              "['erl@127.0.0.1']");
    EXPECT_EQ(erl.eval("gen_server:call({global_name_server, " + cpp.name() + "}, get_known)"),
              "['erl@127.0.0.1']");
    EXPECT_EQ(erl.eval("gen_server:call({global_name_server, " + cpp.name() + "}, get_protocol_version)"),
              "8");
    EXPECT_EQ(erl.eval("gen_server:call({global_name_server, " + cpp.name() + "}, get_names_ext)"), "[]");
    EXPECT_LT(time_of(erl, "global:set_lock({r, self()})", "true"), 1s);
    EXPECT_LT(time_of(erl, "global:trans({s, self()}, fun() -> done end)", "done"), 1s);
    EXPECT_LT(time_of(erl, "global:register_name(n, self())", "yes"), 1s);
    EXPECT_LT(time_of(erl, "global:sync()", "ok"), 1s);
}

TEST_P(global_names, we_dial_and_sync) {
    auto cpp = start_rakka("cpp");
    auto erl = start_erlang("erl");
    ASSERT_TRUE(cpp.node().ping("erl@127.0.0.1"_a));
    cpp.system().run([] { global::sync(); });
    EXPECT_EQ(erl.eval("global:sync(), gen_server:call(global_name_server, get_synced)"),
              "['cpp@127.0.0.1']");
}

}  // namespace
}  // namespace rakka::interop
