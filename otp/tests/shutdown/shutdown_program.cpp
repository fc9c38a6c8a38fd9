// A program to be shut down, for shutdown_program_test.cpp. What it does is its first argument.
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/otp/shutdown.hpp>

#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <thread>

namespace {

using namespace rakka;
using namespace std::chrono_literals;

void say(const char* what) {
    std::puts(what);
    std::fflush(stdout);
}

[[noreturn]] void compute_for_ever() {
    for (;;)
        std::this_thread::sleep_for(1ms);  // the process layer sees nothing of it
}

void prepare(rakka::system& s, const std::string& what) {
    on_shutdown(s, [] { say("hook"); }, {.name = "says so"});
    if (what == "hangs") {
        on_shutdown(s,
                    [] {
                        say("hangs");
                        for (;;)
                            static_cast<void>(receive());
                    },
                    {.priority = 1, .name = "hangs"});
    } else if (what == "computes") {
        s.spawn([] { compute_for_ever(); });
    } else if (what == "asks") {
        s.spawn([] { graceful_shutdown({.reason = "it is done", .status = 3}); });
    } else if (what == "fails") {
        on_shutdown(s, [] { throw 1; }, {.name = "fails"});
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::string what = argc > 1 ? argv[1] : "";
    const std::map<std::string, std::chrono::milliseconds> timeouts{{"hangs", 20s}, {"computes", 2s}};
    int status = 0;
    {
        rakka::system s({.workers = 2, .start_at_once = false});
        prepare(s, what);
        s.spawn([] {
            say("ready");
            for (;;)
                static_cast<void>(receive());
        });
        const auto timeout = timeouts.contains(what) ? timeouts.at(what) : 20s;
        status = run_until_shutdown(s, {.timeout = timeout, .grace = what == "computes" ? 300ms : 5000ms});
    }
    say("end of main");
    return status;
}
