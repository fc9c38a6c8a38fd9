#include "engine/scheduler_state.hpp"
#include "engine/slice_hook.hpp"
#include "system_core.hpp"

#include <rakka/actors/io.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/base/check.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <cstddef>
#include <mutex>
#include <utility>

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

struct slice_end::state {
    struct hook final : detail::slice_hook {
        hook() noexcept : slice_hook(&run) {}
        static void run(slice_hook& h) noexcept { static_cast<hook&>(h).owner->fn(); }
        state* owner = nullptr;
    };

    state(detail::scheduler& s, std::function<void()> f)
        : home(s), fn(std::move(f)), hooks(std::make_unique<hook[]>(s.internals().workers.size())) {
        for (std::size_t i = 0; i < s.internals().workers.size(); ++i)
            hooks[i].owner = this;
    }
    /// The calling worker's; null on other threads.
    [[nodiscard]] hook* here() const noexcept {
        const detail::worker* const w = detail::current_worker();
        return w == nullptr || w->serves() != &home ? nullptr : &hooks[w->index()];
    }

    detail::scheduler& home;
    const std::function<void()> fn;
    const std::unique_ptr<hook[]> hooks;  // by number of the worker
};

slice_end::slice_end(system& s, std::function<void()> fn)
    : state_(std::make_unique<state>(s.core().scheduling(), std::move(fn))) {}

slice_end::~slice_end() = default;

void slice_end::arm() noexcept {
    if (state::hook* const h = state_->here()) {
        detail::at_slice_end(*h);
    } else {
        state_->fn();
    }
}

bool slice_end::armed_here() const noexcept {
    const state::hook* const h = state_->here();
    return h != nullptr && h->armed();
}

}  // namespace rakka
