// Where an exception was thrown that nobody in a process has caught: the functions on the stack, kept while
// the search for a handler still has the stack as it was.
//
// The function that holds the last `catch` of a process (or of a behaviour's callbacks) names, instead of the
// C++ personality routine, one of ours, which does the same and takes down the stack once the search has come
// to that `catch`. So nothing is paid by code that throws nothing, nor by exceptions that are caught further
// in; one that arrives there costs some ten microseconds more, if the system's log wants errors. An exit()
// is not taken down.
#pragma once

#include <cstddef>
#include <exception>
#include <string>
#include <vector>

namespace rakka::detail {

/// The functions that were being called when the exception was thrown, the innermost first, with their
/// parameters; the names are those of the program's symbol table, so there are few in a
/// stripped program. Empty when nothing was taken down for it. The exception is the one being handled; null:
/// what was taken down last, whichever that was. Some milliseconds the first time. Owner process.
[[nodiscard]] std::vector<std::string> stack_of(const std::exception_ptr& exception, std::size_t most = 32);

/// The function around an address, demangled; empty when the program has no name for it. Any thread.
[[nodiscard]] std::string function_at(const void* address);

}  // namespace rakka::detail

// In a function, before its `try`.
#if defined(__ELF__) && defined(__LP64__)
#define RAKKA_TAKES_DOWN_THROWS asm volatile(".cfi_personality 0x1b, rakka_tracing_personality")
#else
#define RAKKA_TAKES_DOWN_THROWS static_cast<void>(0)
#endif
