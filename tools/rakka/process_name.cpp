#include "process_name.hpp"

#include <rakka/etf/parse.hpp>
#include <rakka/rakka.hpp>

#include <charconv>

namespace rakka::tools {

namespace {

/// The numbers of `<A.B.C>`, whose first is that of a node as others see it.
std::optional<process_name::numbers> read_pid(std::string_view text) {
    if (text.size() < 7 || text.front() != '<' || text.back() != '>') return std::nullopt;
    const char* at = text.data() + 1;
    const char* const end = text.data() + text.size() - 1;
    std::uint32_t parts[3] = {};
    for (int i = 0; i < 3; ++i) {
        const auto [next, failed] = std::from_chars(at, end, parts[i]);
        if (failed != std::errc() || (i < 2 && (next == end || *next != '.'))) return std::nullopt;
        at = i < 2 ? next + 1 : next;
    }
    if (at != end) return std::nullopt;
    return process_name::numbers{parts[1], parts[2]};
}

}  // namespace

std::optional<process_name> process_name::read(std::string_view text) {
    if (text.starts_with('<')) {
        const auto numbers = read_pid(text);
        return numbers ? std::optional(process_name{{}, numbers}) : std::nullopt;
    }
    const auto quoted = text.starts_with('\'') ? parse_term(text) : result<term>(error_code());
    if (quoted) {
        const auto a = quoted->as<atom>();
        return a ? std::optional(process_name{*a}) : std::nullopt;
    }
    const auto a = text.empty() ? result<atom>(error_code()) : atom::make(text);
    return a ? std::optional(process_name{*a}) : std::nullopt;
}

std::optional<destination> process_name::on(atom peer, std::chrono::milliseconds patience) const {
    if (!pid) return registered_name{name, peer};
    // Any process of the node knows what pids of it look like.
    const auto answer = erpc::call(peer, "erlang"_a, "whereis"_a, list("rex"_a), patience);
    if (!answer) return std::nullopt;
    const auto rex = answer->as<rakka::pid>();
    if (!rex) return std::nullopt;
    return rakka::pid{rex->node, pid->id, pid->serial, rex->creation};
}

}  // namespace rakka::tools
