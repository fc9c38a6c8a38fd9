// The groups of measurements that local_bench chooses from by name; the names are those of
// bench/peers/bl.erl.
#pragma once

#include <rakka/actors.hpp>

#include <span>

namespace rakka::bench {

struct group {
    const char* name;
    void (*run)(rakka::system& s, int runs);  // prints a line for each measurement
    bool alone = false;  // runs only when it is asked for: it wants a program of its own, or takes long
};

std::span<const group> message_groups();  // local_messages.cpp
std::span<const group> process_groups();  // local_processes.cpp
std::span<const group> memory_groups();   // local_memory.cpp
std::span<const group> statem_groups();   // local_statem.cpp

/// Bytes of this program that are in memory now.
double resident();

/// A process that does nothing but exist until it is told to stop.
class idle final : public message_handler {
    next handle(term) override { return next::stop("normal"_a); }
};

/// Ends processes that stop at any message, and waits until they have.
template <class Processes>
void stop_all(const Processes& all) {
    for (const pid& p : all)
        static_cast<void>(monitor(p));
    for (const pid& p : all)
        send(p, "stop"_a);
    for (std::size_t i = 0; i < all.size(); ++i)
        static_cast<void>(receive_if([](term_view m) { return m.is_tagged("DOWN"_a, 5); }));
}

}  // namespace rakka::bench
