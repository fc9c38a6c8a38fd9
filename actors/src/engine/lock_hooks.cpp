// A process is not preempted while it holds a lock or initialises a static variable: the next process on the
// same worker might wait for it, and with it the only thread that could ever give it back.
//
// Programs with a target of rakka_preemptible() are linked with --wrap for each of these functions, which
// renames the original to __real_… and calls of it to __wrap_….
#include "engine/reductions.hpp"

#include <cerrno>
#include <cstdint>
#include <ctime>
#include <pthread.h>

using namespace rakka::detail;

namespace {

int taken(int result) noexcept {
    if (result == 0 || result == EOWNERDEAD) lock_taken();
    return result;
}

int given_back(int result) noexcept {
    lock_given_back();
    return result;
}

}  // namespace

#define RAKKA_TAKES(function, object)          \
    int __real_##function(object*);            \
    int __wrap_##function(object* lock) {      \
        return taken(__real_##function(lock)); \
    }
#define RAKKA_TAKES_UNTIL(function, object)                      \
    int __real_##function(object*, const timespec*);             \
    int __wrap_##function(object* lock, const timespec* until) { \
        return taken(__real_##function(lock, until));            \
    }
#define RAKKA_TAKES_UNTIL_ON(function, object)                                    \
    int __real_##function(object*, clockid_t, const timespec*);                   \
    int __wrap_##function(object* lock, clockid_t clock, const timespec* until) { \
        return taken(__real_##function(lock, clock, until));                      \
    }
#define RAKKA_GIVES_BACK(function, object)          \
    int __real_##function(object*);                 \
    int __wrap_##function(object* lock) {           \
        return given_back(__real_##function(lock)); \
    }

extern "C" {

RAKKA_TAKES(pthread_mutex_lock, pthread_mutex_t)
RAKKA_TAKES(pthread_mutex_trylock, pthread_mutex_t)
RAKKA_TAKES_UNTIL(pthread_mutex_timedlock, pthread_mutex_t)
RAKKA_TAKES_UNTIL_ON(pthread_mutex_clocklock, pthread_mutex_t)
RAKKA_GIVES_BACK(pthread_mutex_unlock, pthread_mutex_t)

RAKKA_TAKES(pthread_rwlock_rdlock, pthread_rwlock_t)
RAKKA_TAKES(pthread_rwlock_tryrdlock, pthread_rwlock_t)
RAKKA_TAKES_UNTIL(pthread_rwlock_timedrdlock, pthread_rwlock_t)
RAKKA_TAKES_UNTIL_ON(pthread_rwlock_clockrdlock, pthread_rwlock_t)
RAKKA_TAKES(pthread_rwlock_wrlock, pthread_rwlock_t)
RAKKA_TAKES(pthread_rwlock_trywrlock, pthread_rwlock_t)
RAKKA_TAKES_UNTIL(pthread_rwlock_timedwrlock, pthread_rwlock_t)
RAKKA_TAKES_UNTIL_ON(pthread_rwlock_clockwrlock, pthread_rwlock_t)
RAKKA_GIVES_BACK(pthread_rwlock_unlock, pthread_rwlock_t)

// std::call_once. The function may throw.
int __real_pthread_once(pthread_once_t*, void (*)());
int __wrap_pthread_once(pthread_once_t* once, void (*function)()) {
    struct taken_here {
        taken_here() noexcept { lock_taken(); }
        ~taken_here() { lock_given_back(); }
        taken_here(const taken_here&) = delete;
        taken_here& operator=(const taken_here&) = delete;
    } const scope;
    return __real_pthread_once(once, function);
}

// Static variables of functions. [Itanium C++ ABI 3.3.3]
int __real___cxa_guard_acquire(std::int64_t*);
int __wrap___cxa_guard_acquire(std::int64_t* guard) {
    const int mine = __real___cxa_guard_acquire(guard);
    if (mine != 0) lock_taken();
    return mine;
}
void __real___cxa_guard_release(std::int64_t*);
void __wrap___cxa_guard_release(std::int64_t* guard) {
    __real___cxa_guard_release(guard);
    lock_given_back();
}
void __real___cxa_guard_abort(std::int64_t*);
void __wrap___cxa_guard_abort(std::int64_t* guard) {
    __real___cxa_guard_abort(guard);
    lock_given_back();
}
}
