// What the operating system tells of this program and the computer it runs on.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// All functions: any thread; a system call or two.
namespace rakka::detail::machine {

/// Of the computer; nothing where the operating system does not say.
[[nodiscard]] std::optional<unsigned> processors();
[[nodiscard]] std::optional<unsigned> online_processors();
/// Those that this program may use.
[[nodiscard]] std::optional<unsigned> usable_processors();

/// As configure scripts name it: `x86_64-unknown-linux-gnu`.
[[nodiscard]] std::string architecture();
/// The version of the operating system's kernel, up to three numbers.
[[nodiscard]] std::vector<unsigned> kernel_version();

struct program_memory {
    std::uint64_t resident = 0;  ///< bytes of the program in memory
    std::uint64_t code = 0;      ///< bytes of its machine code
};
[[nodiscard]] program_memory memory();

/// Of all threads of this program together.
[[nodiscard]] std::chrono::nanoseconds processor_time();

}  // namespace rakka::detail::machine
