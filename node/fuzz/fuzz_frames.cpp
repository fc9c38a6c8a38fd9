// Fuzzes all that a connected peer can reach: frames, headers, fragments, control messages and payloads, in
// each mode.
#include "wire/message_reader.hpp"

#include <rakka/base/check.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace {

using rakka::distribution_flag;

/// The first byte chooses the mode and how much arrives at once.
void read_stream(std::uint8_t mode, rakka::wire::byte_span stream) {
    rakka::wire::reader_options options;
    options.effective = rakka::flag_sets::wanted;
    if (mode & 1) options.effective = options.effective.without({distribution_flag::dist_hdr_atom_cache});
    if (mode & 2) options.effective = options.effective.without({distribution_flag::fragments});
    if (mode & 4) {
        options.peer = rakka::atom("a@localhost");
        options.own = {rakka::atom("cpp@localhost"), 0x12345678};
        options.origin = 3;
    }
    options.frames = {.max_frame_size = 1 << 20, .chunk_size = 256, .min_read_size = 16};
    options.fragments = {.max_sequences = 4, .max_sequence_size = 1 << 16, .max_total_size = 1 << 17};
    options.max_new_atoms = 0;  // the atom table outlives the run
    options.terms.max_words = 1 << 20;
    rakka::wire::message_reader reader(options);
    const std::size_t at_once = mode & 8 ? std::size_t{1} + (mode >> 4) : SIZE_MAX;
    rakka::wire::inbound_message message;
    while (!stream.empty()) {
        const std::size_t n = std::min(at_once, stream.size());
        reader.feed(stream.first(n));
        stream = stream.subspan(n);
        for (;;) {
            const auto event = reader.next(message);
            if (!event) {
                RAKKA_CHECK(!event.error().text.empty() && event.error().text.size() < 300);
                return;
            }
            if (*event == rakka::wire::message_reader::event::need_bytes) break;
            if (*event == rakka::wire::message_reader::event::tick) continue;
            (void)to_string(message.control());
            if (message.has_payload()) {
                if (!message.payload()) return;
            }
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 0) read_stream(data[0], std::as_bytes(std::span(data + 1, size - 1)));
    return 0;
}
