#include "large_blocks.hpp"

#include "pooling.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <sys/mman.h>
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

struct free_block {
    free_block* next;
};

/// Free blocks, the last one freed on top: its bytes may still be in the processor's cache.
class shelf {
public:
    void* take(std::size_t c) noexcept {
        const std::lock_guard lock(mutex_);
        free_block* const first = free_[c];
        if (first == nullptr) return nullptr;
        remove(c);
        return first;
    }
    /// Gives what is too much, in a row: blocks of the sizes of which there are the most bytes, as nobody may
    /// want those any more.
    free_block* put(std::size_t c, void* block) noexcept {
        const std::lock_guard lock(mutex_);
        free_[c] = new (block) free_block{free_[c]};
        bytes_ += size_of_class(c);
        bytes_of_[c] += size_of_class(c);
        free_block* too_much = nullptr;
        while (bytes_ > kept_large_bytes) {
            const auto most = std::max_element(bytes_of_.begin(), bytes_of_.end()) - bytes_of_.begin();
            free_block* const out = remove(static_cast<std::size_t>(most));
            out->next = std::exchange(too_much, out);
        }
        return too_much;
    }

    std::size_t bytes() noexcept {
        const std::lock_guard lock(mutex_);
        return bytes_;
    }

private:
    free_block* remove(std::size_t c) noexcept {
        bytes_ -= size_of_class(c);
        bytes_of_[c] -= size_of_class(c);
        return std::exchange(free_[c], free_[c]->next);
    }

    std::mutex mutex_;
    std::array<free_block*, classes> free_{};      // guarded by mutex_
    std::array<std::size_t, classes> bytes_of_{};  // guarded by mutex_
    std::size_t bytes_ = 0;                        // guarded by mutex_
};

/// Never destroyed: threads may free blocks until the program's last moment.
shelf& shared() noexcept {
    static shelf& only = *new shelf;
    return only;
}

/// Blocks from this size on are pages of their own: malloc's, of which each is twice the last while something
/// grows, would all stay with the program.
constexpr std::size_t smallest_mapped_block = std::size_t{8} << 20;

bool is_mapped(std::size_t bytes) noexcept {
    return pools_blocks && bytes >= smallest_mapped_block;
}

void* checked(void* block) {
    if (block == nullptr || block == MAP_FAILED) throw std::bad_alloc();
    return block;
}

void* fresh(std::size_t bytes) {
    if (!is_mapped(bytes)) return checked(std::malloc(bytes));
    return checked(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

std::size_t allocated(std::size_t bytes) noexcept {
    return is_kept(bytes) ? size_of_class(class_of(bytes)) : bytes;
}

}  // namespace

void* allocate_large(std::size_t bytes) {
    if (!is_kept(bytes)) return fresh(bytes);
    const std::size_t c = class_of(bytes);
    if (void* const block = shared().take(c)) return block;
    return checked(std::malloc(size_of_class(c)));
}

void* enlarge_large(void* block, std::size_t was, std::size_t bytes) {
    if (is_mapped(was)) return checked(::mremap(block, was, bytes, MREMAP_MAYMOVE));
    if (!is_mapped(bytes)) return checked(std::realloc(block, allocated(bytes)));
    void* const larger = fresh(bytes);
    std::memcpy(larger, block, was);
    free_large(block, was);
    return larger;
}

void free_large(void* block, std::size_t bytes) noexcept {
    if (is_mapped(bytes)) {
        ::munmap(block, bytes);
        return;
    }
    if (!is_kept(bytes)) return std::free(block);
    for (free_block* b = shared().put(class_of(bytes), block); b != nullptr;)
        std::free(std::exchange(b, b->next));
}

std::size_t large_bytes_kept() noexcept {
    return shared().bytes();
}

}  // namespace rakka::etf::detail
