#include "engine/slice_hook.hpp"
#include "system_core.hpp"

#include <rakka/actors/io.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/base/check.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <mutex>

namespace rakka {

boost::asio::io_context& io_context_of(system& s) noexcept {
    return s.core().scheduling().io();
}

namespace {

enum class call_state : std::uint8_t { waiting, running, done };

// The handler may be left over in a loop that has ended: `state` is shared, `work` is not.
void call_and_wait(detail::system_core& core, const std::function<void()>& work) {
    const auto state = std::make_shared<call_state>(call_state::waiting);  // guarded by loop_mutex
    boost::asio::post(core.scheduling().io(), [&core, &work, state] {
        {
            const std::lock_guard lock(core.loop_mutex);
            *state = call_state::running;
        }
        work();
        const std::lock_guard lock(core.loop_mutex);
        *state = call_state::done;
        core.loop_changed.notify_all();
    });
    std::unique_lock lock(core.loop_mutex);
    core.loop_changed.wait(lock, [&] { return *state == call_state::done || core.loop_ended; });
    if (*state == call_state::done) return;
    RAKKA_CHECK(*state == call_state::waiting);  // the loop ends after its last handler
    lock.unlock();
    const std::lock_guard alone(core.after_loop);
    work();
}

}  // namespace

void call_between_handlers(system& s, const std::function<void()>& work) {
    detail::system_core& core = s.core();
    if (core.scheduling().simulated()) return work();
    if (in_process()) return blocking([&] { call_and_wait(core, work); });
    RAKKA_CHECK(detail::current_worker() == nullptr);  // a handler would wait for itself
    call_and_wait(core, work);
}

struct slice_end::state : detail::slice_hook {
    explicit state(std::function<void()> f) : slice_hook(&run), fn(std::move(f)) {}
    static void run(slice_hook& hook) noexcept { static_cast<state&>(hook).fn(); }
    std::function<void()> fn;
};

slice_end::slice_end(std::function<void()> fn) : state_(std::make_unique<state>(std::move(fn))) {}

slice_end::~slice_end() = default;

void slice_end::arm() noexcept {
    detail::at_slice_end(*state_);
}

bool slice_end::armed() const noexcept {
    return state_->armed();
}

}  // namespace rakka
