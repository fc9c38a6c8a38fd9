#include "connection/outbound_queue.hpp"

#include <rakka/base/check.hpp>

#include <algorithm>

namespace rakka::detail {
namespace {

// A buffer of the last batch no larger than this takes the next frames, which saves an allocation per write.
constexpr std::size_t max_recycled = std::size_t{256} << 10;

void recycle(etf::byte_buffer& b) {
    b.clear();
    if (b.capacity() > max_recycled) b = {};
    b.gather_from(outbound_queue::gather_from);
}

}  // namespace

outbound_queue::outbound_queue() {
    tail_.gather_from(gather_from);
}

bool outbound_queue::has_large(const pid& sender) const noexcept {
    return std::any_of(large_.begin(), large_.end(), [&](const large& l) { return l.sender == sender; });
}

void outbound_queue::add_large(const pid& sender, std::unique_ptr<wire::outgoing_fragments> rest) {
    large_.push_back({sender, std::move(rest), {}});
}

void outbound_queue::hold_back(const pid& sender, outbound_signal s) {
    const auto it =
        std::find_if(large_.begin(), large_.end(), [&](const large& l) { return l.sender == sender; });
    RAKKA_CHECK(it != large_.end());
    held_back_weight_ += s.weight();
    it->behind.push_back(std::move(s));
}

std::size_t outbound_queue::bytes() const noexcept {
    std::size_t n = tail_.total_size() + batch_left_ + held_back_weight_;
    for (const large& l : large_)
        n += l.rest->remaining();
    return n;
}

void outbound_queue::add_parts(const etf::byte_buffer& bytes) {
    bytes.for_each_piece([this](std::span<const std::byte> part) {
        parts_.push_back({const_cast<std::byte*>(part.data()), part.size()});  // iovec knows no const
        batch_left_ += part.size();
    });
}

bool outbound_queue::begin_batch(held_back& released, std::size_t limit) {
    if (in_flight()) return true;
    parts_.clear();
    next_part_ = 0;
    recycle(frames_);
    recycle(fragments_);
    frames_.swap(tail_);
    std::size_t taken = 0;
    auto it = large_.begin();
    for (; it != large_.end() && taken < limit;) {
        const std::size_t before = it->rest->remaining();
        it->rest->append_next(fragments_);
        taken += before - it->rest->remaining();
        if (!it->rest->done()) {
            ++it;
            continue;
        }
        for (outbound_signal& s : it->behind) {
            held_back_weight_ -= s.weight();
            released.emplace_back(it->sender, std::move(s));
        }
        ended_.push_back(it->sender);
        it = large_.erase(it);
    }
    std::rotate(large_.begin(), it, large_.end());  // those that had no turn come first next time
    add_parts(frames_);
    add_parts(fragments_);
    return in_flight();
}

bool outbound_queue::wrote(std::size_t n) noexcept {
    RAKKA_CHECK(n <= batch_left_);
    batch_left_ -= n;
    while (n != 0) {
        iovec& part = parts_[next_part_];
        const std::size_t taken = std::min(n, part.iov_len);
        part.iov_base = static_cast<std::byte*>(part.iov_base) + taken;
        part.iov_len -= taken;
        n -= taken;
        if (part.iov_len == 0) ++next_part_;
    }
    return !in_flight();
}

void outbound_queue::clear() {
    for (etf::byte_buffer* b : {&tail_, &frames_, &fragments_})
        recycle(*b);
    large_.clear();
    ended_.clear();
    parts_.clear();
    held_back_weight_ = batch_left_ = next_part_ = 0;
}

}  // namespace rakka::detail
