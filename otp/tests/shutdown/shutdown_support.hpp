// What tests of shutting down share: what was logged, and what ran in which order.
#pragma once

#include <rakka/actors/log.hpp>

#include <mutex>
#include <string>
#include <vector>

namespace rakka::testing {

/// Any thread.
class record {
public:
    void add(std::string what) {
        const std::lock_guard lock(mutex_);
        all_.push_back(std::move(what));
    }
    [[nodiscard]] std::vector<std::string> all() const {
        const std::lock_guard lock(mutex_);
        return all_;
    }
    [[nodiscard]] bool has(const std::string& part) const {
        for (const std::string& one : all())
            if (one.find(part) != std::string::npos) return true;
        return false;
    }
    [[nodiscard]] log_sink sink() {
        return [this](const log_event& e) { add(e.text); };
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::string> all_;  // guarded by mutex_
};

}  // namespace rakka::testing
