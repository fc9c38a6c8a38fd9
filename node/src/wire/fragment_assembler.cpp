#include "wire/fragment_assembler.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace rakka::wire {
namespace {
constexpr std::size_t at_once = std::size_t{2} << 20;
constexpr std::size_t all_at_once = std::size_t{64} << 20;
}  // namespace

/// Senders cut into equal pieces: if the rest is like this one, `piece` bytes of the `needed` so far, the
/// exact size is known. It is believed at once up to a size that would do no harm were it a lie, and beyond
/// as it arrives.
void fragment_assembler::make_room(sequence& s, std::size_t needed, std::size_t piece) {
    buffer_ref& buffer = s.message.buffer;
    const std::size_t had = buffer ? buffer->size() : 0;
    const std::uint64_t rest = s.due - 1;
    const bool plausible = rest <= (limits_.max_sequence_size - needed) / piece;
    const std::size_t guess =
        plausible ? needed + static_cast<std::size_t>(rest) * piece : limits_.max_sequence_size;
    const std::size_t believed = plausible && reserved_ < all_at_once ? at_once : 0;
    const std::size_t size = std::min(guess, std::max(2 * needed, believed));
    if (buffer) {
        enlarge(buffer, size);  // nobody else has seen it yet
    } else {
        buffer = make_buffer(size);
    }
    reserved_ += size - had;
}

wire_result<bool> fragment_assembler::append(sequence& s, byte_span payload) {
    fragmented_message& m = s.message;
    if (payload.size() > limits_.max_sequence_size - m.size) {
        return over_limit("a message in fragments of more than " + std::to_string(limits_.max_sequence_size) +
                          " bytes");
    }
    if (payload.size() > limits_.max_total_size - total_) {
        return over_limit("unfinished messages in fragments of more than " +
                          std::to_string(limits_.max_total_size) + " bytes together");
    }
    if (payload.empty()) return true;
    const std::size_t needed = m.size + payload.size();
    if (!m.buffer || m.buffer->size() < needed) make_room(s, needed, payload.size());
    std::memcpy(m.buffer->data() + m.size, payload.data(), payload.size());
    m.size = needed;
    total_ += payload.size();
    return true;
}

wire_result<bool> fragment_assembler::begin(const dist_header& header, fragmented_message message,
                                            byte_span payload, std::size_t control_size) {
    if (running_.contains(header.sequence)) {
        return bad_frame("a fragmented message begins with the sequence id of one that is not finished");
    }
    if (running_.size() >= limits_.max_sequences) {
        return over_limit("more than " + std::to_string(limits_.max_sequences) +
                          " unfinished messages in fragments");
    }
    // Decoded, one byte may become a cell of a list.
    const std::size_t held = control_size * 2 * sizeof(std::uint64_t);
    if (held > limits_.max_total_size - total_) {
        return over_limit("unfinished messages in fragments whose control messages hold more than " +
                          std::to_string(limits_.max_total_size) + " bytes together");
    }
    sequence& s =
        running_.emplace(header.sequence, sequence{std::move(message), header.fragment, held}).first->second;
    total_ += held;
    if (auto added = append(s, payload); !added) return added;
    --s.due;
    return true;
}

wire_result<bool> fragment_assembler::add(const dist_header& header, byte_span payload,
                                          fragmented_message& done) {
    const auto found = running_.find(header.sequence);
    if (found == running_.end()) return bad_frame("a fragment of a sequence that did not begin");
    sequence& s = found->second;
    if (header.fragment != s.due) {
        return bad_frame("fragment " + std::to_string(header.fragment) + " where fragment " +
                         std::to_string(s.due) + " is due");
    }
    if (auto added = append(s, payload); !added) return added;
    if (--s.due > 0) return false;
    total_ -= s.message.size + s.held;
    reserved_ -= s.message.buffer ? s.message.buffer->size() : 0;
    done = std::move(s.message);
    running_.erase(found);
    return true;
}

}  // namespace rakka::wire
