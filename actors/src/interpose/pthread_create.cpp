// rakka::thread_warnings: a pthread_create that stands before the C library's in the programs it is linked
// into. All ways of making a thread lead there, also those of libraries.
#include "thread_warning.hpp"

#include <atomic>
#include <cerrno>
#include <dlfcn.h>
#include <pthread.h>

namespace {

using create = int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);

// Not a static variable of the function: its guard is a lock, and threads are made before main(), too.
constinit std::atomic<create*> known{nullptr};

}  // namespace

extern "C" {

// Where there is a sanitizer, its own comes next. (A static run-time library is not found by RTLD_NEXT.)
[[gnu::weak]] create __interceptor_pthread_create;

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                   void* argument) noexcept {
    create* next = known.load(std::memory_order_acquire);
    if (next == nullptr) {
        next = &__interceptor_pthread_create;
        if (next == nullptr) next = reinterpret_cast<create*>(dlsym(RTLD_NEXT, "pthread_create"));
        if (next == nullptr) return EAGAIN;  // a fully static program has only ours
        known.store(next, std::memory_order_release);
    }
    const int result = next(thread, attributes, start, argument);
    if (result == 0) rakka::detail::thread_was_made();
    return result;
}
}
