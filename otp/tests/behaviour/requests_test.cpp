// Requests whose responses are taken later, alone and in collections.
#include "behaviour/behaviour_support.hpp"

#include <rakka/actors/monitors.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/otp/gen_server.hpp>
#include <rakka/otp/requests.hpp>

namespace rakka {
namespace {

using namespace std::chrono_literals;

/// Answers `{echo, X}` at once, `{later, X}` when it is cast `release`, and ends for `stop`.
class slow_echo : public gen_server {
    std::vector<std::pair<from, term>> waiting_;

    result handle_call(const term& request, const from& sender) override {
        if (request.is_tagged("echo"_a, 2)) return reply(request.share(request.tuple()[1]));
        if (request.is_atom("stop"_a)) return stop_with("asked_to"_a);
        waiting_.emplace_back(sender, request.share(request.tuple()[1]));
        return noreply();
    }
    result handle_cast(const term&) override {
        for (const auto& [sender, value] : waiting_)
            rakka::reply(sender, value);
        waiting_.clear();
        return noreply();
    }
};

class requests_test : public behaviour_test {
protected:
    static pid server() { return gen_server::start<slow_echo>().value(); }
    static term echo(int n) { return tuple("echo"_a, n); }
    static term later(int n) { return tuple("later"_a, n); }
};

TEST_P(requests_test, the_response_is_received_later) {
    in_process([] {
        const request_id id = send_request(server(), echo(1));
        const auto answer = receive_response(id);
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->value(), term(1));
        EXPECT_TRUE(no_message());
    });
}

TEST_P(requests_test, the_end_of_the_server_and_a_missing_one_are_responses) {
    in_process([] {
        EXPECT_EQ(receive_response(send_request(server(), "stop"_a))->error().reason, term("asked_to"_a));
        EXPECT_EQ(receive_response(send_request("nobody"_a, echo(1)))->error().reason, term("noproc"_a));
        EXPECT_EQ(receive_response(send_request(via("none"_a, "x"_a), echo(1)))->error().reason,
                  term("noproc"_a));
        EXPECT_EQ(
            receive_response(send_request(registered_name{"x"_a, "far@away"_a}, echo(1)))->error().reason,
            term(tuple("nodedown"_a, "far@away"_a)));
        EXPECT_TRUE(no_message());
    });
}

TEST_P(requests_test, receive_gives_up_after_its_time_and_the_late_reply_never_arrives) {
    in_process([] {
        const pid to = server();
        const request_id id = send_request(to, later(1));
        EXPECT_FALSE(receive_response(id, 10ms));
        gen_server::cast(to, "release"_a);
        EXPECT_EQ(gen_server::call(to, echo(2)), term(2));
        EXPECT_TRUE(no_message());
    });
}

TEST_P(requests_test, wait_may_be_asked_again_after_its_time) {
    in_process([] {
        const pid to = server();
        const request_id id = send_request(to, later(1));
        EXPECT_FALSE(wait_response(id, 10ms));
        EXPECT_FALSE(wait_response(id, 0ms));
        gen_server::cast(to, "release"_a);
        const auto answer = wait_response(id, 10s);
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->value(), term(1));
    });
}

TEST_P(requests_test, check_tells_the_response_from_other_messages) {
    in_process([] {
        const request_id id = send_request(server(), echo(1));
        EXPECT_FALSE(check_response("something else"_a, id));
        const term message = next_message();
        const auto answer = check_response(message, id);
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->value(), term(1));
        EXPECT_TRUE(no_message()) << "the monitor is gone with the reply";
    });
}

TEST_P(requests_test, of_a_collection_the_first_response_is_taken_with_its_label) {
    in_process([] {
        const pid to = server();
        request_ids all;
        all.add(send_request(to, later(1)), "slow"_a);
        all.add(send_request(to, echo(2)), "fast"_a);
        all.add(send_request("nobody"_a, echo(3)), "lost"_a);
        ASSERT_EQ(all.size(), 3U);
        std::vector<std::string> labels;
        for (int i = 0; i < 2; ++i) {
            auto one = all.wait_response(10s);
            ASSERT_TRUE(one);
            labels.push_back(one->label.to_string());
            EXPECT_EQ(one->label.is_atom("fast"_a), one->response.has_value());
        }
        std::sort(labels.begin(), labels.end());
        EXPECT_EQ(labels, (std::vector<std::string>{"fast", "lost"}));
        EXPECT_FALSE(all.wait_response(10ms)) << "the slow one lives on";
        gen_server::cast(to, "release"_a);
        EXPECT_TRUE(all.receive_response(10s)->label.is_atom("slow"_a));
        EXPECT_FALSE(all.receive_response()) << "none is left";
    });
}

TEST_P(requests_test, a_collection_that_is_given_up_leaves_no_reply_behind) {
    in_process([] {
        const pid to = server();
        request_ids all;
        for (int i = 0; i < 10; ++i)
            all.add(send_request(to, later(i)), i);
        EXPECT_FALSE(all.receive_response(10ms));
        EXPECT_EQ(all.size(), 0U);
        gen_server::cast(to, "release"_a);
        EXPECT_EQ(gen_server::call(to, echo(2)), term(2));
        EXPECT_TRUE(no_message());
    });
}

TEST_P(requests_test, multi_call_gathers_replies_and_names_the_nodes_without_one) {
    in_process([] {
        const pid to = gen_server::start<slow_echo>({.name = "multi"_a}).value();
        const atom here = this_system().node_name();
        const auto all = gen_server::multi_call({here, "far@away"_a}, "multi"_a, echo(7), 10s);
        ASSERT_EQ(all.replies.size(), 1U);
        EXPECT_EQ(all.replies[0].first, here);
        EXPECT_EQ(all.replies[0].second, term(7));
        EXPECT_EQ(all.bad_nodes, std::vector<atom>{"far@away"_a});
        const auto late = gen_server::multi_call({here}, "multi"_a, later(1), 10ms);
        EXPECT_TRUE(late.replies.empty());
        EXPECT_EQ(late.bad_nodes, std::vector<atom>{here});
        gen_server::abcast({here, "far@away"_a}, "multi"_a, "release"_a);
        EXPECT_EQ(gen_server::call(to, echo(1)), term(1));
        EXPECT_TRUE(no_message());
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, requests_test, in_each_shape(), name_of_shape);

}  // namespace
}  // namespace rakka
