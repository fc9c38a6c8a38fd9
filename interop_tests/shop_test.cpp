// The session that examples/shop/README.md shows, typed by this test, line by line.
#include "shop/shop.hpp"

#include "support/otp_test.hpp"
#include "support/rakka_peer.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rakka::interop {
namespace {

class shop_session : public otp_test {};
RAKKA_OTP_TEST_SUITE(shop_session);

/// What the page shows behind each `iex> `, and the line below it.
std::vector<std::pair<std::string, std::string>> lines_of_the_page() {
    std::ifstream page(RAKKA_SHOP_SESSION);
    std::vector<std::pair<std::string, std::string>> out;
    constexpr std::string_view prompt = "iex> ";
    for (std::string line, answer; std::getline(page, line);)
        if (line.starts_with(prompt) && std::getline(page, answer))
            out.emplace_back(line.substr(prompt.size()), answer);
    return out;
}

TEST_P(shop_session, is_what_the_page_shows) {
    rakka_peer cpp("shop", options("any"), epmd());
    const pid keeper = cpp.system().spawn([] {
        shop::start_link();
        register_name("keeper"_a, self()).value();
        static_cast<void>(receive_if([](term_view) { return false; }));
    });
    cpp.system().run([] {
        while (!whereis("keeper"_a))
            yield();
    });
    auto ex = start_elixir("ex");
    const auto session = lines_of_the_page();
    EXPECT_GE(session.size(), 20U);
    for (const auto& [typed, shown] : session)
        EXPECT_EQ(ex.eval_elixir(typed), shown) << typed;
    cpp.system().exit(keeper, "kill"_a);
}

}  // namespace
}  // namespace rakka::interop
