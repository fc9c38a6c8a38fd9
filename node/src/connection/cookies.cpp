#include "connection/cookies.hpp"

#include <utility>

namespace rakka::detail {

result<void> cookies::follow(const std::filesystem::path& file, std::function<void(error_code)> read) {
    const std::lock_guard lock(mutex_);
    const file_stamp stamp = file_stamp::of(file);  // before reading: a change meanwhile is one for later
    auto found = read_cookie_file(file);
    if (!found) return found.error();
    own_ = std::move(*found);
    file_ = file;
    stamp_ = stamp;
    read_ = std::move(read);
    return {};
}

/// Once for each change: what cannot be used is told of once.
void cookies::look() {
    if (!file_) return;
    const file_stamp now = file_stamp::of(*file_);
    if (now == std::exchange(stamp_, now)) return;
    auto found = read_cookie_file(*file_);
    if (found) own_ = std::move(*found);
    read_(found ? error_code() : found.error());
}

cookie cookies::of(std::string_view peer) {
    const std::lock_guard lock(mutex_);
    if (const auto it = of_peers_.find(peer); it != of_peers_.end()) return it->second;
    look();
    return own_;
}

void cookies::set_own(cookie c) {
    const std::lock_guard lock(mutex_);
    own_ = std::move(c);
    file_.reset();
}

void cookies::set(std::string_view peer, cookie c) {
    const std::lock_guard lock(mutex_);
    of_peers_.insert_or_assign(std::string(peer), std::move(c));
}

}  // namespace rakka::detail
