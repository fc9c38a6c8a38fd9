// A service of C++ called from Erlang and Elixir: by messages, by erpc, and through the Elixir module it
// prints.
#include "support/otp_test.hpp"
#include "support/rakka_peer.hpp"

#include <rakka/otp.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace rakka::interop {
namespace {

struct counts {
    std::int64_t total = 0;
};

service<counts> counter() {
    return service<counts>("counter")
        .call("add", [](counts& c, std::int64_t n) { return c.total += n; })
        .call("greet", [](const counts&, const std::string& who) { return "hello " + who; })
        .cast("reset", [](counts& c) { c.total = 0; });
}

class service_interop : public otp_test {
protected:
    void SetUp() override {
        otp_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        cpp = std::make_unique<rakka_peer>("cpp", options("any"), epmd());
        counter().export_to(cpp->system().exports());
        cpp->system().run([] { static_cast<void>(counter().start().value()); });
    }

    std::unique_ptr<rakka_peer> cpp;
};
RAKKA_OTP_TEST_SUITE(service_interop);

TEST_P(service_interop, erlang_calls_it_by_message_and_by_erpc) {
    auto erl = start_erlang("erl");
    const std::string target = "{counter, " + cpp->name() + "}";
    EXPECT_EQ(erl.eval("gen_server:call(" + target + ", {add, 3})"), "3");
    EXPECT_EQ(erl.eval("erpc:call(" + cpp->name() + ", counter, add, [4])"), "7");
    EXPECT_EQ(erl.eval("begin ok = gen_server:cast(" + target + ", reset), gen_server:call(" + target +
                       ", {add, 1}) end"),
              "1");
    EXPECT_EQ(erl.eval("rpc:call(" + cpp->name() + ", counter, greet, [<<\"you\">>])"), "<<\"hello you\">>");
    EXPECT_EQ(
        erl.eval("{error, {bad_request, #{expected => [<<\"{add, integer()}\">>], got => {add, one}}}} =:= "
                 "gen_server:call(" +
                 target + ", {add, one})"),
        "true");
    EXPECT_EQ(
        erl.eval("try erpc:call(" + cpp->name() +
                 ", counter, add, [one]) catch error:{exception, R, [{M, F, A, _} | _]} -> {R, M, F, A} end"),
        "{function_clause,counter,add,[one]}");
}

TEST_P(service_interop, elixir_compiles_the_module_it_prints_and_calls_it) {
    auto elixir = start_elixir("ex");
    const std::string source =
        counter().elixir_module("Counter", cpp->name().substr(1, cpp->name().size() - 2));
    std::string quoted;
    for (const char c : source)
        quoted += c == '"' || c == '\\' ? std::string("\\") + c
                  : c == '\n'           ? std::string("\\n")
                                        : std::string(1, c);
    elixir.eval_elixir("Code.eval_string(\"" + quoted + "\")");
    EXPECT_EQ(elixir.eval_elixir("Counter.add(41)"), "41");
    EXPECT_EQ(elixir.eval_elixir("Counter.reset()"), ":ok");
    EXPECT_EQ(elixir.eval_elixir("Counter.add(1)"), "1");
    EXPECT_EQ(elixir.eval_elixir("Counter.greet(\"you\")"), "\"hello you\"");
}

}  // namespace
}  // namespace rakka::interop
