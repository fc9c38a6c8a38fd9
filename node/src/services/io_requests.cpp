#include "services/io_requests.hpp"

#include "services/io_format.hpp"
#include "services/rpc_calls.hpp"
#include "services/stdout_leader.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <utility>

namespace rakka::detail {
namespace {

io_outcome refused(const term& why) {
    return {tuple(atoms::known<"error">, why), {}};
}

io_outcome printed(std::optional<std::string> text, const term& or_else) {
    if (!text) return refused(or_else);
    return {atoms::known<"ok">, *std::move(text)};
}

std::optional<bool> is_latin1(term_view encoding) {
    if (encoding.is_atom("latin1"_a)) return true;
    if (encoding.is_atom("unicode"_a)) return false;
    return std::nullopt;
}

/// `{put_chars, Encoding, Module, Function, Arguments}`. The function is Erlang's, and io_lib's are the ones
/// that we have.
io_outcome put_result(term_view request) {
    const auto p = request.tuple();
    const bool formats = p[2].is_atom("io_lib"_a) && (p[3].is_atom("format"_a) || p[3].is_atom("fwrite"_a));
    if (!is_latin1(p[1])) return refused("request"_a);
    if (formats && is_proper_list(p[4])) {
        const auto given = p[4].list();
        if (given.size() == 2 || given.size() == 3) {
            auto i = given.begin();
            const term_view format = *i;
            return printed(io_lib_format(format, *++i), term::copy(p[3]));
        }
    }
    return refused(term::copy(p[3]));
}

bool is_reading(term_view r) {
    return r.is_tagged("get_line"_a, 3) || r.is_tagged("get_line"_a, 2) || r.is_tagged("get_chars"_a, 4) ||
           r.is_tagged("get_chars"_a, 3) || r.is_tagged("get_until"_a, 6) || r.is_tagged("get_until"_a, 5) ||
           r.is_tagged("get_password"_a, 2);
}

/// Options of how to read, which make no difference here, and the encoding that we have.
bool is_harmless_option(term_view o) {
    if (o.is_atom("binary"_a) || o.is_atom("list"_a) || o.is_tagged("binary"_a, 2) ||
        o.is_tagged("echo"_a, 2))
        return true;
    return o.is_tagged("encoding"_a, 2) &&
           (o.tuple()[1].is_atom("unicode"_a) || o.tuple()[1].is_atom("utf8"_a));
}

io_outcome set_options(term_view options) {
    if (!is_proper_list(options)) return refused("request"_a);
    for (const term_view o : options.list())
        if (!is_harmless_option(o)) return refused("enotsup"_a);
    return {atoms::known<"ok">, {}};
}

io_outcome single(const term& r) {
    if (r.is_tagged("put_chars"_a, 3)) {
        const auto latin1 = is_latin1(r.tuple()[1]);
        if (!latin1) return refused("request"_a);
        return printed(characters_of(r.tuple()[2], *latin1), "put_chars"_a);
    }
    if (r.is_tagged("put_chars"_a, 2)) return printed(characters_of(r.tuple()[1], true), "put_chars"_a);
    if (r.is_tagged("put_chars"_a, 5)) return put_result(r);
    if (is_reading(r)) return {"eof"_a, {}};
    if (r.is_tagged("get_geometry"_a, 2)) return refused("enotsup"_a);
    if (r.is_tagged("setopts"_a, 2)) return set_options(r.tuple()[1]);
    if (r.is_atom("getopts"_a)) return {list(tuple("binary"_a, false), tuple("encoding"_a, "unicode"_a)), {}};
    return refused("request"_a);
}

}  // namespace

std::optional<io_request> io_request::read(const term& message) {
    if (!message.is_tagged(atoms::known<"io_request">, 4)) return std::nullopt;
    const auto p = message.tuple();
    const auto client = p[1].as<pid>();
    if (!client) return std::nullopt;
    return io_request{*client, message.share(p[2]), message.share(p[3])};
}

term io_request::reply(const term& outcome) const {
    return tuple(atoms::known<"io_reply">, reply_as, outcome);
}

io_outcome io_outcome_of(const term& request) {
    if (!request.is_tagged("requests"_a, 2)) return single(request);
    const term all = request.share(request.tuple()[1]);
    if (!is_proper_list(all)) return refused("request"_a);
    io_outcome sum{atoms::known<"ok">, {}};
    for (const term& one : elements(all)) {
        // No levels of them: each list is one request's.
        io_outcome next = one.is_tagged("requests"_a, 2) ? refused("request"_a) : single(one);
        sum.printed += next.printed;
        sum.reply = std::move(next.reply);
        if (sum.reply.is_tagged(atoms::known<"error">, 2)) break;
    }
    return sum;
}

}  // namespace rakka::detail
