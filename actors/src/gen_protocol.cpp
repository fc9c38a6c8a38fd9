#include <rakka/actors/gen_protocol.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

namespace rakka {
namespace {

/// `[alias | Ref]`, the tag of a client that takes its reply through an alias: the reference.
std::optional<reference> alias_in(term_view tag) {
    if (!tag.is(kind::list) || !tag.list().head().is_atom(atoms::known<"alias">)) return std::nullopt;
    const auto ref = tag.list().tail().as<reference>();
    return ref ? std::optional(*ref) : std::nullopt;
}

/// Where a reply with this tag goes: an alias, or none for the client itself. multi_call wraps the alias once
/// more.
std::optional<reference> reply_alias(term_view tag) {
    if (const auto direct = alias_in(tag)) return direct;
    return tag.is(kind::list) ? alias_in(tag.list().head()) : std::nullopt;
}

}  // namespace

term from::to_term() const {
    return tuple(client, tag);
}

result<from> from::read(const term& pair) {
    if (!pair.is_tuple(2)) return etf::errc::wrong_type;
    const auto client = pair.tuple()[0].as<pid>();
    if (!client) return client.error();
    return from{*client, pair.share(pair.tuple()[1])};
}

void reply(const from& to, const term& value) {
    const term message = tuple(to.tag, value);
    if (const auto alias = reply_alias(to.tag)) {
        send(*alias, message);
    } else {
        send(to.client, message);
    }
}

namespace gen {

void throw_exception_from_error(const no_reply& e, const boost::source_location&) {
    throw process_exit{e.reason};
}

std::optional<request> as_request(const term& message) {
    if (!message.is_tuple(3)) return std::nullopt;
    const auto parts = message.tuple();
    auto sender = from::read(message.share(parts[1]));
    if (!sender) return std::nullopt;
    return request{parts[0], *std::move(sender), message.share(parts[2])};
}

namespace {

/// The process a call would wait for if it were the caller itself.
bool is_self(const destination& server) {
    if (const auto* p = std::get_if<pid>(&server)) return *p == self();
    if (const auto* name = std::get_if<atom>(&server)) return whereis(*name) == self();
    if (const auto* named = std::get_if<registered_name>(&server))
        return named->node == this_system().node_name() && whereis(named->name) == self();
    return false;
}

monitor_target watched(const destination& server) {
    if (const auto* p = std::get_if<pid>(&server)) return *p;
    if (const auto* name = std::get_if<atom>(&server)) return *name;
    return std::get<registered_name>(server);
}

/// The reason gen:call exits with for a 'DOWN' message: a lost node is named.
term call_failure(const term& down, const destination& server) {
    const term reason = down.share(down.tuple()[4]);
    if (!reason.is_atom(atoms::known<"noconnection">)) return reason;
    const auto* p = std::get_if<pid>(&server);
    const auto* named = std::get_if<registered_name>(&server);
    const atom node = p ? p->node : named ? named->node : this_system().node_name();
    return tuple(atoms::known<"nodedown">, node);
}

bool is_reply_to(const reference& ref, term_view message) {
    if (!message.is_tuple(2)) return false;
    const auto alias = alias_in(message.tuple()[0]);
    return alias && *alias == ref;
}

}  // namespace

boost::system::result<term, no_reply> call(const destination& server, atom label, const term& request_body,
                                           std::optional<std::chrono::milliseconds> timeout) {
    if (is_self(server)) return no_reply::because(atoms::known<"calling_self">);
    const reference ref = monitor(watched(server), {.alias = monitor_alias::demonitor});
    const term message = tuple(label, tuple(self(), cons(atoms::known<"alias">, ref)), request_body);
    // A local name may be gone by now: then the monitor says noproc, and the send must not end the caller.
    if (const auto* name = std::get_if<atom>(&server)) {
        if (const auto found = whereis(*name)) send(*found, message);
    } else {
        send(server, message);
    }
    const auto answer = receive_if(
        ref, [&](term_view m) { return is_reply_to(ref, m) || is_down(ref, m); }, timeout);
    if (!answer) {
        demonitor(ref, {.flush = true});
        // The reply may have slipped in between the timeout and the demonitor, which also ended the alias.
        const auto late = receive_if(
            ref, [&](term_view m) { return is_reply_to(ref, m); }, std::chrono::nanoseconds{0});
        if (late) return late->share(late->tuple()[1]);
        return no_reply::because(atoms::known<"timeout">);
    }
    if (is_down(ref, *answer)) return no_reply::because(call_failure(*answer, server));
    demonitor(ref, {.flush = true});
    return answer->share(answer->tuple()[1]);
}

std::optional<term> as_cast(const term& message) {
    if (!message.is_tagged(atoms::known<"$gen_cast">, 2)) return std::nullopt;
    return message.share(message.tuple()[1]);
}

}  // namespace gen
}  // namespace rakka
