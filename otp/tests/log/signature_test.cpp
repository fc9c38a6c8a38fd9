#include "log/signature.hpp"

#include <gtest/gtest.h>

#include <string>

namespace rakka::log {
namespace {

std::string of(std::string_view text) {
    const signature s = parts_of_signature(text);
    return s.name + "/" + std::to_string(s.parameters);
}

// As g++, clang and the demangler write them.
TEST(signature, name_and_number_of_parameters) {
    EXPECT_EQ(of("main"), "main/0");
    EXPECT_EQ(of("int main()"), "main/0");
    EXPECT_EQ(of("void calc::add(int, std::map<int, int>)"), "calc::add/2");
    EXPECT_EQ(of("calc::add(int, std::map<int, int>) const"), "calc::add/2");
    EXPECT_EQ(of("std::vector<std::pair<int, int> > f(int) [with T = g(int, int)]"), "f/1");
    EXPECT_EQ(of("(anonymous namespace)::f(int)"), "(anonymous namespace)::f/1");
    EXPECT_EQ(of("rakka::(anonymous namespace)::f(void (*)(int, int), int)"),
              "rakka::(anonymous namespace)::f/2");
    EXPECT_EQ(of("main::{lambda(int)#1}::operator()(int) const"), "main::{lambda(int)#1}::operator()/1");
    EXPECT_EQ(of("f(int (&) [2])"), "f/1");
    EXPECT_EQ(of(""), "/0");
    EXPECT_EQ(of("("), "/0");
    EXPECT_EQ(of(">>>("), ">>>/0");
}

}  // namespace
}  // namespace rakka::log
