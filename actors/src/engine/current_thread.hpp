// How a worker takes and leaves an OS thread; private to the engine.
#pragma once

namespace rakka::detail {

class worker;

/// Makes w the calling thread's worker (null: none); returns the one it had.
worker* set_current_worker(worker* w) noexcept;

}  // namespace rakka::detail
