#include "wire/frame_reader.hpp"

#include <rakka/base/check.hpp>

#include <algorithm>
#include <cstring>

namespace rakka::wire {
namespace {
constexpr std::size_t length_size = 4;
}

frame_reader::frame_reader(frame_limits limits) noexcept : limits_(limits) {
    limits_.chunk_size = std::max(limits_.chunk_size, 2 * length_size);
    limits_.at_once = std::max(limits_.at_once, limits_.chunk_size);
    limits_.min_read_size = std::clamp<std::size_t>(limits_.min_read_size, 1, limits_.chunk_size / 4);
}

void frame_reader::check() const noexcept {
    RAKKA_DCHECK(taken_ <= received_ && received_ <= capacity());
}

/// What the unfinished frame needs from taken_ on: known once its length field is there. Within the limit,
/// because next() has refused others; a caller that goes on after that refusal gets no more than a chunk.
std::size_t frame_reader::wanted_size() const noexcept {
    if (pending() < length_size) return length_size;
    const auto body = static_cast<std::size_t>(load_big_endian(buffer_->data() + taken_, length_size));
    return body > limits_.max_frame_size ? length_size : length_size + body;
}

/// Goes on in another buffer, which the unfinished frame begins.
void frame_reader::move_to(std::size_t size) {
    const std::size_t kept = pending();
    buffer_ref fresh = make_buffer(size);
    if (kept > 0) std::memcpy(fresh->data(), buffer_->data() + taken_, kept);
    buffer_ = std::move(fresh);
    taken_ = 0;
    received_ = kept;
}

/// Starts over in the same memory, which is still in the processor's cache. Only when nobody refers to what
/// was handed out.
bool frame_reader::rewind() {
    if (taken_ == 0 || capacity() != limits_.chunk_size || !buffer_->unique()) return false;
    if (pending() > 0) std::memmove(buffer_->data(), buffer_->data() + taken_, pending());
    received_ -= taken_;
    taken_ = 0;
    return true;
}

/// A large frame ends where its buffer ends, and gets it as it arrives: a length field alone is no reason to
/// set aside a gibibyte.
void frame_reader::make_room(std::size_t wanted) {
    if (wanted <= limits_.at_once || pending() >= wanted) {
        // Only feed() gets here with whole frames that were not taken yet.
        const std::size_t unread = pending() >= wanted ? pending() + limits_.min_read_size : 0;
        return move_to(std::max(wanted > limits_.chunk_size ? wanted : limits_.chunk_size, unread));
    }
    const std::size_t size = std::min(wanted, std::max(limits_.at_once, 2 * pending()));
    // Nothing was handed out of a buffer that it fills alone.
    if (taken_ == 0 && capacity() >= limits_.at_once && buffer_->unique()) return enlarge(buffer_, size);
    move_to(size);
}

std::span<std::byte> frame_reader::prepare() {
    const std::size_t wanted = wanted_size();
    const std::size_t needed = std::min(wanted, limits_.at_once);
    const auto cramped = [&] {
        const std::size_t room = capacity() - received_;
        return room == 0 || taken_ + needed > capacity() ||
               (taken_ > 0 && wanted <= limits_.chunk_size && room < limits_.min_read_size);
    };
    if (pending() == 0) rewind();
    if (cramped() && !(rewind() && !cramped())) make_room(wanted);
    check();
    return {buffer_->data() + received_, capacity() - received_};
}

void frame_reader::commit(std::size_t n) {
    RAKKA_CHECK(n <= capacity() - received_);
    received_ += n;
    bytes_ += n;
    check();
}

void frame_reader::feed(byte_span data) {
    while (!data.empty()) {
        const std::span<std::byte> room = prepare();
        const std::size_t n = std::min(room.size(), data.size());
        std::memcpy(room.data(), data.data(), n);
        commit(n);
        data = data.subspan(n);
    }
}

wire_result<frame_reader::status> frame_reader::next(frame& out) {
    if (pending() < length_size) return status::need_bytes;
    const auto size = static_cast<std::size_t>(load_big_endian(buffer_->data() + taken_, length_size));
    if (size > limits_.max_frame_size) {
        return wire_error{node_errc::frame_too_large, "a frame of " + std::to_string(size) +
                                                          " bytes, the limit is " +
                                                          std::to_string(limits_.max_frame_size)};
    }
    if (pending() - length_size < size) return status::need_bytes;
    out.body = {buffer_->data() + taken_ + length_size, size};
    out.buffer = buffer_.get();
    taken_ += length_size + size;
    ++frames_;
    check();
    return status::ready;
}

}  // namespace rakka::wire
