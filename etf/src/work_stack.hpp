// A stack of small values that starts inside the caller's frame: what walks over terms use instead of
// recursion.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <vector>

namespace rakka::etf::detail {

/// The first `Inline` values cost no allocation; deeper ones live on the heap. Throws std::bad_alloc.
template <class T, std::size_t Inline = 16>
class work_stack {
    static_assert(std::is_trivially_copyable_v<T>);

public:
    work_stack() noexcept {}  // the values are written before they are read
    work_stack(const work_stack&) = delete;
    work_stack& operator=(const work_stack&) = delete;

    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] T& top() noexcept { return size_ <= Inline ? near_[size_ - 1] : far_->back(); }
    void push(T value) {
        if (size_ < Inline) [[likely]] {
            near_[size_] = value;
        } else {
            push_far(value);
        }
        ++size_;
    }
    void pop() noexcept {
        if (size_ > Inline) [[unlikely]]
            far_->pop_back();
        --size_;
    }

private:
    // Not inlined, and by value: what callers push can live in registers.
    [[gnu::noinline]] void push_far(T value) {
        if (!far_) far_ = std::make_unique<std::vector<T>>();
        far_->push_back(value);
    }

    std::size_t size_ = 0;
    union {
        std::array<T, Inline> near_;
    };
    std::unique_ptr<std::vector<T>> far_;  // made when it is needed, which it nearly never is
};

}  // namespace rakka::etf::detail
