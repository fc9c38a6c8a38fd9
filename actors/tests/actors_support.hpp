// The ways every test of processes is run, and a few words the tests share.
#pragma once

#include <rakka/actors.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/etf/traits.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <ostream>
#include <string>

namespace rakka::testing {

using namespace std::chrono_literals;
using namespace rakka::literals;

/// A way of scheduling. The same expectations must hold in each.
struct mode {
    const char* name;
    system_options options;
    friend std::ostream& operator<<(std::ostream& out, const mode& m) { return out << m.name; }
};

/// The seed of a mode: RAKKA_SEED, if that is set, to try others.
inline std::uint64_t seed_or(std::uint64_t usual) {
    const char* const asked = std::getenv("RAKKA_SEED");
    return asked == nullptr ? usual : std::strtoull(asked, nullptr, 10);
}

inline const mode all_modes[] = {
    {"one_worker", {.workers = 1}},
    {"four_workers", {.workers = 4}},
    {"four_workers_chaos", {.workers = 4, .seed = seed_or(20261122)}},
    {"threaded", {.mode = runtime_mode::threaded}},
    {"simulation_shuffled", {.simulation = true, .seed = seed_or(7)}},
    {"simulation_yielding_everywhere", {.simulation = true, .seed = seed_or(7), .reductions = 1}},
    {"simulation_reordered", {.simulation = true, .seed = seed_or(8), .reorder_signals = true}},
};

class every_mode : public ::testing::TestWithParam<mode> {
protected:
    every_mode() : sys(GetParam().options) {}
    rakka::system sys;

    /// Runs the test's body as a process.
    template <class F>
    void in_process(F&& body) {
        sys.run(std::forward<F>(body));
    }
};

inline std::string mode_name(const ::testing::TestParamInfo<mode>& info) {
    return info.param.name;
}

/// Declares a suite that runs in every mode.
#define RAKKA_EVERY_MODE(suite)                                                              \
    class suite : public ::rakka::testing::every_mode {};                                    \
    INSTANTIATE_TEST_SUITE_P(modes, suite, ::testing::ValuesIn(::rakka::testing::all_modes), \
                             ::rakka::testing::mode_name)

/// The term as `~p` prints it; tests compare whole messages with it.
inline std::string text(const term& t) {
    return t.has_value() ? t.to_string() : "nothing";
}

/// The next message, or a failure after a time that no working system needs.
inline term next_message(std::chrono::nanoseconds patience = 20s) {
    auto m = receive_if([](term_view) { return true; }, patience);
    if (!m) {
        ADD_FAILURE() << "no message arrived";
        return {};
    }
    return std::move(*m);
}

/// True when nothing arrives although every process has come to rest around us.
inline bool mailbox_is_empty() {
    return !receive_if([](term_view) { return true; }, 0ns).has_value();
}

/// The n-th element (from 0) of a message as a T; fails the test when it is not one.
template <class T>
T element(const term& t, std::size_t n) {
    if (!t.has_value() || !t.is(kind::tuple) || t.tuple().size() <= n) {
        ADD_FAILURE() << "not such a tuple: " << text(t);
        return T{};
    }
    const auto r = t.tuple()[n].as<T>();
    if (!r) {
        ADD_FAILURE() << "element " << n << " of " << text(t);
        return T{};
    }
    return *r;
}

/// The reason in a 'DOWN' or 'EXIT' message.
inline term reason_in(const term& message) {
    const auto t = message.tuple();
    return message.share(t[t.size() - 1]);
}

/// Waits for the 'DOWN' of this monitor and gives its reason.
inline term down_reason(const reference& ref) {
    auto m = receive_if(
        [&](term_view v) {
            return v.is_tagged(atoms::known<"DOWN">, 5) && *v.tuple()[1].as<reference>() == ref;
        },
        20s);
    if (!m) {
        ADD_FAILURE() << "no 'DOWN' arrived";
        return {};
    }
    return reason_in(*m);
}

/// Waits until a process has ended.
inline term await_end(const pid& p) {
    return down_reason(monitor(p));
}

/// A process that does nothing until it is told to by an exit signal.
inline pid spawn_idle() {
    return spawn([] { static_cast<void>(receive_if([](term_view) { return false; })); });
}

}  // namespace rakka::testing
