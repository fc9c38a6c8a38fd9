// How a worker takes and leaves an OS thread; private to the engine.
#pragma once

namespace rakka::detail {

class worker;

/// The calling thread's worker; see current.cpp for who may touch it. The symbol is known to assembly code.
[[gnu::tls_model("initial-exec"), gnu::visibility("hidden")]] extern thread_local constinit worker*
    this_threads_worker __asm__("rakka_this_threads_worker");

/// Makes w the calling thread's worker (null: none); returns the one it had.
worker* set_current_worker(worker* w) noexcept;

/// An address that no other living thread gives. Unlike std::this_thread::get_id it is right on a fiber that
/// has changed threads: pthread_self is declared constant, so that compilers keep its first answer.
[[nodiscard]] const void* this_thread_mark() noexcept;

}  // namespace rakka::detail
