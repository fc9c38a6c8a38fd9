#include "behaviour/labelled_request.hpp"

#include <rakka/actors/monitors.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/saturated.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/otp/requests.hpp>

#include <algorithm>

namespace rakka {

class request_access {
public:
    static request_id make(const reference& ref) { return request_id(ref); }
    static const reference& ref(const request_id& id) { return id.ref_; }
};

namespace {

/// `[alias | Ref]` of `ref`.
bool is_tag_of(const reference& ref, term_view tag) {
    if (!tag.is(kind::list) || !tag.list().head().is_atom(atoms::known<"alias">)) return false;
    const auto r = tag.list().tail().as<reference>();
    return r && *r == ref;
}

bool is_response(const reference& ref, term_view message) {
    return (message.is_tuple(2) && is_tag_of(ref, message.tuple()[0])) || is_down(ref, message);
}

/// Why the monitor has fired, as gen:call says it.
term reason_of_down(const term& down) {
    const term_view reason = down.tuple()[4];
    if (!reason.is_atom(atoms::known<"noconnection">)) return down.share(reason);
    const term_view who = down.tuple()[3];
    if (who.is_tuple(2)) return tuple(atoms::known<"nodedown">, down.share(who.tuple()[1]));
    const auto p = who.as<pid>();
    return tuple(atoms::known<"nodedown">, p ? p->node : atom());
}

response to_response(const reference& ref, const term& message) {
    if (is_down(ref, message)) return gen::no_reply::because(reason_of_down(message));
    // The alias and the monitor ended with the reply.
    demonitor(ref, {.flush = true});
    return message.share(message.tuple()[1]);
}

void give_up(const reference& ref) {
    demonitor(ref, {.flush = true});  // ends the alias
    static_cast<void>(
        receive_if([&](term_view m) { return is_response(ref, m); }, std::chrono::nanoseconds{0}));
}

}  // namespace

request_id detail::send_labelled_request(const server_ref& server, const term& label, const term& request) {
    const auto to = server.resolve();
    const monitor_options how{.alias = monitor_alias::reply_demonitor};
    if (!to) {  // as of a name that nobody has: the response says noproc
        const reference ref = monitor(registered_name{"$nobody"_a, this_system().node_name()}, how);
        return request_access::make(ref);
    }
    if (std::holds_alternative<reference>(*to)) error(atoms::known<"badarg">);
    const monitor_target target = std::visit(
        [](const auto& t) -> monitor_target {
            if constexpr (std::is_same_v<std::decay_t<decltype(t)>, reference>) {
                return atom();
            } else {
                return t;
            }
        },
        *to);
    const reference ref = monitor(target, how);
    // Not through whereis: a name that nobody has is what the monitor tells.
    const term message = tuple(label, tuple(self(), cons(atoms::known<"alias">, ref)), request);
    if (const auto* const name = std::get_if<atom>(&*to)) {
        send(registered_name{*name, this_system().node_name()}, message);
    } else {
        send(*to, message);
    }
    return request_access::make(ref);
}

request_id send_request(const server_ref& server, const term& request) {
    return detail::send_labelled_request(server, term(atoms::known<"$gen_call">), request);
}

std::optional<response> wait_response(const request_id& id,
                                      std::optional<std::chrono::milliseconds> timeout) {
    const reference& ref = request_access::ref(id);
    const auto wanted = [&](term_view m) { return is_response(ref, m); };
    const auto message =
        timeout ? receive_if(wanted, saturated(*timeout)) : std::optional(receive_if(wanted));
    if (!message) return std::nullopt;
    return to_response(ref, *message);
}

std::optional<response> receive_response(const request_id& id,
                                         std::optional<std::chrono::milliseconds> timeout) {
    auto out = wait_response(id, timeout);
    if (!out) give_up(request_access::ref(id));
    return out;
}

std::optional<response> check_response(const term& message, const request_id& id) {
    const reference& ref = request_access::ref(id);
    if (!is_response(ref, message)) return std::nullopt;
    return to_response(ref, message);
}

std::optional<request_ids::labelled_response> request_ids::take(const term& message) {
    const auto at = std::find_if(all_.begin(), all_.end(), [&](const auto& one) {
        return is_response(request_access::ref(one.first), message);
    });
    if (at == all_.end()) return std::nullopt;
    labelled_response out{to_response(request_access::ref(at->first), message), std::move(at->second)};
    all_.erase(at);
    return out;
}

std::optional<request_ids::labelled_response> request_ids::wait_response(
    std::optional<std::chrono::milliseconds> timeout) {
    if (all_.empty()) return std::nullopt;
    const auto wanted = [&](term_view m) {
        return std::any_of(all_.begin(), all_.end(),
                           [&](const auto& one) { return is_response(request_access::ref(one.first), m); });
    };
    const auto message =
        timeout ? receive_if(wanted, saturated(*timeout)) : std::optional(receive_if(wanted));
    return message ? take(*message) : std::nullopt;
}

std::optional<request_ids::labelled_response> request_ids::receive_response(
    std::optional<std::chrono::milliseconds> timeout) {
    auto out = wait_response(timeout);
    if (!out) {
        for (const auto& one : all_)
            give_up(request_access::ref(one.first));
        all_.clear();
    }
    return out;
}

std::optional<request_ids::labelled_response> request_ids::check_response(const term& message) {
    return take(message);
}

}  // namespace rakka
