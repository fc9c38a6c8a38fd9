#include <rakka/etf/byte_buffer.hpp>

#include <algorithm>

namespace rakka::etf {

byte_buffer::~byte_buffer() {
    clear();
    if (storage_) storage_->release();
}

void byte_buffer::reserve(std::size_t capacity) {
    if (capacity > this->capacity()) relocate(capacity);
}

void byte_buffer::grow(std::size_t more) {
    relocate(std::max({size() + more, 2 * capacity(), std::size_t{256}}));
}

void byte_buffer::relocate(std::size_t capacity) {
    shared_buffer* const fresh = shared_buffer::make(capacity);
    const std::size_t used = size();
    if (used) std::memcpy(fresh->data(), begin_, used);
    if (storage_) storage_->release();
    storage_ = fresh;
    begin_ = fresh->data();
    top_ = begin_ + used;
    end_ = begin_ + capacity;
}

void byte_buffer::drop_pieces(std::size_t kept) noexcept {
    while (pieces_.size() > kept) {
        pieces_.back().buffer->release();
        pieces_.pop_back();
    }
}

std::pair<shared_buffer*, std::size_t> byte_buffer::release() noexcept {
    RAKKA_DCHECK(pieces_.empty());
    const std::size_t used = size();
    begin_ = top_ = end_ = nullptr;
    return {std::exchange(storage_, nullptr), used};
}

void byte_buffer::append_piece(shared_buffer* buffer, std::span<const std::byte> bytes) {
    pieces_.push_back({size(), buffer, bytes});
    buffer->retain();
}

std::size_t byte_buffer::total_size() const noexcept {
    std::size_t total = size();
    for (const piece& p : pieces_)
        total += p.bytes.size();
    return total;
}

void byte_buffer::swap(byte_buffer& other) noexcept {
    std::swap(storage_, other.storage_);
    std::swap(begin_, other.begin_);
    std::swap(top_, other.top_);
    std::swap(end_, other.end_);
    std::swap(gather_threshold_, other.gather_threshold_);
    pieces_.swap(other.pieces_);
}

}  // namespace rakka::etf
