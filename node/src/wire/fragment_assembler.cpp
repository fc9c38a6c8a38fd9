#include "wire/fragment_assembler.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace rakka::wire {

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
    if (!m.buffer || m.buffer->size() < needed) {
        // Senders cut into equal pieces: if the rest is like this one, this is the exact size. What is not
        // filled costs addresses and no memory, so that a lie about the number of fragments gains no more
        // than doubling would; and all of it together is bounded as what is filled is.
        const std::size_t doubled = 2 * needed;
        const std::size_t had = m.buffer ? m.buffer->size() : 0;
        const std::size_t others = std::min(reserved_ - had, limits_.max_total_size);
        const std::size_t most = std::min(limits_.max_sequence_size, limits_.max_total_size - others);
        const std::uint64_t rest = s.due - 1;
        const bool plausible = rest <= (std::max(most, doubled) - needed) / payload.size();
        const std::size_t guess =
            plausible ? needed + static_cast<std::size_t>(rest) * payload.size() : doubled;
        buffer_ref larger = make_buffer(std::min(guess, std::max(needed, limits_.max_sequence_size)));
        if (m.size > 0) std::memcpy(larger->data(), m.buffer->data(), m.size);
        reserved_ += larger->size() - had;
        m.buffer = std::move(larger);
    }
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
