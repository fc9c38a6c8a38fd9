// Where layers above meet in one system: attachments, parts, and who ends the program.
#include <rakka/actors/layers.hpp>
#include <rakka/actors/system.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace rakka {
namespace {

struct ledger {
    explicit ledger(system& s) : of(&s) {}
    system* of;
    int entries = 0;
};
struct other_ledger : ledger {
    using ledger::ledger;
};

struct part final : system_part {
    explicit part(std::string n) : name_(std::move(n)) {}
    std::string name() const override { return name_; }
    std::string name_;
};

class layers : public ::testing::Test {
protected:
    std::vector<log_event> logged;
    system sys{{.simulation = true, .log = [this](const log_event& e) { logged.push_back(e); }}};
};

TEST_F(layers, an_attachment_is_made_once_for_each_system_and_type) {
    system second({.simulation = true});
    detail::attached<ledger>(sys)->entries = 7;
    EXPECT_EQ(detail::attached<ledger>(sys)->entries, 7);
    EXPECT_EQ(detail::attached<ledger>(sys)->of, &sys);
    EXPECT_EQ(detail::attached<ledger>(second)->entries, 0);
    EXPECT_EQ(detail::attached<other_ledger>(sys)->entries, 0);
}

TEST_F(layers, an_attachment_goes_with_its_system) {
    std::weak_ptr<ledger> weak;
    {
        system second({.simulation = true});
        weak = detail::attached<ledger>(second);
        EXPECT_FALSE(weak.expired());
    }
    EXPECT_TRUE(weak.expired());
}

TEST_F(layers, all_threads_get_the_same_attachment) {
    std::vector<std::shared_ptr<ledger>> got(8);
    std::vector<std::thread> threads;
    for (auto& g : got)
        threads.emplace_back([&] { g = detail::attached<ledger>(sys); });
    for (std::thread& t : threads)
        t.join();
    for (const auto& g : got)
        EXPECT_EQ(g, got[0]);
}

TEST_F(layers, parts_are_known_as_long_as_their_owners_keep_them) {
    const auto a = std::make_shared<part>("a");
    auto b = std::make_shared<part>("b");
    add_part(sys, a);
    add_part(sys, b);
    ASSERT_EQ(parts_of(sys).size(), 2U);
    EXPECT_EQ(parts_of(sys)[1]->name(), "b");
    b.reset();
    ASSERT_EQ(parts_of(sys).size(), 1U);
    EXPECT_EQ(parts_of(sys)[0]->name(), "a");
}

TEST_F(layers, without_a_handler_nobody_ends_the_program) {
    EXPECT_FALSE(request_stop(sys, {1, "please"}));
    std::string asked;
    set_stop_handler(sys, [&](const stop_request& r) { asked = r.reason + ' ' + std::to_string(r.status); });
    EXPECT_TRUE(request_stop(sys, {3, "please"}));
    EXPECT_EQ(asked, "please 3");
    set_stop_handler(sys, {});
    EXPECT_FALSE(request_stop(sys, {}));
}

TEST_F(layers, what_is_reported_comes_to_the_log) {
    report(sys, log_level::warning, "it rains");
    ASSERT_EQ(logged.size(), 1U);
    EXPECT_EQ(logged[0].text, "it rains");
    EXPECT_EQ(logged[0].level, log_level::warning);
}

}  // namespace
}  // namespace rakka
