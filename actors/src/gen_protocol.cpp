#include "call.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/gen_protocol.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

namespace rakka {
namespace {

/// Where a reply with this tag goes: an alias, or empty for the client itself. multi_call wraps the alias
/// once more.
term_view reply_alias(term_view tag) noexcept {
    if (const term_view direct = detail::alias_in(tag); direct.has_value()) return direct;
    return tag.is(kind::list) ? detail::alias_in(tag.list().head()) : term_view();
}

}  // namespace

term from::to_term() const {
    return tuple(client, tag);
}

result<from> from::read(const term& pair) {
    return read_part(pair, pair);
}

result<from> from::read_part(const term& whole, term_view pair) {
    if (!pair.is_tuple(2)) return etf::errc::wrong_type;
    const auto client = pair.tuple()[0].as<pid>();
    if (!client) return client.error();
    return from{*client, whole.share(pair.tuple()[1])};
}

void reply(const from& to, term value) {
    const term_view alias = reply_alias(to.tag);
    if (alias.has_value() && detail::answer_call(alias, value)) return;
    term message = tuple(to.tag, value);
    const auto ref = alias.has_value() ? alias.as<reference>() : result<reference>(etf::errc::wrong_type);
    if (ref) {
        send(*ref, std::move(message));
    } else {
        send(to.client, std::move(message));
    }
}

namespace gen {

void throw_exception_from_error(const no_reply& e, const boost::source_location&) {
    throw process_exit{e.reason};
}

std::optional<request> as_request(const term& message) {
    return as_request(term(message));
}

std::optional<request> as_request(term&& message) {
    std::optional<request> out;
    if (!message.is_tuple(3) || !message.tuple()[1].is_tuple(2)) return out;
    const auto parts = message.tuple();
    const auto sender = parts[1].tuple();
    const auto client = sender[0].as<pid>();
    if (!client) return out;
    out.emplace();
    out->label = parts[0];
    out->sender.client = *client;
    out->sender.tag = message.share(sender[1]);
    out->body = std::move(message).narrowed(parts[2]);
    return out;
}

std::optional<term> as_cast(const term& message) {
    if (!message.is_tagged(atoms::known<"$gen_cast">, 2)) return std::nullopt;
    return message.share(message.tuple()[1]);
}

}  // namespace gen
}  // namespace rakka
