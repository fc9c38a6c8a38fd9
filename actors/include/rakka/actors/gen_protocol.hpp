// The envelope of OTP's calls and casts: what gen_server:call puts on the wire, and how its reply finds the
// way back.
//
// Shared by otp/ (behaviours) and node/ (services such as net_kernel and rex), as gen.erl is shared in OTP.
// [protocol §7.1]
#pragma once

#include <rakka/actors/destination.hpp>
#include <rakka/etf/term.hpp>

#include <boost/assert/source_location.hpp>

#include <chrono>
#include <optional>
#include <utility>

namespace rakka {

/// Who asked: the client and the tag it waits for. Copy it, keep it, answer later from any process. Erlang:
/// `From`.
struct from {
    pid client;
    term tag;

    /// The `{Pid, Tag}` pair as Erlang passes it around.
    [[nodiscard]] term to_term() const;
    /// Reads such a pair, e.g. one that came inside a message. errc::wrong_type when it is not one.
    [[nodiscard]] static result<from> read(const term& pair);
    /// The same for `pair`, a view into `whole`.
    [[nodiscard]] static result<from> read_part(const term& whole, term_view pair);
};

/// Answers a call. Any process; never blocks longer than send() does; an answer that nobody waits for any
/// more is dropped. Erlang: gen_server:reply/2.
void reply(const from& to, term value);

namespace gen {

/// One `{Label, From, Request}` message taken apart.
struct request {
    term_view label;
    from sender;
    term body;
};

/// `message` as a call: a triple whose second element is a From. Nothing for anything else.
[[nodiscard]] std::optional<request> as_request(const term& message);
/// The same, with the message's own hold on its memory for the body; the message is left alone when it is no
/// call, or has a body without memory.
[[nodiscard]] std::optional<request> as_request(term&& message);
/// The body of `{'$gen_cast', Body}`, or nothing.
[[nodiscard]] std::optional<term> as_cast(const term& message);

/// How a call ended without a reply: the reason Erlang's gen:call would exit with, e.g. `timeout`, `noproc`,
/// `{nodedown, Node}`, or the server's own exit reason.
class no_reply {
public:
    no_reply() = default;  // result::error() of a success
    [[nodiscard]] static no_reply because(term reason) { return no_reply(std::move(reason)); }
    term reason;

private:
    explicit no_reply(term r)
        : reason(std::move(r)) {}  // private: a result<term, no_reply> takes a term as its value
};
/// boost::system::result calls this when value() is asked of a failed call: the caller exits with the reason.
[[noreturn]] void throw_exception_from_error(const no_reply& e, const boost::source_location& where);

/// Sends `{Label, {self(), Tag}, Request}` and waits for the reply. Blocks the calling process for `timeout`
/// at most (std::nullopt: for ever; never less, and from a second on 1/128 more at most, up to 100 ms). The
/// tag is a monitor's reference that is also an alias, so a reply that comes too late never reaches the
/// mailbox. Precondition: `server` is no alias. Owner process. Erlang: gen:call/4.
[[nodiscard]] boost::system::result<term, no_reply> call(const destination& server, atom label,
                                                         const term& request_body,
                                                         std::optional<std::chrono::milliseconds> timeout);
/// The same for the requests of gen_event, whose label is the client's pid. [protocol §7.2]
[[nodiscard]] boost::system::result<term, no_reply> call(const destination& server, const pid& label,
                                                         const term& request_body,
                                                         std::optional<std::chrono::milliseconds> timeout);

}  // namespace gen
}  // namespace rakka
