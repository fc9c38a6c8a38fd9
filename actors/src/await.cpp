#include "await.hpp"

#include "process_record.hpp"
#include "signal_delivery.hpp"
#include "system_core.hpp"
#include "waiting_scope.hpp"

#include <rakka/actors/await.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <chrono>
#include <new>
#include <optional>
#include <stdexcept>
#include <thread>

namespace rakka::detail {

class awaited_operation {
public:
    explicit awaited_operation(process& self) noexcept : self_(self), serial_(self.serial) {
        emitted_.arrived = true;  // none is on its way
    }

    void over() noexcept {
        finished_.store(true, std::memory_order_relaxed);  // read by the same event loop
        static_cast<void>(post(self_, serial_, over_));
    }
    [[nodiscard]] boost::asio::cancellation_slot slot() noexcept { return cancellation_.slot(); }

    // Nothing may be thrown while the event loop knows of this object and of the operation's buffers.
    void wait() noexcept {
        const waiting_scope waiting(self_);
        std::optional<wait_timer> again;
        for (;;) {
            self_.fetch();
            if (over_.arrived && emitted_.arrived) return;
            // Not just once: one of several steps may be over when it is to be cancelled, and the next
            // begins.
            if (!over_.arrived && self_.exits_now() && emitted_.arrived && (!again || again->expired())) {
                cancel();
                if (!again) again.emplace(self_);
                again->start(self_.system->after(std::chrono::milliseconds(100)));
            }
            try {
                self_.sleep();
            } catch (const std::bad_alloc&) {  // no stack for those that would run meanwhile
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
        }
    }

private:
    // In the event loop, because a cancellation slot is not for two threads.
    void cancel() noexcept {
        emitted_.arrived = false;
        try {
            boost::asio::post(self_.system->scheduling().io(), [this] {
                // Once it is over, what the slot refers to may be gone.
                if (!finished_.load(std::memory_order_relaxed))
                    cancellation_.emit(boost::asio::cancellation_type::terminal);
                static_cast<void>(post(self_, serial_, emitted_));
            });
        } catch (const std::bad_alloc&) {
            emitted_.arrived = true;  // nothing is on its way: the next time, then
        }
    }

    process& self_;
    const std::uint32_t serial_;
    operation_signal over_;
    operation_signal emitted_;
    std::atomic<bool> finished_{false};
    boost::asio::cancellation_signal cancellation_;
};

void over(awaited_operation& op) noexcept {
    op.over();
}

boost::asio::cancellation_slot slot_of(awaited_operation& op) noexcept {
    return op.slot();
}

void await_operation(void (*start)(void*, awaited_operation&), void* arg) {
    process& self = current_process();
    if (self.home().simulated())
        throw std::logic_error("rakka: await in a simulation, which has no event loop");
    self.fetch();
    self.check_exit();
    awaited_operation op(self);
    try {
        start(arg, op);
    } catch (...) {
        op.wait();  // the handler was destroyed on the way
        throw;
    }
    op.wait();
    self.pay();
    self.check_exit();
}

}  // namespace rakka::detail
