// Runs a piece of work on the I/O thread and waits for it.
#pragma once

#include "transport/io_loop.hpp"

#include <rakka/actors/process.hpp>

#include <functional>
#include <future>
#include <memory>
#include <type_traits>

namespace rakka::detail {

/// The result of `work()`, run on the I/O thread. Blocks: a foreign thread as such, a process through
/// blocking(). Not on the I/O thread itself, which would wait for itself.
template <class F>
auto call_on_io(transport::io_loop& io, F work) -> std::invoke_result_t<F&> {
    using value = std::invoke_result_t<F&>;
    const auto task = std::make_shared<std::packaged_task<value()>>(std::move(work));
    std::future<value> outcome = task->get_future();
    transport::post(io, [task] { (*task)(); });
    if (in_process()) rakka::blocking([&] { outcome.wait(); });
    return outcome.get();
}

}  // namespace rakka::detail
