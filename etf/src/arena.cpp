#include "block_pool.hpp"
#include "large_blocks.hpp"

#include <rakka/etf/arena.hpp>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace rakka::etf {

shared_buffer* shared_buffer::make(std::size_t size) {
    return new (detail::allocate_large(sizeof(shared_buffer) + size)) shared_buffer(size);
}

shared_buffer* shared_buffer::enlarge(shared_buffer* old, std::size_t size) {
    RAKKA_DCHECK(old->unique() && size >= old->size_);
    // The bytes behind the header are those of old, which has no others to tell of its end.
    return new (detail::enlarge_large(old, sizeof(shared_buffer) + old->size_, sizeof(shared_buffer) + size))
        shared_buffer(size);
}

void shared_buffer::release() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1)
        detail::free_large(this, sizeof(shared_buffer) + size_);
}

namespace detail {

arena* arena::make(std::size_t words) {
    const std::size_t bytes = block_size(sizeof(arena) + words * sizeof(word));
    return new (allocate_block(bytes)) arena((bytes - sizeof(arena)) / sizeof(word));
}

word* arena::allocate_slowly(std::size_t words) {
    const std::size_t size = std::max({words, words_, std::size_t{64}});
    const std::size_t doubled = chunks_ ? std::max(size, chunks_->words * 2) : size;
    auto* const fresh = static_cast<chunk*>(std::malloc(sizeof(chunk) + doubled * sizeof(word)));
    if (!fresh) throw std::bad_alloc();
    *fresh = {chunks_, doubled};
    chunks_ = fresh;
    word* const first = reinterpret_cast<word*>(fresh + 1);
    top_ = first + words;
    end_ = first + doubled;
    return first;
}

void arena::push(attachment::kind what, void* object, void (*destroy)(void*) noexcept) {
    auto* const a = reinterpret_cast<attachment*>(allocate(attachment::words));
    *a = {attachments_, what, object, destroy};
    attachments_ = a;
}

void arena::attach(arena* other) {
    // Runs of sub-terms from one message are common: the last attachment already holds it.
    if (other == this || (attachments_ && attachments_->object == other)) return;
    push(attachment::kind::arena, other, nullptr);
    other->retain();
}

void arena::attach(shared_buffer* buffer) {
    if (attachments_ && attachments_->object == buffer) return;
    push(attachment::kind::buffer, buffer, nullptr);
    buffer->retain();
}

void arena::attach_resource(void* object, void (*destroy)(void*) noexcept) {
    push(attachment::kind::resource, object, destroy);
}

std::size_t arena::bytes() const noexcept {
    std::size_t total = sizeof(arena) + words_ * sizeof(word);
    for (const chunk* c = chunks_; c; c = c->next)
        total += sizeof(chunk) + c->words * sizeof(word);
    return total;
}

void arena::discard(arena* a) noexcept {
    const std::size_t bytes = sizeof(arena) + a->words_ * sizeof(word);
    a->~arena();
    free_block(a, bytes);
}

void arena::destroy(arena* first) noexcept {
    if (first->attachments_ == nullptr && first->chunks_ == nullptr) [[likely]] {
        discard(first);
        return;
    }
    destroy_with_attachments(first);
}

void arena::destroy_with_attachments(arena* first) noexcept {
    // A list built by prepending is a chain of a million arenas: freed in a loop, linked through queue_link.
    arena* pending = first;
    first->queue_link[0] = 0;
    while (pending) {
        arena* const dying = pending;
        pending = reinterpret_cast<arena*>(dying->queue_link[0]);
        for (attachment* a = dying->attachments_; a; a = a->next) {
            switch (a->what) {
                case attachment::kind::arena: {
                    auto* const other = static_cast<arena*>(a->object);
                    if (other->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
                        other->queue_link[0] = reinterpret_cast<word>(pending);
                        pending = other;
                    }
                    break;
                }
                case attachment::kind::buffer:
                    static_cast<shared_buffer*>(a->object)->release();
                    break;
                case attachment::kind::resource:
                    a->destroy(a->object);
                    break;
            }
        }
        for (chunk* c = dying->chunks_; c;) {
            chunk* const next = c->next;
            std::free(c);
            c = next;
        }
        discard(dying);
    }
}

}  // namespace detail
}  // namespace rakka::etf
