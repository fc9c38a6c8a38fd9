// Messages between name servers: what is written can be read, and nothing else.
#include "global/messages.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/parse.hpp>

#include <gtest/gtest.h>

#include <string>
#include <variant>

namespace rakka::testing {
namespace {

using namespace global_fsm;

const pid locker_pid{"a@h"_a, 2, 1, 4};

term cast(const term& body) {
    return tuple("$gen_cast"_a, body);
}
template <class T>
std::optional<T> read(const term& message, const limits& max = {}) {
    const auto m = read_message(message, max);
    const T* const t = m ? std::get_if<T>(&*m) : nullptr;
    return t ? std::optional(*t) : std::nullopt;
}
bool is_message(const std::string& text) {
    const term t = parse_term(text).value();
    return read_message(t, {}).has_value();
}

TEST(global_messages, read_what_they_write) {
    const registration r{term("name"_a), locker_pid, term("method"_a)};
    const name_op gone{{term("old"_a), {}, {}}};
    const version_map known{{"b@h"_a, 8}, {"c@h"_a, 7}};

    const auto init = read<init_connect>(cast(init_connect_body(term(5), "a@h"_a, known, locker_pid)));
    ASSERT_TRUE(init);
    EXPECT_EQ(init->version, 8);
    EXPECT_EQ(init->tag, term(5));
    EXPECT_EQ(init->node, "a@h"_a);
    EXPECT_EQ(init->locker, locker_pid);

    const auto ack = read<init_connect_ack>(init_connect_ack_message("a@h"_a, term(1), term(2)));
    ASSERT_TRUE(ack);
    EXPECT_EQ(ack->receivers_tag, term(1));
    EXPECT_EQ(ack->senders_tag, term(2));

    const auto lock = read<lock_set>(cast(lock_set_body(locker_pid, true, {"b@h"_a}, term(3))));
    ASSERT_TRUE(lock);
    EXPECT_TRUE(lock->set);
    EXPECT_EQ(lock->tag, term(3));
    const auto old_lock = read<lock_set>(cast(lock_set_body(locker_pid, false, {}, std::nullopt)));
    ASSERT_TRUE(old_lock);
    EXPECT_FALSE(old_lock->tag);

    const auto names = read<exchange>(cast(exchange_body("a@h"_a, {r}, term(4))));
    ASSERT_TRUE(names);
    EXPECT_EQ(names->names, std::vector<registration>{r});
    EXPECT_EQ(names->tag, term(4));

    const auto res = read<resolved>(
        cast(resolved_body("a@h"_a, {{r}, gone}, known, {{term("e"_a), locker_pid, "z@h"_a}}, term(6))));
    ASSERT_TRUE(res);
    EXPECT_EQ(res->ops, (std::vector<name_op>{{r}, gone}));
    EXPECT_EQ(res->known, (std::vector<node_version>{{"b@h"_a, 8}, {"c@h"_a, 7}}));
    ASSERT_EQ(res->external.size(), 1U);
    EXPECT_EQ(res->external[0].node, "z@h"_a);

    const auto news =
        read<new_nodes>(cast(new_nodes_body("a@h"_a, {gone}, {}, {{"b@h"_a, 8}}, 8, term("requester"_a))));
    ASSERT_TRUE(news);
    EXPECT_EQ(news->lock_requester, term("requester"_a));
    EXPECT_EQ(news->nodes, (std::vector<node_version>{{"b@h"_a, 8}}));

    EXPECT_EQ(read<in_sync>(cast(in_sync_body("a@h"_a)))->node, "a@h"_a);
    EXPECT_EQ(read<cancel_connect>(cancel_connect_message("a@h"_a, term(7)))->tag, term(7));
    EXPECT_EQ(read<remove_connection>(remove_connection_message("a@h"_a))->node, "a@h"_a);
    const auto loss = read<lost_connection>(lost_connection_message({"a@h"_a, term(1), -9, "b@h"_a}));
    ASSERT_TRUE(loss);
    EXPECT_EQ(loss->number, -9);
    EXPECT_EQ(loss->lost, "b@h"_a);
}

TEST(global_messages, shapes_that_BEAMs_of_other_versions_send) {
    EXPECT_TRUE(is_message("{'$gen_cast',{new_nodes,a@h,[],[],[b@h,c@h],[]}}")) << "nodes without versions";
    EXPECT_TRUE(is_message("{'$gen_cast',{new_nodes,a@h,[],[],[{b@h,0}],[{vsn,8}]}}"));
    EXPECT_TRUE(is_message("{'$gen_cast',{resolved,a@h,[],[],unused,[],-5}}"));
}

TEST(global_messages, anything_else_is_none) {
    for (const char* text : {
             "x",
             "{}",
             "{'$gen_cast',x}",
             "{'$gen_cast',{}}",
             "{'$gen_cast',{init_connect,8,a@h,x}}",
             "{'$gen_cast',{init_connect,{8},a@h,{locker,x,y,z}}}",
             "{'$gen_cast',{init_connect,{8,1},a@h,{locker,x,y,not_a_pid}}}",
             "{'$gen_cast',{init_connect,{eight,1},a@h,{locker,x,y,z}}}",
             "{'$gen_cast',{init_connect,{4,1},a@h,{locker,x,y,z}}}",
             "{'$gen_cast',{init_connect,{99999999999999999999,1},a@h,{locker,x,y,z}}}",
             "{'$gen_cast',{lock_set,x,true,[],1}}",
             "{'$gen_cast',{exchange,a@h,x,[],1}}",
             "{'$gen_cast',{exchange,a@h,[x],[],1}}",
             "{'$gen_cast',{exchange,a@h,[{x,y,z}],[],1}}",
             "{'$gen_cast',{exchange,a@h,[{x,y}|z],[],1}}",
             "{'$gen_cast',{exchange,<<1>>,[],[],1}}",
             "{'$gen_cast',{resolved,a@h,[{insert,x}],[],unused,[],1}}",
             "{'$gen_cast',{resolved,a@h,[{replace,x}],[],unused,[],1}}",
             "{'$gen_cast',{resolved,a@h,[],[1],unused,[],1}}",
             "{'$gen_cast',{resolved,a@h,[],[{b@h,x}],unused,[],1}}",
             "{'$gen_cast',{resolved,a@h,[],[],unused,[x],1}}",
             "{'$gen_cast',{new_nodes,a@h,[],[],x,[]}}",
             "{'$gen_cast',{in_sync,1,true}}",
             "{init_connect_ack,1,2,3}",
             "{cancel_connect,1,2}",
             "{lost_connection,a@h,x,1,b@h}",
             "{lost_connection,a@h,1,1.0,b@h}",
             "{lost_connection,a@h,1,99999999999999999999,b@h}",
             "{remove_connection,[]}",
             "{remove_connection}",
         })
        EXPECT_FALSE(is_message(text)) << text;
}

TEST(global_messages, lists_of_nodes_are_bounded) {
    const limits max{.nodes = 2};
    const std::vector<node_version> two{{"a@h"_a, 8}, {"b@h"_a, 8}};
    EXPECT_TRUE(read<new_nodes>(cast(new_nodes_body("a@h"_a, {}, {}, two, 8, term(1))), max));
    auto three = two;
    three.push_back({"c@h"_a, 8});
    EXPECT_FALSE(read<new_nodes>(cast(new_nodes_body("a@h"_a, {}, {}, three, 8, term(1))), max));
}

TEST(global_messages, identities_of_locks) {
    const auto reads = [](const char* text) {
        const term t = parse_term(text).value();
        return read_lock_id(t).has_value();
    };
    EXPECT_TRUE(reads("{r,x}"));
    EXPECT_FALSE(reads("{r}"));
    EXPECT_FALSE(reads("r"));
}

}  // namespace
}  // namespace rakka::testing
