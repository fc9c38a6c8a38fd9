// The name of the code that called into Rakka.
#pragma once

#include <string>

namespace rakka::detail {

/// The innermost function on the calling thread's present stack that is not Rakka's and whose name the
/// program exports; empty when there is none. Walks up to 64 frames: some ten microseconds.
[[nodiscard]] std::string innermost_function();

}  // namespace rakka::detail
