#include <rakka/node/cookie.hpp>
#include <rakka/node/errc.hpp>

#include <gtest/gtest.h>

#include <concepts>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>
#include <sys/stat.h>

namespace rakka {
namespace {

template <class T>
concept printable_type = requires(std::ostream& out, const T& t) {
    out << t;
};
static_assert(!printable_type<cookie>, "a cookie must not reach a log by accident");

/// A folder of its own for each test, removed at the end.
class CookieFile : public testing::Test {
protected:
    CookieFile() {
        std::string name = (std::filesystem::temp_directory_path() / "rakka_cookie_XXXXXX").string();
        folder_ = ::mkdtemp(name.data());
        file_ = folder_ / ".erlang.cookie";
    }
    ~CookieFile() override { std::filesystem::remove_all(folder_); }

    void write(const std::string& text, unsigned mode = 0400) {
        std::ofstream(file_) << text;
        ::chmod(file_.c_str(), mode);
    }
    /// What reading the file says when it holds `text`.
    error_code read_error(const std::string& text, unsigned mode = 0400) {
        std::filesystem::remove(file_);
        write(text, mode);
        const result<cookie> read = read_cookie_file(file_);
        return read ? error_code() : read.error();
    }

    std::filesystem::path folder_;
    std::filesystem::path file_;
};

TEST(Cookie, IsComparedByItsText) {
    EXPECT_EQ(cookie::from_text("secret").value(), cookie::from_text("secret").value());
    EXPECT_NE(cookie::from_text("secret").value(), cookie::from_text("secreT").value());
    EXPECT_NE(cookie::from_text("secret").value(), cookie::from_text("secret1").value());
}

TEST(Cookie, IsLatin1ForTheDigest) {
    EXPECT_EQ(cookie::from_text("\xc3\xa9").value().secret(), "\xe9");
    EXPECT_EQ(cookie::from_text("\xe2\x82\xac").error(), node_errc::bad_cookie);
}

TEST(Cookie, IsOneLineOfOneTo255PrintableCharacters) {
    EXPECT_EQ(cookie::from_text("").error(), node_errc::bad_cookie);
    EXPECT_EQ(cookie::from_text("a\nb").error(), node_errc::bad_cookie);
    EXPECT_TRUE(cookie::from_text(std::string(255, 'x')));
    EXPECT_EQ(cookie::from_text(std::string(256, 'x')).error(), node_errc::bad_cookie);
}

TEST(Cookie, SurvivesCopyAndMove) {
    cookie a = cookie::from_text("secret").value();
    const cookie b = a;
    cookie c = std::move(a);
    EXPECT_EQ(b, c);
    a = b;
    EXPECT_EQ(a, c);
    c = std::move(a);
    EXPECT_EQ(b, c);
}

TEST_F(CookieFile, IsReadWithoutItsLineEnd) {
    for (const auto* text : {"ABCDEF", "ABCDEF\n", "ABCDEF\r\n", "ABCDEF\n\n \n"}) {
        write(text, 0600);
        EXPECT_EQ(read_cookie_file(file_).value(), cookie::from_text("ABCDEF").value());
    }
}

TEST_F(CookieFile, MustBeAccessibleByItsOwnerOnly) {
    for (const unsigned mode : {0440u, 0404u, 0644u, 0410u, 0420u}) {
        EXPECT_EQ(read_error("ABCDEF", mode), node_errc::cookie_file_permissions) << std::oct << mode;
    }
    EXPECT_FALSE(read_error("ABCDEF", 0400));
    EXPECT_FALSE(read_error("ABCDEF", 0600));
}

TEST_F(CookieFile, MustHoldOneCookie) {
    for (const auto* text : {"", "\n", "AB\nCD", "A\tB", "A\xc3\xa9"}) {
        EXPECT_EQ(read_error(text), node_errc::bad_cookie) << text;
    }
    EXPECT_EQ(read_error(std::string(5000, 'x')), node_errc::bad_cookie);
}

TEST_F(CookieFile, ThatIsMissingIsNotMade) {
    EXPECT_EQ(read_cookie_file(file_).error(), node_errc::cookie_file_missing);
    EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(CookieFile, MustBeARegularFile) {
    EXPECT_EQ(read_cookie_file(folder_).error(), node_errc::cookie_file_not_regular);
    ASSERT_EQ(::mkfifo(file_.c_str(), 0400), 0);
    EXPECT_EQ(read_cookie_file(file_).error(), node_errc::cookie_file_not_regular);
}

TEST_F(CookieFile, IsMadeOnRequestAndOnlyOnce) {
    const result<cookie> made = create_cookie_file(file_);
    ASSERT_TRUE(made);
    EXPECT_EQ(made->secret().size(), 20u);
    EXPECT_EQ(read_cookie_file(file_).value(), *made);
    struct stat info {};
    ASSERT_EQ(::stat(file_.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0400u);
    EXPECT_EQ(create_cookie_file(file_).error(), node_errc::cookie_file_exists);
    EXPECT_EQ(create_cookie_file(folder_ / "missing" / "x").error(), node_errc::cookie_file_unreadable);
}

TEST_F(CookieFile, IsLookedForWhereBeamLooks) {
    ::setenv("HOME", folder_.c_str(), 1);
    ::setenv("XDG_CONFIG_HOME", (folder_ / "config").c_str(), 1);
    EXPECT_EQ(default_cookie_file(), file_);
    std::filesystem::create_directories(folder_ / "config" / "erlang");
    std::ofstream(folder_ / "config" / "erlang" / ".erlang.cookie") << "x";
    EXPECT_EQ(default_cookie_file(), folder_ / "config" / "erlang" / ".erlang.cookie");
    write("x");
    EXPECT_EQ(default_cookie_file(), file_);
}

TEST_F(CookieFile, ErrorsSayWhatToDo) {
    const std::string text = explain_cookie_error(file_, node_errc::cookie_file_permissions);
    EXPECT_NE(text.find("chmod 400"), std::string::npos);
    EXPECT_NE(text.find(file_.string()), std::string::npos);
}

}  // namespace
}  // namespace rakka
