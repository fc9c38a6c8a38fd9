// What tells one state of a file from another.
#pragma once

#include <cstdint>
#include <filesystem>

namespace rakka::detail {

/// All files that do not exist are the same. Comparing the stamps of before and after is cheaper than
/// reading.
struct file_stamp {
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;
    std::uint64_t inode = 0;
    std::int64_t size = -1;

    /// Blocks on the file system for a moment.
    [[nodiscard]] static file_stamp of(const std::filesystem::path& file) noexcept;

    friend bool operator==(const file_stamp&, const file_stamp&) = default;
};

}  // namespace rakka::detail
