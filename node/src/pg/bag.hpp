// A set that knows how often each of its elements was put in: a process may join a group several times.
#pragma once

#include <cstddef>
#include <functional>
#include <unordered_map>
#include <vector>

namespace rakka::pg_fsm {

/// Adding and removing cost the same however much is in it. Owner: one thread at a time; const functions:
/// several.
template <class T, class Hash = std::hash<T>, class Equal = std::equal_to<T>>
class bag {
public:
    void add(const T& element) {
        ++counts_[element];
        ++size_;
    }
    /// Takes it out once; false when it is not there.
    bool remove(const T& element) {
        const auto it = counts_.find(element);
        if (it == counts_.end()) return false;
        if (--it->second == 0) counts_.erase(it);
        --size_;
        return true;
    }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    /// Each as often as it was put in.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t count(const T& element) const {
        const auto it = counts_.find(element);
        return it == counts_.end() ? 0 : it->second;
    }
    /// In no order, each as often as it was put in.
    void append_to(std::vector<T>& out) const {
        out.reserve(out.size() + size_);
        for (const auto& [element, times] : counts_)
            out.insert(out.end(), times, element);
    }
    [[nodiscard]] std::vector<T> elements() const {
        std::vector<T> all;
        append_to(all);
        return all;
    }

private:
    std::unordered_map<T, std::size_t, Hash, Equal> counts_;
    std::size_t size_ = 0;
};

}  // namespace rakka::pg_fsm
