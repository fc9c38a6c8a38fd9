// Restarts are counted for metrics, and told to the log.
#include "supervisor/supervisor_support.hpp"

#include <rakka/actors/log.hpp>
#include <rakka/otp/metrics.hpp>

#include <mutex>
#include <vector>

namespace rakka {
namespace {

using namespace std::chrono_literals;

class child : public gen_server {
    result handle_cast(const term& reason) override { return stop_with(reason); }
};

struct restarts {
    std::uint64_t counted = 0;
    std::vector<std::string> told;
};

/// Lets children end one after the other and waits until each is there again.
restarts after_ending(restart_strategy strategy, const std::vector<atom>& names) {
    restarts out;
    std::mutex mutex;
    system_options options{.simulation = true, .seed = 3};
    options.log = [&](const log_event& e) {
        const std::lock_guard lock(mutex);
        if (e.text.find("takes the place") != std::string::npos)
            out.told.push_back(e.text.substr(e.text.find("as child"), std::string("as child a").size()));
    };
    rakka::system s(options);
    detail::limit_log(s, log_level::info);
    s.run([&] {
        const auto top = supervisor::start_link(
            {.strategy = strategy, .intensity = 10},
            {child_of<child>("a"_a, {.name = "a"_a}), child_of<child>("b"_a, {.name = "b"_a})},
            {.name = "top"_a});
        for (const atom name : names) {
            const pid before = *whereis(name);
            gen_server::cast(name, "broken"_a);
            while (!whereis(name) || *whereis(name) == before)
                static_cast<void>(receive_if([](term_view) { return false; }, 1ms));
        }
        out.counted = detail::restarts_of(s, "top").value();
        gen_server::stop(*top);
    });
    return out;
}

TEST(supervisor_figures, restarts_are_counted_and_told) {
    const restarts one = after_ending(restart_strategy::one_for_one, {"a"_a, "b"_a, "a"_a});
    EXPECT_EQ(one.counted, 3U);
    EXPECT_EQ(one.told, (std::vector<std::string>{"as child a", "as child b", "as child a"}));
    const restarts all = after_ending(restart_strategy::one_for_all, {"a"_a});
    EXPECT_EQ(all.counted, 2U) << "both were started again";
    EXPECT_EQ(all.told, (std::vector<std::string>{"as child a", "as child b"}));
}

}  // namespace
}  // namespace rakka
