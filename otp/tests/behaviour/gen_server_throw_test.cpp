// Terms that leave the callbacks of a server as exceptions: Erlang's throw/1.
#include "behaviour/behaviour_support.hpp"

#include <rakka/actors/send.hpp>
#include <rakka/otp/gen_server.hpp>

#include <gtest/gtest.h>

#include <chrono>

namespace rakka {
namespace {

using namespace std::chrono_literals;

class gen_server_throws : public behaviour_test {};

/// Throws a term wherever it can.
class throws_terms final : public gen_server {
public:
    throws_terms(pid observer, atom where) : observer_(observer), where_(where) {}

private:
    result at(atom place) {
        if (where_ == place) throw term("ball"_a);
        return noreply();
    }
    result init() override { return where_ == "continue"_a ? noreply().then_continue(1) : at("init"_a); }
    result handle_call(const term&, const from&) override { return at("call"_a); }
    result handle_cast(const term&) override { return at("cast"_a); }
    result handle_info(const term& m) override {
        if (m.is_atom("stop"_a)) return stop_with("why"_a);
        return at("info"_a).timeout_after(0ms);
    }
    result handle_timeout() override { return at("timeout"_a); }
    result handle_continue(const term&) override { return at("continue"_a); }
    void terminate(term_view reason) override {
        send(observer_, tuple("terminated"_a, term::copy(reason)));
        throw term("last ball"_a);
    }
    pid observer_;
    atom where_;
};

// As in OTP, where a throw returns from the callback.
TEST_P(gen_server_throws, a_term_that_a_callback_throws_is_a_bad_return_value) {
    in_process([] {
        const term why = tuple("bad_return_value"_a, "ball"_a);
        EXPECT_EQ(gen_server::start<throws_terms>({}, self(), "init"_a).error().reason, why);
        for (const atom where : {"call"_a, "cast"_a, "info"_a, "timeout"_a, "continue"_a, "terminate"_a}) {
            const auto [server, ref] = gen_server::start_monitor<throws_terms>({}, self(), where).value();
            const term reason = where == "terminate"_a ? term("why"_a) : why;
            if (where == "call"_a) {
                EXPECT_EQ(gen_server::try_call(server, 1).error().reason, reason) << where.text();
            } else {
                gen_server::cast(server, 1);
                send(server, where == "terminate"_a ? "stop"_a : where);
            }
            EXPECT_EQ(next_message(), term(tuple("terminated"_a, reason))) << where.text();
            EXPECT_EQ(next_message(), term(tuple("DOWN"_a, ref, "process"_a, server, reason)))
                << where.text();
        }
    });
}

TEST_P(gen_server_throws, a_result_that_init_throws_counts_as_returned) {
    class throws_its_result final : public gen_server {
    public:
        explicit throws_its_result(bool starts) : starts_(starts) {}

    private:
        result init() override { throw starts_ ? noreply() : stop_with("why"_a); }
        result handle_call(const term& request, const from&) override { return reply(request); }
        bool starts_;
    };
    in_process([] {
        EXPECT_EQ(gen_server::start<throws_its_result>({}, false).error().reason, term("why"_a));
        const auto started = gen_server::start<throws_its_result>({}, true);
        ASSERT_TRUE(started);
        EXPECT_EQ(gen_server::call(*started, 1), term(1));
    });
}

/// Answers a call and goes on to handle_continue(), which throws what it is told to. Each of the two results
/// may be thrown or returned.
class throws_in_continue final : public gen_server {
    result handle_call(const term& request, const from&) override {
        if (request.is_atom("ping"_a)) return reply("pong"_a);
        if (request.tuple()[0].is_atom("throw"_a)) throw first(request);
        return first(request);
    }
    result handle_cast(const term& request) override { throw noreply().then_continue(request); }
    result handle_continue(const term& what) override {
        if (what.is_atom("reply"_a)) throw reply("second"_a);
        throw noreply();
    }
    static result first(const term& request) {
        return reply("first"_a).then_continue(request.share(request.tuple()[1]));
    }
};

TEST_P(gen_server_throws, a_result_that_handle_continue_throws_counts_as_returned_by_it) {
    in_process([] {
        for (const atom how : {"return"_a, "throw"_a}) {
            const auto [server, ref] = gen_server::start_monitor<throws_in_continue>().value();
            EXPECT_EQ(gen_server::call(server, term(tuple(how, "go_on"_a))), term("first"_a)) << how.text();
            gen_server::cast(server, "go_on"_a);
            EXPECT_EQ(gen_server::call(server, "ping"_a), term("pong"_a)) << "it lives; " << how.text();
            // A second reply is one to nobody.
            EXPECT_EQ(gen_server::call(server, term(tuple(how, "reply"_a))), term("first"_a)) << how.text();
            const term down = next_message();
            EXPECT_TRUE(down.is_tagged("DOWN"_a, 5)) << down.to_string();
            EXPECT_TRUE(down.tuple()[4].is_tagged("bad_return_value"_a, 2)) << down.to_string();
            EXPECT_FALSE(receive_if([](term_view) { return true; }, std::chrono::nanoseconds{0}))
                << how.text();
        }
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, gen_server_throws, in_each_shape(), name_of_shape);

}  // namespace
}  // namespace rakka
