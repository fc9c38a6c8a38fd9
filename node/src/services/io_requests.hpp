// The I/O protocol as a device answers it that can be written to and has nothing to read. [protocol §8.1]
#pragma once

#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

#include <optional>
#include <string>

namespace rakka::detail {

/// `{io_request, From, ReplyAs, Request}` taken apart.
struct io_request {
    pid client;
    term reply_as;
    term body;

    [[nodiscard]] static std::optional<io_request> read(const term& message);
    /// The message that answers it.
    [[nodiscard]] term reply(const term& outcome) const;
};

struct io_outcome {
    term reply;           ///< `ok`, `eof`, what was asked for, or `{error, Reason}`
    std::string printed;  ///< what is to be written, as UTF-8
};

/// What becomes of a request: characters are printed, in either encoding, also those that `io_lib:format/2`
/// and `fwrite/2` make; reading finds the end of the file; it is no terminal. Requests that no device knows
/// are `{error, request}`. Any thread.
[[nodiscard]] io_outcome io_outcome_of(const term& request);

}  // namespace rakka::detail
