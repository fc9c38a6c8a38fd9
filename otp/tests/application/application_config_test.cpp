// The environment of applications, and files that configure it.
#include "application/application_support.hpp"

#include <cstdio>
#include <fstream>

namespace rakka {
namespace {

class application_config_test : public application_test {};

TEST_P(application_config_test, the_environment_is_the_specifications_unless_configured_or_set) {
    in_process([] {
        applications::set_env("shop"_a, "early"_a, term(1));
        EXPECT_FALSE(applications::configure(list(
            tuple("shop"_a, list(tuple("port"_a, 8080), tuple("extra"_a, true))), tuple("other"_a, list()))));
        load("shop"_a, {.env = {{"port"_a, term(80)}, {"host"_a, term("here"_a)}}});
        EXPECT_EQ(applications::get_env("shop"_a, "port"_a), term(8080));
        EXPECT_EQ(applications::get_env("shop"_a, "host"_a), term("here"_a));
        EXPECT_EQ(applications::get_env("shop"_a, "early"_a), term(1));
        EXPECT_EQ(applications::get_env_or("shop"_a, "port"_a, 1), 8080);
        EXPECT_EQ(applications::get_env_or("shop"_a, "none"_a, 7), 7);
        EXPECT_EQ(applications::get_env_or("shop"_a, "host"_a, 7), 7) << "of another form";
        applications::set_env("shop"_a, "port"_a, term(1));
        applications::unset_env("shop"_a, "host"_a);
        EXPECT_EQ(applications::get_env("shop"_a, "port"_a), term(1));
        EXPECT_FALSE(applications::get_env("shop"_a, "host"_a));
        EXPECT_EQ(applications::get_all_env("shop"_a).size(), 3U);
        EXPECT_FALSE(applications::get_env("nobody"_a, "port"_a));
    });
}

TEST_P(application_config_test, new_configuration_is_told_to_those_that_run) {
    in_process([] {
        load("shop"_a, {.env = {{"a"_a, term(1)}, {"b"_a, term(2)}}});
        ASSERT_TRUE(applications::start("shop"_a));
        static_cast<void>(said());
        EXPECT_FALSE(applications::configure(
            list(tuple("shop"_a, list(tuple("a"_a, 9), tuple("b"_a, 2), tuple("c"_a, 3))))));
        EXPECT_EQ(next_message().to_string(), "{config,1,1}");
        EXPECT_EQ(applications::get_env("shop"_a, "a"_a), term(9));
        applications::stop_all();
    });
}

TEST_P(application_config_test, a_file_of_erlang_terms_configures_and_says_where_it_is_wrong) {
    const std::string folder = testing::TempDir() + "rakka_config_" + GetParam().name;
    const auto write = [&](const std::string& name, const std::string& text) {
        std::ofstream(folder + name) << text;
        return folder + name;
    };
    const std::string second = write("_more.config", "[{shop, [{b, 3}]}].");
    const std::string name = second.substr(second.rfind('/') + 1);
    const std::string first =
        write(".config", "%% of a test\n[{shop, [{a, \"text\"}, {b, 2}]},\n \"" + name + "\"].\n");
    const std::string broken = write("_broken.config", "[{shop,\n [{a, 1]}].\n");
    const std::string shape = write("_shape.config", "[{shop, [a]}].\n");
    in_process([&] {
        load("shop"_a);
        EXPECT_FALSE(applications::load_config(first));
        EXPECT_EQ(applications::get_env_or("shop"_a, "b"_a, 0), 3);
        EXPECT_EQ(applications::get_env("shop"_a, "a"_a)->to_string(), "\"text\"");
        EXPECT_EQ(applications::load_config(broken)->what.substr(broken.size(), 5), ":2:8:");
        EXPECT_EQ(applications::load_config(shape)->what, shape + ": of shop: expected {Key, Value}, not a");
        EXPECT_EQ(applications::load_config("/no/such/file")->what, "/no/such/file: cannot be read");
        EXPECT_TRUE(applications::configure(term(7)));
    });
    for (const std::string& file : {first, second, broken, shape})
        std::remove(file.c_str());
}

INSTANTIATE_TEST_SUITE_P(schedulers, application_config_test, in_each_shape(), name_of_shape);

}  // namespace
}  // namespace rakka
