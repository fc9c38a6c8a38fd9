// A process that runs out of stack ends the program, but not without a word.
#include "actors_support.hpp"
#include "engine/sanitizer_fiber.hpp"

#include <csignal>

namespace rakka::testing {
namespace {

// Deeper than any stack, and not a loop to the compiler.
[[gnu::noinline]] int descend(volatile int* above) {
    volatile int here[64] = {};
    here[0] = *above + 1;
    if (here[0] == 1'000'000'000) return 0;
    return descend(here) + here[0];
}

void run_out_of_stack() {
    rakka::system sys({.workers = 1});
    sys.run([] {
        static_cast<void>(register_name("deep_thought"_a, self()));
        volatile int start = 0;
        static_cast<void>(descend(&start));
    });
}

void fault_elsewhere() {
    rakka::system sys({.workers = 1});
    sys.run([] { std::raise(SIGSEGV); });
}

class stack_overflow : public ::testing::Test {
protected:
    void SetUp() override {
        if (detail::sanitizer_fiber::active) GTEST_SKIP() << "the sanitizer handles the signal";
        ::testing::FLAGS_gtest_death_test_style = "threadsafe";
    }
};

TEST_F(stack_overflow, names_the_process_and_the_cure_and_ends_by_the_signal) {
    EXPECT_EXIT(run_out_of_stack(), ::testing::KilledBySignal(SIGSEGV),
                "stack overflow in process <0\\.[0-9]+\\.[0-9]+> \\(deep_thought\\).*raise "
                "system_options::stack_size");
}

TEST_F(stack_overflow, other_faults_are_handed_on_without_a_word) {
    EXPECT_EXIT(fault_elsewhere(), ::testing::KilledBySignal(SIGSEGV), "^[^\n]*$");
}

}  // namespace
}  // namespace rakka::testing
