// A C++ gen_event used from Erlang and Elixir, and gen_events of a BEAM used from C++.
#include "gen_event_mirror.hpp"
#include "support/otp_test.hpp"
#include "support/rakka_peer.hpp"

#include <rakka/actors/testing.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

/// Shows the last message that was no event.
class notes_messages : public event_handler {
    term last_ = "none"_a;
    result handle_event(const term&) override { return ok(); }
    result handle_info(const term& message) override {
        last_ = message;
        return ok();
    }
    [[nodiscard]] term state() const override { return last_; }
};

class gen_event_interop : public otp_test {
protected:
    void SetUp() override {
        otp_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        cpp = std::make_unique<rakka_peer>("cpp", options("any"), epmd());
        gen_event_mirror::export_to(cpp->system().exports());
        cpp->system().run([&] { manager = gen_event::start({.name = "bus"_a}).value(); });
        target = "{bus, " + cpp->name() + "}";
    }
    std::unique_ptr<rakka_peer> cpp;
    pid manager;
    std::string target;
};
RAKKA_OTP_TEST_SUITE(gen_event_interop);

TEST_P(gen_event_interop, erlang_uses_a_cpp_manager_under_its_name) {
    auto erl = start_erlang("erl");
    EXPECT_EQ(erl.eval("net_adm:ping(" + cpp->name() + ")"), "pong");
    EXPECT_EQ(erl.eval("gen_event:add_handler(" + target + ", h, 1)"), "ok");
    EXPECT_EQ(
        erl.eval("[gen_event:notify(" + target + ", {set, [2]}), gen_event:call(" + target + ", h, get)]"),
        "[ok,[2]]");
    EXPECT_EQ(erl.eval("catch gen_event:call({nobody, " + cpp->name() + "}, h, get)")
                  .find("{'EXIT',{noproc,{gen_event,call,"),
              0U);
    EXPECT_EQ(erl.eval("catch gen_event:sync_notify({nobody, " + cpp->name() + "}, x)"), "{'EXIT',noproc}");
    EXPECT_EQ(erl.eval("begin ok = sys:log(" + target + ", true), gen_event:notify(" + target +
                       ", logged), {ok, L} = sys:log(" + target + ", get), ok = sys:no_debug(" + target +
                       "), L end"),
              "[{in,{notify,logged}}]");
    EXPECT_EQ(erl.eval("element(2, sys:get_status(" + target + ")) =:= rpc:call(" + cpp->name() +
                       ", erlang, whereis, [bus])"),
              "true");
}

TEST_P(gen_event_interop, a_supervising_process_of_a_beam_that_is_lost_takes_its_handlers_along) {
    auto erl = start_erlang("erl");
    EXPECT_EQ(erl.eval("begin S = self(), spawn(fun() -> S ! gen_event:add_sup_handler(" + target +
                       ", {h, sup}, 1), timer:sleep(infinity) end), receive ok -> gen_event:which_handlers(" +
                       target + ") end end"),
              "[{h,sup}]");
    cpp->system().run([&] { gen_event::add_handler<notes_messages>(manager).value(); });
    erl.kill();
    cpp->system().run([&] {
        EXPECT_TRUE(testing::wait_until([&] {
            const std::string all = sys::get_state(manager).to_string();
            return all.ends_with(",noconnection}}]") && all.find("{h,") == std::string::npos;
        })) << sys::get_state(manager).to_string();
    });
}

TEST_P(gen_event_interop, cpp_uses_a_manager_of_the_beam) {
    auto erl = start_erlang("erl");
    erl.load_module_source(gen_event_mirror_erl);
    EXPECT_EQ(erl.eval("begin {ok, P} = gen_event:start({local, bus}), is_pid(P) end"), "true");
    cpp->system().run([] {
        trap_exit(true);
        const registered_name bus{"bus"_a, "erl@127.0.0.1"_a};
        const handler_id one("h"_a, 1);
        gen_event::add_sup_handler(bus, {one, "first"_a}).value();
        gen_event::add_handler(bus, {"h"_a, tuple("a"_a, list(1, 2))}).value();
        EXPECT_EQ(gen_event::which_handlers(bus), (std::vector<handler_id>{"h"_a, one}));
        EXPECT_EQ(gen_event::add_handler(bus, {"h"_a, tuple("do"_a, tuple("error"_a, "no"_a))})
                      .error()
                      .reason.to_string(),
                  "{error,no}");
        EXPECT_EQ(gen_event::add_handler(bus, {"nomod"_a, 1})
                      .error()
                      .reason.to_string()
                      .find("{'EXIT',{undef,[{nomod,init,"),
                  0U);
        EXPECT_EQ(gen_event::add_handler<gen_event_mirror>(bus, term(1)).error().reason.to_string(), "badarg")
            << "has no C++";
        gen_event::notify(bus, tuple("set"_a, 17));
        gen_event::sync_notify(bus, "more"_a);
        EXPECT_EQ(gen_event::call(bus, one, "get"_a).to_string(), "17");
        EXPECT_EQ(gen_event::call(bus, "nobody"_a, "get"_a).to_string(), "{error,bad_module}");
        EXPECT_EQ(receive_response(gen_event::send_request(bus, one, "get"_a), 10s)->value().to_string(),
                  "17");
        EXPECT_EQ(sys::get_state(bus).to_string(), "[{h,false,17},{h,1,17}]");
        gen_event::swap_sup_handler(bus, one, "go"_a, {{"h"_a, 2}, "come"_a}).value();
        EXPECT_EQ(receive().to_string(),
                  "{gen_event_EXIT,{h,1},{swapped,{h,2}," + term(self()).to_string() + "}}");
        EXPECT_EQ(gen_event::call(bus, {"h"_a, 2}, "get"_a).to_string(), "{come,{terminated,go,17}}");
        EXPECT_EQ(gen_event::swap_handler(bus, "nobody"_a, 1, {"h"_a, tuple("do"_a, tuple("exit"_a, "no"_a))})
                      .error()
                      .reason.to_string(),
                  "{'EXIT',no}");
        EXPECT_EQ(gen_event::delete_handler(bus, "h"_a, "args"_a).to_string(), "{terminated,args,17}");
        EXPECT_EQ(gen_event::delete_handler(bus, "h"_a, "args"_a).to_string(), "{error,module_not_found}");
        EXPECT_EQ(gen_event::call(bus, {"h"_a, 2}, tuple("do"_a, tuple("exit"_a, "why"_a))).to_string(),
                  "{error,{'EXIT',why}}");
        EXPECT_EQ(receive().to_string(), "{gen_event_EXIT,{h,2},{'EXIT',why}}");
        gen_event::stop(bus);
        EXPECT_TRUE(gen_event::try_call(bus, "h"_a, 1).error().reason.is_atom("noproc"_a));
    });
}

TEST_P(gen_event_interop, elixir_sends_events) {
    auto ex = start_elixir("ex");
    const std::string at = "{:bus, :\"cpp@127.0.0.1\"}";
    EXPECT_EQ(ex.eval_elixir(":gen_event.add_handler(" + at + ", {:h, \"id\"}, %{})"), ":ok");
    EXPECT_EQ(ex.eval_elixir(":gen_event.notify(" + at + ", {:set, [a: nil]})"), ":ok");
    EXPECT_EQ(ex.eval_elixir(":gen_event.call(" + at + ", {:h, \"id\"}, :get) == [a: nil]"), "true");
    EXPECT_EQ(ex.eval_elixir(":gen_event.which_handlers(" + at + ") == [{:h, \"id\"}]"), "true");
}

}  // namespace
}  // namespace rakka::interop
