#include "await.hpp"

#include "process_record.hpp"
#include "signal_delivery.hpp"
#include "system_core.hpp"
#include "waiting_scope.hpp"

#include <rakka/actors/await.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <new>
#include <stdexcept>
#include <thread>

namespace rakka::detail {

class awaited_operation {
public:
    explicit awaited_operation(process& self) noexcept : self_(self), serial_(self.serial) {}

    void over() noexcept { static_cast<void>(post(self_, serial_, over_)); }
    [[nodiscard]] boost::asio::cancellation_slot slot() noexcept { return cancellation_.slot(); }

    // Nothing may be thrown while the event loop knows of this object and of the operation's buffers.
    void wait() noexcept {
        const waiting_scope waiting(self_);
        for (;;) {
            self_.fetch();
            if (over_.arrived && (!cancelled_ || emitted_.arrived)) return;
            if (self_.exits_now() && !cancelled_) cancel();
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
        cancelled_ = true;
        boost::asio::post(self_.system->scheduling().io(), [this] {
            cancellation_.emit(boost::asio::cancellation_type::terminal);
            static_cast<void>(post(self_, serial_, emitted_));
        });
    }

    process& self_;
    const std::uint32_t serial_;
    operation_signal over_;
    operation_signal emitted_;
    bool cancelled_ = false;
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
