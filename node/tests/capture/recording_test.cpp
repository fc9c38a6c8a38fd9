#include "recorded_session.hpp"

#include <rakka/node/errc.hpp>

#include <gtest/gtest.h>

namespace rakka::capture {
namespace {

using namespace test;
using namespace std::chrono_literals;

const std::vector<happening> story{
    {.what = happening::kind::opened, .connection = 7, .at = 1ns, .text = "1.2.3.4:5 to 6.7.8.9:10"},
    {.connection = 7, .at = 3s, .data = as_bytes(hex("00 ff 01"))},
    {.from = side::acceptor, .connection = 7, .at = 30h, .data = {}},
    {.what = happening::kind::closed, .from = side::acceptor, .connection = 7, .at = 31h, .text = "closed"},
};

std::string written() {
    std::ostringstream out;
    recording_writer w(out);
    for (const happening& h : story)
        EXPECT_TRUE(w.add(h));
    return out.str();
}

TEST(Recording, IsReadAsItWasWritten) {
    std::istringstream in(written());
    auto r = recording_reader::open(in);
    ASSERT_TRUE(r);
    for (const happening& h : story)
        EXPECT_EQ(r->next().value(), h);
    EXPECT_FALSE(r->next().value());
}

TEST(Recording, CutShortAnywhereSaysSoOrEndsBetweenTwoHappenings) {
    const std::string all = written();
    int whole = 0;
    for (std::size_t size = 0; size < all.size(); ++size) {
        std::istringstream in(all.substr(0, size));
        auto r = recording_reader::open(in);
        if (!r) {
            EXPECT_LT(size, 16U);
            EXPECT_EQ(r.error(), node_errc::bad_recording);
            continue;
        }
        for (;;) {
            const auto h = r->next();
            if (!h) {
                EXPECT_EQ(h.error(), node_errc::bad_recording);
                break;
            }
            if (!*h) {
                ++whole;
                break;
            }
        }
    }
    EXPECT_EQ(whole, 4);  // before each of the four
}

TEST(Recording, OtherFilesAreRefused) {
    for (const char* const text : {"", "rakka capture 2\n",
                                   "\x7f"
                                   "ELF and so on, a long program"}) {
        std::istringstream in{std::string(text)};
        EXPECT_EQ(recording_reader::open(in).error(), node_errc::bad_recording) << text;
    }
}

TEST(Recording, NonsenseInsideIsRefused) {
    const std::string all = written();
    for (const auto& [at, value] : {std::pair{16, 0}, {16, 4}, {17, 2}, {30, 0x7f}}) {
        std::string broken = all;
        broken[static_cast<std::size_t>(at)] = static_cast<char>(value);
        std::istringstream in(broken);
        EXPECT_EQ(recording_reader::open(in)->next().error(), node_errc::bad_recording) << at;
    }
}

}  // namespace
}  // namespace rakka::capture
