// The command `rakka` against real nodes: ping, names, send, and a doctor that is shown one thing broken
// after the other.
#include "support/command_fixture.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class command : public command_test {
protected:
    /// The doctor's last words: which step failed, and a part of the cause or the cure.
    void expect_diagnosis(const outcome& o, const std::string& step, const std::string& part) {
        EXPECT_EQ(o.status, 1) << o.output;
        EXPECT_THAT(o.output, HasSubstr("\n" + step + std::string(11 - step.size(), ' ') + "FAILED"));
        EXPECT_THAT(o.output, HasSubstr(part));
        EXPECT_THAT(o.output, HasSubstr("cure: "));
    }
    /// A file of options for the command, as for a BEAM.
    std::string optfile(const std::string& authority = "ca") {
        return files()
            .write("command.conf", "[{client, [{verify, verify_peer}, {cacertfile, \"" +
                                       files().authority(authority).string() + "\"}]}].\n")
            .string();
    }
};
RAKKA_OTP_TEST_SUITE(command);

TEST_P(command, pings_lists_and_sends) {
    auto erl = start_erlang("erl");
    EXPECT_EQ(run_with("ping", "erl@127.0.0.1").output, "pong\n");
    const auto names = run({"names", "127.0.0.1", "--epmd-port", std::to_string(epmd().port())});
    EXPECT_EQ(names.status, 0);
    EXPECT_THAT(names.output, MatchesRegex("erl +port [0-9]+\n"));

    erl.eval(
        "register(box, spawn(fun() -> receive M -> receive {ask, P} -> P ! M end "
        "end end))");
    EXPECT_EQ(run_with("send", "erl@127.0.0.1", {"box", "{hello, [1, <<\"two\">>]}"}).status, 0);
    EXPECT_EQ(erl.eval("box ! {ask, self()}, receive M -> M end"), "{hello,[1,<<\"two\">>]}");

    const auto nobody = run_with("send", "erl@127.0.0.1", {"nobody", "hello"});
    EXPECT_EQ(nobody.status, 1);
    EXPECT_THAT(nobody.output, HasSubstr("no process is registered as nobody"));
    const auto no_term = run_with("send", "erl@127.0.0.1", {"box", "{hello"});
    EXPECT_EQ(no_term.status, 2);
    EXPECT_THAT(no_term.output, HasSubstr("1:7"));
    const auto pang = run_with("ping", "erk@127.0.0.1");
    EXPECT_EQ(pang.status, 1);
    EXPECT_THAT(pang.output, HasSubstr("pang\n"));
}

TEST_P(command, calls_functions) {
    auto erl = start_erlang("erl");
    const auto call = [&](const std::string& what) { return run_with("call", "erl@127.0.0.1", {what}); };
    EXPECT_EQ(call("lists:reverse([1, {two, <<\"3\">>}])").output, "[{two,<<\"3\">>},1]\n");
    EXPECT_EQ(call("erlang:node()").output, "'erl@127.0.0.1'\n");
    EXPECT_EQ(call("erlang:'+'(1, 2)").output, "3\n");
    const auto failed = call("lists:nth(3, [])");
    EXPECT_EQ(failed.status, 1);
    EXPECT_THAT(failed.output, HasSubstr("function_clause"));
    EXPECT_THAT(failed.output, HasSubstr("lists"));
    EXPECT_THAT(call("nothing:here()").output, HasSubstr("undef"));
    for (const char* const nonsense : {"lists:reverse", "lists", "lists:reverse([1)", ":x()", "a:b()c"})
        EXPECT_EQ(call(nonsense).status, 2) << nonsense;
}

TEST_P(command, uses_few_names) {
    auto erl = start_erlang("erl");
    erl.eval(
        "register(log, spawn(fun() -> net_kernel:monitor_nodes(true, [{node_type, all}]), "
        "(fun L(All) -> receive {nodeup, N, _} -> L([N | All]); {ask, P} -> P ! lists:usort(All); "
        "_ -> L(All) end end)([]) end))");
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(run_with("ping", "erl@127.0.0.1").status, 0);
    EXPECT_EQ(erl.eval("log ! {ask, self()}, receive All -> length(All) end"), "1");
}

TEST_P(command, the_doctor_finds_nothing_wrong_with_what_works) {
    auto erl = start_erlang("erl");
    const auto o = run_with("doctor", "erl@127.0.0.1");
    EXPECT_EQ(o.status, 0) << o.output;
    for (const char* const step : {"name ", "host ", "epmd ", "node ", "handshake ", "cookie ", "clock "})
        EXPECT_THAT(o.output, HasSubstr(step));
    EXPECT_THAT(o.output, ::testing::Not(HasSubstr("FAILED")));
}

TEST_P(command, the_doctor_finds_what_is_wrong_on_the_way) {
    auto erl = start_erlang("erl");
    const auto name = run_with("doctor", "erl@127.0.0.1", {"--name", "me@here"});
    EXPECT_EQ(name.status, 1);
    EXPECT_THAT(name.output, HasSubstr("nodes of the two kinds never connect"));
    expect_diagnosis(run_with("doctor", "erl@host.invalid"), "host", "/etc/hosts");
    expect_diagnosis(run({"doctor", "erl@127.0.0.1", "--cookie", "c", "--epmd-port", "9"}), "epmd",
                     "does not answer");
    expect_diagnosis(run_with("doctor", "erk@127.0.0.1"), "node", "did you mean erl@127.0.0.1?");
    expect_diagnosis(run_with("doctor", "erl@127.0.0.1", {"--port", "9"}), "port", "firewall");
    expect_diagnosis(run_with("doctor", "erl@127.0.0.1", {"--cookie", "another"}), "handshake",
                     "the cookies differ");
    expect_diagnosis(run_with("doctor", "erl@127.0.0.1", {"--tls", optfile()}), "tls",
                     "leave it out for others");
    erl.eval("net_kernel:allow(['somebody@else.where'])");
    expect_diagnosis(run_with("doctor", "erl@127.0.0.1"), "flags", "net_kernel:allow/1");
    erl.freeze();
    expect_diagnosis(run_with("doctor", "erl@127.0.0.1", {"--timeout", "0.5"}), "handshake",
                     "whether the node hangs");
    erl.thaw();
}

TEST_P(command, the_doctor_knows_certificates) {
    beam_tls t;
    t.server = "{verify, verify_none}";
    {
        beam_node erl{beam("erl", t)};
        const auto fine = run_with("doctor", "erl@127.0.0.1", {"--tls", optfile()});
        EXPECT_EQ(fine.status, 0) << fine.output;
        EXPECT_THAT(fine.output, HasSubstr("TLSv1."));
        expect_diagnosis(run_with("doctor", "erl@127.0.0.1", {"--tls", optfile("others")}), "tls",
                         "into the cacertfile");
        expect_diagnosis(run_with("doctor", "erl@127.0.0.1"), "tls", "give --tls FILE");
    }
    t.server_certificate = {.subject = "beam", .from = -48h, .until = -24h};
    {
        beam_node erl{beam("erl", t)};
        expect_diagnosis(run_with("doctor", "erl@127.0.0.1", {"--tls", optfile()}), "tls",
                         "or set the clock");
    }
    t.server_certificate = {.subject = "beam", .hosts = "DNS:elsewhere.example"};
    beam_node erl{beam("erl", t)};
    expect_diagnosis(run_with("doctor", "erl@127.0.0.1", {"--tls", optfile()}), "tls",
                     "a certificate for the host part");
}

}  // namespace
}  // namespace rakka::interop
