#include "file_stamp.hpp"

#include <sys/stat.h>

namespace rakka::detail {

file_stamp file_stamp::of(const std::filesystem::path& file) noexcept {
    struct stat s {};
    if (::stat(file.c_str(), &s) != 0) return {};
    return {s.st_mtim.tv_sec, s.st_mtim.tv_nsec, s.st_ino, s.st_size};
}

}  // namespace rakka::detail
