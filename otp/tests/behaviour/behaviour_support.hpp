// A system in each of the ways that processes can run, for the tests of behaviours.
#pragma once

#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/system.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>

namespace rakka {

struct shape {
    const char* name;
    system_options options;
};

class behaviour_test : public testing::TestWithParam<shape> {
protected:
    void in_process(const std::function<void()>& body) {
        rakka::system s(GetParam().options);
        s.run(body);
    }
    /// The next message; fails after twenty seconds.
    static term next_message() {
        auto m = receive_if([](term_view) { return true; }, std::chrono::seconds(20));
        if (!m) throw std::runtime_error("no message came");
        return *m;
    }
    static bool no_message() {
        return !receive_if([](term_view) { return true; }, std::chrono::nanoseconds(0));
    }
    /// The reason with which `f` exits, as text.
    template <class F>
    static std::string exit_of(F&& f) {
        try {
            f();
        } catch (const process_exit& e) {
            return e.reason.to_string();
        }
        return "no exit";
    }
};

/// Use as INSTANTIATE_TEST_SUITE_P(schedulers, my_test, in_each_shape(), name_of_shape).
inline auto in_each_shape() {
    return testing::Values(shape{"one_worker", {.workers = 1}}, shape{"four_workers", {.workers = 4}},
                           shape{"four_shuffled", {.workers = 4, .seed = 7}},
                           shape{"simulation", {.simulation = true, .seed = 11}});
}
inline std::string name_of_shape(const testing::TestParamInfo<shape>& p) {
    return p.param.name;
}

}  // namespace rakka
