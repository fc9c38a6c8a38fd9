// Which cookie is for whom.
#pragma once

#include "file_stamp.hpp"

#include <rakka/base/result.hpp>
#include <rakka/node/cookie.hpp>

#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace rakka::detail {

/// The node's own cookie, and those that are for one peer each. A cookie that was read from a file is read
/// again when the file has changed. Any thread; blocks on the file system for a moment when there is a file.
class cookies {
public:
    explicit cookies(cookie own) : own_(std::move(own)) {}

    /// From now on the own cookie is what `file` says. `read` hears of each reading after the first: no
    /// error, or why the cookie of before stays in use. Errors: read_cookie_file's; nothing has changed then.
    [[nodiscard]] result<void> follow(const std::filesystem::path& file,
                                      std::function<void(error_code)> read);

    /// Of the peer itself when it has one, else the own.
    [[nodiscard]] cookie of(std::string_view peer);
    /// The file, if there is one, is not looked at any more. Erlang: erlang:set_cookie/1.
    void set_own(cookie c);
    /// Erlang: erlang:set_cookie/2.
    void set(std::string_view peer, cookie c);

private:
    void look();

    std::mutex mutex_;
    cookie own_;  // all guarded by mutex_
    std::map<std::string, cookie, std::less<>> of_peers_;
    std::optional<std::filesystem::path> file_;
    file_stamp stamp_;
    std::function<void(error_code)> read_;
};

}  // namespace rakka::detail
