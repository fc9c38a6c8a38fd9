// Process code of a consumer in a library of its own, compiled with rakka_preemptible().
#include <atomic>

void spin_until(const std::atomic<bool>& stop) {
    while (!stop.load(std::memory_order_relaxed)) {
    }
}
