// Threads, locks and waiting in process code.
#include <rakka/actors.hpp>
#include <rakka/otp.hpp>

#include <condition_variable>
#include <future>
#include <latch>
#include <mutex>
#include <pthread.h>
#include <semaphore>
#include <shared_mutex>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace rakka;

namespace {

std::mutex guard;
int guarded = 0;

void* nothing(void*) {
    return nullptr;
}

void threads() {
    std::thread t([] { guarded = 1; });      // expect: raw-thread@17
    t.join();                                // expect: blocking-call
    const std::jthread j(nothing, nullptr);  // expect: raw-thread
    std::thread none;
    none = std::thread([] {});  // expect: raw-thread
    std::vector<std::thread> many;
    many.emplace_back([] {});               // expect: raw-thread
    auto f = std::async([] { return 1; });  // expect: raw-thread
    f.get();                                // expect: blocking-call
    pthread_t p;
    pthread_create(&p, nullptr, nothing, nullptr);  // expect: raw-thread
    pthread_join(p, nullptr);                       // expect: blocking-call
}

void locks() {
    const std::lock_guard lock(guard);               // expect: lock
    std::unique_lock other(guard, std::defer_lock);  // expect: lock
    std::scoped_lock both(guard);                    // expect: lock
    guard.lock();                                    // expect: lock@11
    guard.unlock();
    static_cast<void>(guard.try_lock());  // expect: lock
    std::shared_mutex shared;
    shared.lock_shared();  // expect: lock
    std::condition_variable changed;
    changed.wait(other);  // expect: lock
    changed.notify_all();
    pthread_mutex_t c = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&c);  // expect: lock
    pthread_mutex_unlock(&c);
    std::once_flag once;
    std::call_once(once, [] {});  // expect: lock
}

void waits() {
    std::this_thread::sleep_for(std::chrono::seconds(1));  // expect: blocking-call@23
    ::sleep(1);                                            // expect: blocking-call
    std::latch gate(1);
    gate.wait();  // expect: blocking-call
    std::binary_semaphore free(0);
    free.acquire();  // expect: blocking-call
    static_cast<void>(free.try_acquire());
}

class server : public gen_server {
    result handle_info(const term&) override {
        threads();
        locks();
        waits();
        return noreply();
    }
};

}  // namespace
