// For Rakka's own files: the runtime's threads are not to be warned of when code on a process's stack makes
// them.
#pragma once

namespace rakka::detail {

/// While it lives, threads made by the calling thread are the runtime's own. The code within must not block
/// its process. Any thread.
class own_threads {
public:
    own_threads() noexcept;
    ~own_threads();
    own_threads(const own_threads&) = delete;
    own_threads& operator=(const own_threads&) = delete;
};

}  // namespace rakka::detail
