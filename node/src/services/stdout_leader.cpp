#include "services/stdout_leader.hpp"

#include <rakka/actors/links.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace rakka::detail {
namespace {

void append_utf8(std::string& out, std::uint32_t c) {
    const auto byte = [&](std::uint32_t b) { out += static_cast<char>(b); };
    if (c < 0x80) return byte(c);
    if (c < 0x800) {
        byte(0xC0 | c >> 6);
    } else {
        if (c < 0x10000) {
            byte(0xE0 | c >> 12);
        } else {
            byte(0xF0 | c >> 18);
            byte(0x80 | (c >> 12 & 0x3F));
        }
        byte(0x80 | (c >> 6 & 0x3F));
    }
    byte(0x80 | (c & 0x3F));
}

bool append_character(std::string& out, term_view t, bool latin1) {
    const auto c = t.as<std::uint32_t>();
    if (!c || *c > 0x10FFFF || (*c >= 0xD800 && *c < 0xE000) || (latin1 && *c > 0xFF)) return false;
    append_utf8(out, *c);
    return true;
}

bool append_binary(std::string& out, term_view t, bool latin1) {
    const auto text = t.as<std::string>();
    if (!text) return false;
    if (!latin1) {
        out += *text;
        return true;
    }
    for (const char c : *text)
        append_utf8(out, static_cast<unsigned char>(c));
    return true;
}

/// One request of the I/O protocol: the characters, or nothing when it is not one that we can do.
std::optional<std::string> printed_by(term_view request) {
    if (request.is_tagged("put_chars"_a, 3)) {
        const term_view encoding = request.tuple()[1];
        if (encoding.is_atom("unicode"_a)) return characters_of(request.tuple()[2], false);
        if (encoding.is_atom("latin1"_a)) return characters_of(request.tuple()[2], true);
    } else if (request.is_tagged("put_chars"_a, 2)) {
        return characters_of(request.tuple()[1], true);
    } else if (request.is_tagged("requests"_a, 2)) {
        const term_view all = request.tuple()[1];
        if (!all.is(kind::nil) && (!all.is(kind::list) || !all.list().proper())) return std::nullopt;
        std::string out;
        for (const term_view one : all.list()) {
            if (one.is_tagged("requests"_a, 2)) return std::nullopt;  // no levels of them
            const auto part = printed_by(one);
            if (!part) return std::nullopt;
            out += *part;
        }
        return out;
    }
    return std::nullopt;
}

void serve(const pid& receiver) {
    trap_exit(true);
    while (true) {
        const term m = receive();
        if (m.is_tagged(atoms::known<"EXIT">, 3) || m.is_atom(atoms::known<"stop">)) return;
        if (!m.is_tagged(atoms::known<"io_request">, 4)) continue;
        const auto client = m.tuple()[1].as<pid>();
        if (!client) continue;
        const auto text = printed_by(m.tuple()[3]);
        if (text) send(receiver, term(tuple("rex_stdout"_a, *text)));
        const term outcome =
            text ? term(atoms::known<"ok">) : term(tuple(atoms::known<"error">, "request"_a));
        send(*client, term(tuple(atoms::known<"io_reply">, m.share(m.tuple()[2]), outcome)));
    }
}

}  // namespace

std::optional<std::string> characters_of(term_view chars, bool latin1) {
    std::string out;
    std::vector<term_view> rest{chars};  // what is still to be read, the next one last
    while (!rest.empty()) {
        const term_view t = rest.back();
        rest.pop_back();
        if (t.is(kind::nil)) continue;
        if (t.is(kind::list)) {
            const std::size_t at = rest.size();
            const list_view elements = t.list();
            auto i = elements.begin();
            for (; i != elements.end(); ++i)
                rest.push_back(*i);
            rest.push_back(i.rest());  // nil, or what an improper list ends with
            std::reverse(rest.begin() + static_cast<std::ptrdiff_t>(at), rest.end());
        } else if (!append_character(out, t, latin1) && !append_binary(out, t, latin1)) {
            return std::nullopt;
        }
    }
    return out;
}

stdout_leader::stdout_leader(const pid& receiver) : process_(spawn_link([receiver] { serve(receiver); })) {}

void stdout_leader::finish() {
    unlink(process_);
    const reference gone = monitor(process_);
    send(process_, term(atoms::known<"stop">));
    const term expected(gone);
    static_cast<void>(receive_if([&](term_view t) {
        return t.is_tagged(atoms::known<"DOWN">, 5) && t.tuple()[1] == expected.view();
    }));
}

}  // namespace rakka::detail
