// Fuzzes what is done with a recording of a connection, which somebody else may have made: read, put into
// words, and played to a node that says anything.
#include <rakka/base/check.hpp>
#include <rakka/node/capture.hpp>
#include <rakka/node/cookie.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <sstream>
#include <string>
#include <vector>

namespace {

using namespace rakka;

constexpr std::size_t longest_line = std::size_t{1} << 20;  // of a few thousand bytes

/// As `rakka capture print` does. Gives what the acceptor of the first connection has sent.
std::vector<std::byte> read(const std::string& recording) {
    std::istringstream in(recording);
    std::vector<std::byte> accepted;
    auto reader = capture::recording_reader::open(in);
    if (!reader) return accepted;
    std::map<std::uint32_t, capture::conversation_reader> conversations;
    std::ostringstream copy;
    capture::recording_writer writer(copy);
    for (;;) {
        const auto next = reader->next();
        if (!next || !*next) break;
        const capture::happening& h = **next;
        RAKKA_CHECK(writer.add(h));
        if (h.connection == 1 && h.from == capture::side::acceptor)
            accepted.insert(accepted.end(), h.data.begin(), h.data.end());
        if (conversations.size() == 8 && !conversations.contains(h.connection)) continue;
        auto& conversation = conversations[h.connection];
        for (const capture::statement& s : conversation.read(h.from, h.data)) {
            RAKKA_CHECK(!s.text.empty() && s.text.size() < longest_line);
            RAKKA_CHECK(conversation.name(s.from).size() < longest_line);
        }
    }
    // What was read is what is written again.
    RAKKA_CHECK(recording.starts_with(copy.str()));
    return accepted;
}

void play(const std::string& recording, std::span<const std::byte> answers) {
    std::istringstream in(recording);
    auto replay = capture::replay::of(in, 1, cookie::from_text("secret").value());
    if (!replay) {
        RAKKA_CHECK(!replay.error().empty());
        return;
    }
    const auto first = replay->start();
    RAKKA_CHECK(first || !first.error().empty());
    while (!answers.empty()) {
        const auto part = answers.first(std::min<std::size_t>(answers.size(), 7));
        answers = answers.subspan(part.size());
        const auto said = replay->received(part);
        RAKKA_CHECK(first || !said);  // after a failure it can be asked again
        if (first && !said) return;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string recording(reinterpret_cast<const char*>(data), size);
    const auto answers = read(recording);
    play(recording, answers);
    return 0;
}
