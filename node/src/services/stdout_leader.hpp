// A group leader that sends what is printed to the C node that made the call. [protocol §rex]
#pragma once

#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

#include <optional>
#include <string>

namespace rakka::detail {

/// While it lives there is a process that speaks the I/O protocol: it answers `put_chars` requests and sends
/// the characters to `receiver` as `{rex_stdout, Binary}`; it refuses all other requests, those that name a
/// function to format with included. Owner process, which the new one is linked to.
class stdout_leader {
public:
    explicit stdout_leader(const pid& receiver);
    stdout_leader(const stdout_leader&) = delete;
    stdout_leader& operator=(const stdout_leader&) = delete;

    [[nodiscard]] const pid& process() const noexcept { return process_; }
    /// Ends it, after everything it has been asked for so far. Blocks until then.
    void finish();

private:
    pid process_;
};

/// Erlang's unicode:chardata() as UTF-8; nothing when it is none. Code points above 255 are an error in
/// `latin1`, whose binaries hold one character a byte. Any thread.
[[nodiscard]] std::optional<std::string> characters_of(term_view chars, bool latin1);

}  // namespace rakka::detail
