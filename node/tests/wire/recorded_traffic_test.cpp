// Reads what real Erlang nodes said to each other (samples/record.py), and says it again.
#include "wire/message_encoder.hpp"
#include "wire/message_reader.hpp"
#include "wire/sample_messages.hpp"
#include "wire/wire_bytes.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <ostream>

namespace rakka::wire {
namespace {

using namespace test;
using enum control_kind;

struct recording {
    const char* file;
    const char* from;
    const char* to;
    std::vector<control_kind> kinds;
};

[[maybe_unused]] std::ostream& operator<<(std::ostream& out, const recording& r) {
    return out << r.file;
}

const std::vector<control_kind> dialler_kinds{send_to_name, monitor,   demonitor, spawn_request,
                                              link,         unlink_id, exit2,     group_leader};
const std::vector<control_kind> listener_kinds{spawn_reply, down, send_to_alias, exit, unlink_id_ack};

class RecordedTraffic : public testing::TestWithParam<recording> {
protected:
    static byte_vector load() {
        std::ifstream in(std::string(RAKKA_NODE_SAMPLES "/") + GetParam().file, std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(in), {}};
        const auto bytes = std::as_bytes(std::span(text));
        return {bytes.begin(), bytes.end()};
    }
    static reader_options options() {
        reader_options o;
        o.effective = flag_sets::wanted;
        o.peer = atom{GetParam().from};
        // The recorder gives out creations in the order in which the nodes register: b, then a.
        o.own = {atom{GetParam().to}, GetParam().to[0] == 'b' ? 0x12345679u : 0x1234567au};
        o.origin = 200;
        return o;
    }
};

TEST_P(RecordedTraffic, IsReadToItsEndAndSurvivesBeingWrittenAgain) {
    const byte_vector stream = load();
    ASSERT_GT(stream.size(), 1000u);
    message_reader reader(options());
    message_encoder encoder({.effective = flag_sets::wanted.without({distribution_flag::altact_sig})});
    reader_options again_options = options();
    again_options.origin = 0;
    message_reader again(again_options);
    etf::local_origin::set_identity(200, options().own);
    std::map<control_kind, int> seen;
    inbound_message m, copy;
    std::size_t at = 0;
    while (at < stream.size()) {
        const std::size_t n = std::min<std::size_t>(7, stream.size() - at);
        reader.feed(byte_span(stream).subspan(at, n));
        at += n;
        for (;;) {
            const auto e = reader.next(m);
            ASSERT_TRUE(e) << e.error().text << " before byte " << at;
            if (*e != message_reader::event::message) break;
            ++seen[m.control().kind];
            const auto payload = m.has_payload() ? m.payload() : wire_result<term>(term{});
            ASSERT_TRUE(payload) << payload.error().text;
            if (m.control().kind == exit) {
                EXPECT_EQ(etf::identity_of(m.control().to), options().own);
            }

            etf::byte_buffer out;
            ASSERT_TRUE(encoder.append(out, m.control(), payload->view())->written) << to_string(m.control());
            again.feed(out.bytes());
            ASSERT_EQ(*again.next(copy), message_reader::event::message);
            EXPECT_EQ(to_string(copy.control()).substr(to_string(copy.control()).find('(')),
                      to_string(m.control()).substr(to_string(m.control()).find('(')));
            if (m.has_payload()) {
                EXPECT_EQ(etf::encode(*payload, {.deterministic = true})->bytes().size(),
                          etf::encode(*copy.payload(), {.deterministic = true})->bytes().size());
            }
        }
    }
    EXPECT_EQ(reader.unfinished_sequences(), 0u);
    for (const control_kind k : GetParam().kinds)
        EXPECT_GT(seen[k], 0) << to_string(k);
    etf::local_origin::set_identity(200, {});
}

constexpr const char *a = "a@127.0.0.1", *b = "b@127.0.0.1";
INSTANTIATE_TEST_SUITE_P(Beam, RecordedTraffic,
                         testing::Values(recording{"otp25_25_dialler.bin", a, b, dialler_kinds},
                                         recording{"otp25_25_listener.bin", b, a, listener_kinds},
                                         recording{"otp25_29_dialler.bin", a, b, dialler_kinds},
                                         recording{"otp25_29_listener.bin", b, a, listener_kinds},
                                         recording{"otp29_29_dialler.bin", a, b, dialler_kinds},
                                         recording{"otp29_29_listener.bin", b, a, listener_kinds}),
                         [](const auto& instance) {
                             const std::string name = instance.param.file;
                             return name.substr(0, name.find('.'));
                         });

}  // namespace
}  // namespace rakka::wire
