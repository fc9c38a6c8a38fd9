// Calls that block, on threads of the side pool. The process sleeps meanwhile and takes its signals in: it
// answers whoever asks about it.
#include "await.hpp"
#include "engine/blocking_pool.hpp"
#include "engine/scheduler_state.hpp"
#include "process_record.hpp"
#include "signal_delivery.hpp"
#include "waiting_scope.hpp"

#include <rakka/actors/own_threads.hpp>
#include <rakka/actors/process.hpp>

#include <chrono>
#include <exception>
#include <new>
#include <thread>

namespace rakka::detail {

namespace {

class blocking_call {
public:
    blocking_call(process& self, void (*fn)(void*), void* arg) noexcept
        : self_(self), serial_(self.serial), fn_(fn), arg_(arg) {}

    /// False when nobody can be found to do it.
    [[nodiscard]] bool start() noexcept {
        return self_.home().internals().blocking.submit({&blocking_call::run, this});
    }
    // Nothing may be thrown while the other thread knows of this object.
    void wait() noexcept {
        const waiting_scope waiting(self_);
        for (;;) {
            self_.fetch();
            if (over_.arrived) return;
            try {
                self_.sleep();
            } catch (const std::bad_alloc&) {  // no stack for those that would run meanwhile
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
        }
    }
    void rethrow() const {
        if (error_) std::rethrow_exception(error_);
    }

private:
    static void run(void* p) noexcept {
        auto& call = *static_cast<blocking_call*>(p);
        try {
            call.fn_(call.arg_);
        } catch (...) {
            call.error_ = std::current_exception();
        }
        // From here on the call may be gone.
        static_cast<void>(post(call.self_, call.serial_, call.over_));
    }

    process& self_;
    const std::uint32_t serial_;
    void (*const fn_)(void*);
    void* const arg_;
    operation_signal over_;
    std::exception_ptr error_;
};

}  // namespace

void blocking(void (*fn)(void*), void* arg) {
    process& self = current_process();
    blocking_call call(self, fn, arg);
    if (!self.home().simulated() && call.start()) {
        call.wait();
        call.rethrow();
    } else {
        const own_threads allowed;  // as on a thread of the pool
        fn(arg);
    }
    self.fetch();
    self.check_exit();
}

}  // namespace rakka::detail
