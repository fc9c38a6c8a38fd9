// Runs a piece of work on the I/O thread and waits for it.
#pragma once

#include <rakka/actors/io.hpp>

#include <future>
#include <type_traits>
#include <utility>

namespace rakka::detail {

/// The result of `work()`, run on the I/O thread of `s`, or where that has ended here. Blocks: a foreign
/// thread as such, a process through blocking(). Not on the I/O thread itself, which would wait for itself.
template <class F>
auto call_on_io(system& s, F work) -> std::invoke_result_t<F&> {
    std::packaged_task<std::invoke_result_t<F&>()> task(std::move(work));
    call_between_handlers(s, [&task] { task(); });
    return task.get_future().get();
}

}  // namespace rakka::detail
