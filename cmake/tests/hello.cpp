// What a first program of a consumer does with Rakka: something of each library, so that it fails to link or
// to run unless all of them are really there.
#include <rakka/rakka.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>

using namespace rakka;

void spin_until(const std::atomic<bool>& stop);  // busy.cpp

int main() {
    if (!node_name::parse("hello@127.0.0.1")) return EXIT_FAILURE;

    // With one worker nobody would answer if the endless loop did not give way.
    bool answered = false;
    rakka::system local({.workers = 1});
    local.spawn([&] {
        const pid parent = self();
        const auto stop = std::make_shared<std::atomic<bool>>(false);
        spawn([=] { spin_until(*stop); });
        yield();
        spawn([=] { send(parent, tuple("sum"_a, 1 + 2, list("from"_a, self()))); });
        receive(on(tuple_of("sum"_a, 3, any), [&] { answered = true; }),
                after(std::chrono::seconds(30), [] {}));
        *stop = true;
    });
    local.run_until_done();
    if (!answered) return EXIT_FAILURE;
    std::puts("rakka works");
    return EXIT_SUCCESS;
}
