#include "engine/slice_hook.hpp"
#include "system_core.hpp"

#include <rakka/actors/io.hpp>

namespace rakka {

boost::asio::io_context& io_context_of(system& s) noexcept {
    return s.core().scheduling().io();
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
