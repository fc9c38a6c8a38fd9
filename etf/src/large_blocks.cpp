#include "large_blocks.hpp"

#include "pooling.hpp"

#include <array>
#include <cstdlib>
#include <mutex>
#include <new>
#include <utility>

namespace rakka::etf::detail {

namespace {

// Room for the sizes that buffers have, powers of two, and their headers.
constexpr std::size_t step = std::size_t{16} << 10;
constexpr std::size_t header_room = 256;
constexpr std::size_t classes = largest_kept_block / step + 1;

bool is_kept(std::size_t bytes) noexcept {
    return pools_blocks && bytes > smallest_kept_block && bytes <= largest_kept_block;
}

constexpr std::size_t class_of(std::size_t bytes) noexcept {
    return bytes <= header_room ? 0 : (bytes - header_room + step - 1) / step;
}

constexpr std::size_t size_of_class(std::size_t c) noexcept {
    return c * step + header_room;
}

/// Free blocks, the last one freed on top: its bytes may still be in the processor's cache.
class shelf {
public:
    void* take(std::size_t c) noexcept {
        const std::lock_guard lock(mutex_);
        free_block* const first = free_[c];
        if (first == nullptr) return nullptr;
        free_[c] = first->next;
        bytes_ -= size_of_class(c);
        return first;
    }
    /// False: there are enough.
    bool put(std::size_t c, void* block) noexcept {
        const std::lock_guard lock(mutex_);
        if (bytes_ + size_of_class(c) > kept_large_bytes) return false;
        bytes_ += size_of_class(c);
        free_[c] = new (block) free_block{free_[c]};
        return true;
    }

    std::size_t bytes() noexcept {
        const std::lock_guard lock(mutex_);
        return bytes_;
    }

private:
    struct free_block {
        free_block* next;
    };

    std::mutex mutex_;
    std::array<free_block*, classes> free_{};  // guarded by mutex_
    std::size_t bytes_ = 0;                    // guarded by mutex_
};

/// Never destroyed: threads may free blocks until the program's last moment.
shelf& shared() noexcept {
    static shelf& only = *new shelf;
    return only;
}

void* fresh(std::size_t bytes) {
    void* const block = std::malloc(bytes);
    if (block == nullptr) throw std::bad_alloc();
    return block;
}

}  // namespace

void* allocate_large(std::size_t bytes) {
    if (!is_kept(bytes)) return fresh(bytes);
    const std::size_t c = class_of(bytes);
    if (void* const block = shared().take(c)) return block;
    return fresh(size_of_class(c));
}

void* enlarge_large(void* block, std::size_t bytes) {
    void* const larger = std::realloc(block, is_kept(bytes) ? size_of_class(class_of(bytes)) : bytes);
    if (larger == nullptr) throw std::bad_alloc();
    return larger;
}

void free_large(void* block, std::size_t bytes) noexcept {
    if (is_kept(bytes) && shared().put(class_of(bytes), block)) return;
    std::free(block);
}

std::size_t large_bytes_kept() noexcept {
    return shared().bytes();
}

}  // namespace rakka::etf::detail
