// The shared secret of a cluster: held unprintable, compared in constant time, read from ~/.erlang.cookie.
#pragma once

#include <rakka/base/result.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace rakka {

/// A cookie. There is no way to print or format one; `secret()` exists for the challenge digest only. The
/// text is wiped from memory when the cookie is destroyed. Distinct objects may be used from any thread.
class cookie {
public:
    /// The cookie with the characters of `text`, UTF-8; what the digest sees are its Latin-1 bytes.
    /// Errors: `bad_cookie` (empty, over 255 characters, control or non-Latin-1 characters). The error never
    /// quotes it. Erlang: `erlang:set_cookie/1`.
    static result<cookie> from_text(std::string_view text);

    cookie(const cookie&) = default;
    cookie(cookie&&) noexcept = default;
    cookie& operator=(const cookie& other);
    cookie& operator=(cookie&& other) noexcept;
    ~cookie();

    /// The Latin-1 bytes the digest is made of. Never log them. Valid as long as this object is unchanged.
    std::string_view secret() const noexcept { return bytes_; }

    /// Takes the same time wherever the first difference is.
    friend bool operator==(const cookie& a, const cookie& b) noexcept;

private:
    explicit cookie(std::string bytes) : bytes_(std::move(bytes)) {}

    std::string bytes_;
};

/// Where a BEAM looks for the cookie: `$HOME/.erlang.cookie`, or `$XDG_CONFIG_HOME/erlang/.erlang.cookie` (by
/// default
/// `~/.config/erlang/`) when only that one exists. Blocks on the file system.
std::filesystem::path default_cookie_file();

/// The cookie in a file, under Erlang's rules: a regular file nobody but its owner may access, one line of
/// printable characters, trailing line ends ignored. Blocks on the file system. Errors:
/// `cookie_file_missing`, `cookie_file_permissions`, `cookie_file_not_regular`, `cookie_file_unreadable`,
/// `bad_cookie`. Nothing is ever created here.
result<cookie> read_cookie_file(const std::filesystem::path& file);

/// Makes a new file of mode 0400 with a random cookie of 20 upper-case letters and returns that cookie. Only
/// on request: no other function of Rakka creates one. Blocks on the file system. Errors:
/// `cookie_file_exists`, `cookie_file_unreadable` (the folder is missing or not writable).
result<cookie> create_cookie_file(const std::filesystem::path& file);

/// One line for a user: the file, what is wrong with it, and what to do.
std::string explain_cookie_error(const std::filesystem::path& file, error_code why);

}  // namespace rakka
