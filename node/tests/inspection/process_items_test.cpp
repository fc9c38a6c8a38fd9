// How C++ names and what is known of a process look to Erlang's tools.
#include "inspection/process_items.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <gtest/gtest.h>

#include <string>

namespace rakka::testing {
namespace {

using namespace rakka::literals;

TEST(process_items, a_cpp_name_is_a_module_a_function_and_an_arity) {
    const auto shown = [](std::string_view name) { return detail::mfa_of(name).to_string(); };
    EXPECT_EQ(shown(""), "undefined");
    EXPECT_EQ(shown("main"), "{cpp,main,0}");
    EXPECT_EQ(shown("app::worker"), "{app,worker,0}");
    EXPECT_EQ(shown("app::worker::handle"), "{'app::worker',handle,0}");
    EXPECT_EQ(shown("app::run(int, std::pair<int, long>)"), "{app,run,2}");
    EXPECT_EQ(shown("app::run()"), "{app,run,0}");
    EXPECT_EQ(shown("app::pool<std::vector<int> >::run(char const*) const"),
              "{'app::pool<std::vector<int> >',run,1}");
    EXPECT_EQ(shown("app::(anonymous namespace)::server"), "{'app::(anonymous namespace)',server,0}");
    EXPECT_EQ(shown("(anonymous namespace)::server"), "{'(anonymous namespace)',server,0}");
    EXPECT_EQ(shown("main::{lambda()#1}"), "{main,'{lambda()#1}',0}");
    EXPECT_EQ(shown("f(int)::{lambda(std::string)#2}"), "{'f(int)','{lambda(std::string)#2}',0}");
    // An atom has no room for the names of some templates.
    EXPECT_EQ(detail::mfa_of("a::" + std::string(1000, 'x')).view().tuple()[1].as<atom>()->text().size(),
              200U);
}

process_information some_process() {
    process_information i;
    i.status = process_status::waiting;
    i.message_queue_len = 3;
    i.monitors = {registered_name{"name"_a, "n@h"_a}};
    i.dictionary = {{term("key"_a), term(1)}};
    i.memory = 4711;
    i.initial_call = "app::worker";
    i.current_function = "app::worker::run(int)";
    return i;
}

TEST(process_items, each_is_a_pair) {
    const process_information i = some_process();
    const auto shown = [&](atom item) { return detail::process_item(i, item).to_string(); };
    EXPECT_EQ(shown("status"_a), "{status,waiting}");
    EXPECT_EQ(shown("message_queue_len"_a), "{message_queue_len,3}");
    EXPECT_EQ(shown("monitors"_a), "{monitors,[{process,{name,n@h}}]}");
    EXPECT_EQ(shown("registered_name"_a), "{registered_name,[]}");
    EXPECT_EQ(shown("initial_call"_a), "{initial_call,{app,worker,0}}");
    EXPECT_EQ(shown("current_stacktrace"_a), "{current_stacktrace,[{'app::worker',run,1,[]}]}");
    EXPECT_EQ(shown("label"_a), "{label,undefined}");
    EXPECT_EQ(shown("heap_size"_a), "{heap_size,0}");
    EXPECT_EQ(detail::process_item(i, term(tuple("dictionary"_a, "key"_a))).to_string(),
              "{{dictionary,key},1}");
    EXPECT_EQ(detail::process_item(i, term(tuple("dictionary"_a, "no"_a))).to_string(),
              "{{dictionary,no},undefined}");
    EXPECT_TRUE(detail::is_process_item("messages"_a));
    EXPECT_TRUE(detail::is_process_item(term(tuple("dictionary"_a, 1)).view()));
    EXPECT_FALSE(detail::is_process_item("nonsense"_a));
    EXPECT_FALSE(detail::is_process_item(term(17).view()));
}

TEST(process_items, without_being_asked_for_any_come_those_a_beam_gives) {
    process_information i = some_process();
    const auto first = [&] { return detail::usual_process_items(i).view().list().head().to_string(); };
    EXPECT_EQ(first(), "{current_function,{'app::worker',run,1}}");
    i.registered_name = "me"_a;
    EXPECT_EQ(first(), "{registered_name,me}");
    EXPECT_EQ(detail::usual_process_items(i).view().list().size(), 17U);
}

}  // namespace
}  // namespace rakka::testing
