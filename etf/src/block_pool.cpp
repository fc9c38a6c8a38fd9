#include "block_pool.hpp"

#include "pooling.hpp"

#include <array>
#include <cstdlib>
#include <mutex>
#include <new>
#include <utility>

// The address of a thread-local variable must not be kept over a switch of fibers; nothing in these functions
// switches, and they are not merged with code that does.
#if defined(__clang__)
#define RAKKA_NOT_INLINED [[gnu::noinline]]
#else
#define RAKKA_NOT_INLINED [[gnu::noipa]]
#endif

namespace rakka::etf::detail {

namespace {

constexpr std::size_t classes = largest_pooled_block / block_step;
constexpr std::size_t batch = 64;
constexpr std::size_t kept_by_thread = 4 * batch;             // blocks of one size
constexpr std::size_t kept_in_depot = std::size_t{32} << 20;  // bytes, of all sizes

/// In a free block. `next_batch` is used in the first block of a batch that lies in the depot.
struct free_node {
    free_node* next;
    free_node* next_batch;
};

struct free_list {
    free_node* head;
    std::size_t count;
};

void free_chain(free_node* first) noexcept {
    while (first != nullptr)
        std::free(std::exchange(first, first->next));
}

constexpr std::size_t class_of(std::size_t bytes) noexcept {
    return (bytes - 1) / block_step;
}

/// Full batches that some thread had too many of.
class depot {
public:
    free_node* take(std::size_t c) noexcept {
        const std::lock_guard lock(mutex_);
        free_node* const first = batches_[c];
        if (first == nullptr) return nullptr;
        batches_[c] = first->next_batch;
        bytes_ -= size_of_batch(c);
        return first;
    }
    void put(std::size_t c, free_node* first) noexcept {
        {
            const std::lock_guard lock(mutex_);
            if (bytes_ + size_of_batch(c) <= kept_in_depot) {
                first->next_batch = std::exchange(batches_[c], first);
                bytes_ += size_of_batch(c);
                return;
            }
        }
        free_chain(first);
    }

private:
    static constexpr std::size_t size_of_batch(std::size_t c) noexcept {
        return batch * (c + 1) * block_step;
    }

    std::mutex mutex_;
    std::array<free_node*, classes> batches_{};  // guarded by mutex_
    std::size_t bytes_ = 0;                      // guarded by mutex_
};

/// Never destroyed: threads may free blocks until the program's last moment.
depot& shared() noexcept {
    static depot& only = *new depot;
    return only;
}

enum class life : unsigned char { unused, in_use, over };

struct thread_cache {
    std::array<free_list, classes> lists;
    life state;
};

// Trivial, so that reaching it takes no guard.
[[gnu::tls_model("initial-exec")]] constinit thread_local thread_cache cache{};

/// Empties the cache when its thread ends.
struct cache_end {
    ~cache_end() {
        thread_cache& c = cache;
        c.state = life::over;
        for (free_list& list : c.lists) {
            free_chain(std::exchange(list.head, nullptr));
            list.count = 0;
        }
    }
};

void begin_use(thread_cache& c) noexcept {
    static thread_local const cache_end at_thread_end;
    static_cast<void>(&at_thread_end);
    c.state = life::in_use;
}

void* fresh(std::size_t bytes) {
    void* const block = std::malloc(bytes);
    if (block == nullptr) throw std::bad_alloc();
    return block;
}

[[gnu::noinline]] void* allocate_slowly(thread_cache& c, std::size_t which) {
    if (c.state == life::in_use) {
        if (free_node* const first = shared().take(which)) {
            c.lists[which] = {first->next, batch - 1};
            return first;
        }
    }
    return fresh((which + 1) * block_step);
}

[[gnu::noinline]] void free_slowly(thread_cache& c, std::size_t which) noexcept {
    free_list& list = c.lists[which];
    if (c.state == life::unused) begin_use(c);
    if (c.state == life::over) {
        free_chain(std::exchange(list.head, nullptr));
        list.count = 0;
        return;
    }
    if (list.count <= kept_by_thread) return;
    free_node* const first = list.head;
    free_node* last = first;
    for (std::size_t i = 1; i < batch; ++i)
        last = last->next;
    list.head = std::exchange(last->next, nullptr);
    list.count -= batch;
    shared().put(which, first);
}

}  // namespace

RAKKA_NOT_INLINED void* allocate_block(std::size_t bytes) {
    if (!pools_blocks || bytes > largest_pooled_block) return fresh(block_size(bytes));
    const std::size_t which = class_of(bytes);
    thread_cache& c = cache;
    free_list& list = c.lists[which];
    free_node* const first = list.head;
    if (first == nullptr) [[unlikely]]
        return allocate_slowly(c, which);
    list.head = first->next;
    --list.count;
    return first;
}

RAKKA_NOT_INLINED void free_block(void* block, std::size_t bytes) noexcept {
    if (!pools_blocks || bytes > largest_pooled_block) {
        std::free(block);
        return;
    }
    const std::size_t which = class_of(bytes);
    thread_cache& c = cache;
    free_list& list = c.lists[which];
    list.head = new (block) free_node{list.head, nullptr};
    ++list.count;
    if (list.count > kept_by_thread || c.state != life::in_use) [[unlikely]]
        free_slowly(c, which);
}

}  // namespace rakka::etf::detail
