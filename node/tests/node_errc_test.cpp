#include <rakka/node/errc.hpp>

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <system_error>

namespace rakka {
namespace {

TEST(NodeErrc, EveryErrorHasASentenceOfItsOwn) {
    std::set<std::string> sentences;
    for (int i = 1; i <= static_cast<int>(node_errc::bad_recording); ++i) {
        const std::string sentence = make_error_code(static_cast<node_errc>(i)).message();
        EXPECT_NE(sentence, "unknown error") << i;
        EXPECT_TRUE(sentences.insert(sentence).second) << sentence;
    }
}

TEST(NodeErrc, ConvertsToStandardErrorCodes) {
    const boost::system::error_code code = node_errc::wrong_cookie;
    EXPECT_STREQ(code.category().name(), "rakka.node");
    const std::error_code standard = code;
    EXPECT_EQ(standard.message(), code.message());
}

}  // namespace
}  // namespace rakka
