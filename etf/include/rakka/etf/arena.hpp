// The memory behind terms: one allocation per message, filled from the front, freed as a whole by its last
// owner.
#pragma once

#include <rakka/base/check.hpp>
#include <rakka/etf/word.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace rakka::etf {

/// Bytes shared by several terms: a received packet, or a large binary. Reference-counted; the bytes never
/// change once a term refers to them. Make one with make_shared_buffer(); give a reference back with
/// release().
class shared_buffer {
public:
    /// Room for `size` bytes, one reference held by the caller. Throws std::bad_alloc.
    [[nodiscard]] static shared_buffer* make(std::size_t size);
    /// Room for `size` bytes that begin as those of `old`; takes the caller's reference to that and gives one
    /// to the new buffer. Throws std::bad_alloc; `old` is then as before. REQUIRES: `old` is unique() and not
    /// larger.
    [[nodiscard]] static shared_buffer* enlarge(shared_buffer* old, std::size_t size);
    void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept;
    [[nodiscard]] std::byte* data() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// True when the caller's reference is the only one.
    [[nodiscard]] bool unique() const noexcept { return references_.load(std::memory_order_acquire) == 1; }

private:
    explicit shared_buffer(std::size_t size) noexcept : size_(size) {}
    std::atomic<std::uint32_t> references_{1};
    std::size_t size_;
};

namespace detail {

/// Something an arena keeps alive: another arena, a shared buffer or a resource. Lives in the arena's own
/// words.
struct attachment {
    enum class kind : word { arena, buffer, resource };
    attachment* next;
    kind what;
    void* object;
    void (*destroy)(void*) noexcept;  // resources only
    static constexpr std::size_t words = 4;
};

/// One allocation. Filled by one thread (a `builder`), afterwards immutable and shared by reference count.
class arena {
public:
    /// Room for `words` words or a few more behind the header, one reference held by the caller.
    [[nodiscard]] static arena* make(std::size_t words);
    void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (references_.load(std::memory_order_acquire) == 1 ||
            references_.fetch_sub(1, std::memory_order_acq_rel) == 1)
            destroy(this);
    }
    [[nodiscard]] bool unique() const noexcept { return references_.load(std::memory_order_acquire) == 1; }

    /// Owner only, while building: `words` fresh words. Grows by a further chunk when the first one is full.
    [[nodiscard]] word* allocate(std::size_t words) {
        if (static_cast<std::size_t>(end_ - top_) < words) return allocate_slowly(words);
        word* const p = top_;
        top_ += words;
        return p;
    }
    /// Owner only, while building: keep `other` alive as long as this arena. The reference is added, not
    /// taken over.
    void attach(arena* other);
    void attach(shared_buffer* buffer);
    void attach_resource(void* object, void (*destroy)(void*) noexcept);

    /// All memory of this arena, its further chunks included, in bytes; not what is attached to it.
    [[nodiscard]] std::size_t bytes() const noexcept;

    /// Three words for a queue that holds the only reference to this arena (an actor's mailbox links messages
    /// with them, so that sending a fresh message allocates nothing more).
    word queue_link[3];

private:
    struct chunk {
        chunk* next;
        std::size_t words;
    };
    explicit arena(std::size_t words) noexcept : words_(words), top_(body()), end_(body() + words) {}
    word* body() noexcept { return reinterpret_cast<word*>(this + 1); }
    word* allocate_slowly(std::size_t words);
    void push(attachment::kind what, void* object, void (*destroy)(void*) noexcept);
    static void discard(arena* a) noexcept;
    static void destroy(arena* first) noexcept;
    static void destroy_with_attachments(arena* first) noexcept;

    std::atomic<std::uint32_t> references_{1};
    std::size_t words_;
    word* top_;
    word* end_;
    attachment* attachments_ = nullptr;
    chunk* chunks_ = nullptr;
};

}  // namespace detail
}  // namespace rakka::etf
