#include "random_bits.hpp"

#include <rakka/node/cookie.hpp>
#include <rakka/node/errc.hpp>

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace rakka {
namespace {

constexpr std::size_t max_cookie_characters = 255;

bool is_cookie_character(unsigned char b) noexcept {
    return b >= 0x20 && b != 0x7F && (b < 0x80 || b > 0x9F);
}

/// Closes on every path out of the functions below.
class file_descriptor {
public:
    explicit file_descriptor(int fd) noexcept : fd_(fd) {}
    file_descriptor(const file_descriptor&) = delete;
    file_descriptor& operator=(const file_descriptor&) = delete;
    ~file_descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    int get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }

private:
    int fd_;
};

/// Checked on the open descriptor, so that the file cannot be exchanged between check and use.
result<void> check_attributes(int fd) {
    struct stat info {};
    if (::fstat(fd, &info) != 0) return node_errc::cookie_file_unreadable;
    if (!S_ISREG(info.st_mode)) return node_errc::cookie_file_not_regular;
    if ((info.st_mode & 077) != 0) return node_errc::cookie_file_permissions;
    return {};
}

void wipe(std::string& text) noexcept {
    OPENSSL_cleanse(text.data(), text.size());
    text.clear();
}

}  // namespace

result<cookie> cookie::from_text(std::string_view text) {
    std::string bytes;
    bytes.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto b = static_cast<unsigned char>(text[i]);
        if (b >= 0x80) {  // only the pairs that encode U+0080..U+00FF
            if ((b != 0xC2 && b != 0xC3) || i + 1 == text.size()) return node_errc::bad_cookie;
            const auto next = static_cast<unsigned char>(text[++i]);
            if ((next & 0xC0) != 0x80) return node_errc::bad_cookie;
            b = static_cast<unsigned char>((b & 0x03) << 6 | (next & 0x3F));
        }
        if (!is_cookie_character(b)) return node_errc::bad_cookie;
        bytes += static_cast<char>(b);
    }
    if (bytes.empty() || bytes.size() > max_cookie_characters) return node_errc::bad_cookie;
    return cookie(std::move(bytes));
}

cookie::~cookie() {
    wipe(bytes_);
}

cookie& cookie::operator=(const cookie& other) {
    if (this != &other) {
        wipe(bytes_);
        bytes_ = other.bytes_;
    }
    return *this;
}

cookie& cookie::operator=(cookie&& other) noexcept {
    if (this != &other) {
        wipe(bytes_);
        bytes_ = std::move(other.bytes_);
    }
    return *this;
}

bool operator==(const cookie& a, const cookie& b) noexcept {
    return a.bytes_.size() == b.bytes_.size() &&
           CRYPTO_memcmp(a.bytes_.data(), b.bytes_.data(), a.bytes_.size()) == 0;
}

std::filesystem::path default_cookie_file() {
    const char* home_variable = std::getenv("HOME");
    const std::filesystem::path home = home_variable != nullptr ? home_variable : "/";
    const std::filesystem::path usual = home / ".erlang.cookie";
    const char* config_variable = std::getenv("XDG_CONFIG_HOME");
    const bool has_config = config_variable != nullptr && *config_variable != '\0';
    const std::filesystem::path config =
        has_config ? std::filesystem::path(config_variable) : home / ".config";
    const std::filesystem::path other = config / "erlang" / ".erlang.cookie";
    std::error_code ignored;
    if (!std::filesystem::exists(usual, ignored) && std::filesystem::exists(other, ignored)) return other;
    return usual;
}

result<cookie> read_cookie_file(const std::filesystem::path& file) {
    // O_NONBLOCK: a named pipe in place of the file must not hang the caller.
    const file_descriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) {
        return errno == ENOENT ? node_errc::cookie_file_missing : node_errc::cookie_file_unreadable;
    }
    if (const result<void> fit = check_attributes(fd.get()); !fit) return fit.error();
    std::array<char, 1024> buffer{};
    std::size_t size = 0;
    while (size < buffer.size()) {
        const ssize_t n = ::read(fd.get(), buffer.data() + size, buffer.size() - size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return node_errc::cookie_file_unreadable;
        if (n == 0) break;
        size += static_cast<std::size_t>(n);
    }
    std::string_view text(buffer.data(), size);
    const std::size_t line_end = text.find_first_of("\r\n");
    const std::string_view rest = line_end == std::string_view::npos ? "" : text.substr(line_end);
    const bool one_line = size < buffer.size() && rest.find_first_not_of("\r\n ") == std::string_view::npos;
    const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
    result<cookie> read =
        one_line && ascii ? cookie::from_text(text.substr(0, line_end)) : node_errc::bad_cookie;
    OPENSSL_cleanse(buffer.data(), buffer.size());
    return read;
}

result<cookie> create_cookie_file(const std::filesystem::path& file) {
    std::string text;
    for (int i = 0; i < 20; ++i)
        text += static_cast<char>('A' + detail::random_bits<std::uint64_t>() % 26);
    const file_descriptor fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400));
    if (!fd) return errno == EEXIST ? node_errc::cookie_file_exists : node_errc::cookie_file_unreadable;
    const ssize_t written = ::write(fd.get(), text.data(), text.size());
    result<cookie> made = cookie::from_text(text);
    const bool complete = written == static_cast<ssize_t>(text.size());
    wipe(text);
    if (!complete) {
        ::unlink(file.c_str());
        return node_errc::cookie_file_unreadable;
    }
    return made;
}

std::string explain_cookie_error(const std::filesystem::path& file, error_code why) {
    std::string text = fmt::format("cookie file {}: {}", file.string(), why.message());
    if (why == node_errc::cookie_file_permissions) text += fmt::format(" (chmod 400 '{}')", file.string());
    return text;
}

}  // namespace rakka
