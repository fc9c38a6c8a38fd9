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

INSTANTIATE_TEST_SUITE_P(schedulers, gen_server_throws, in_each_shape(), name_of_shape);

}  // namespace
}  // namespace rakka
