#include "gen_server_loop.hpp"

#include <rakka/actors/links.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/actors/saturated.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/otp/gen_server.hpp>

#include <algorithm>

namespace rakka {
namespace {

/// `{Reason, {Module, Function, [Arguments…]}}`, the shape in which a failed call exits.
template <class Arguments>
[[noreturn]] void fail_in(const term& reason, atom module, atom function, const Arguments& arguments) {
    throw process_exit{tuple(reason, tuple(module, function, arguments))};
}

term timeout_term(gen_server::wait_time timeout) {
    return timeout ? term(timeout->count()) : term(atoms::known<"infinity">);
}

bool is_ack_for(const reference& tag, term_view message) {
    if (!message.is_tuple(2)) return false;
    const auto r = message.tuple()[0].as<reference>();
    return r && *r == tag;
}

/// Takes the 'EXIT' message of a server that never started out of the mailbox of a starter that traps exits.
void flush_exit_of(const pid& server) {
    static_cast<void>(receive_if(
        [&](term_view m) {
            if (!m.is_tagged(atoms::known<"EXIT">, 3)) return false;
            const auto from = m.tuple()[1].as<pid>();
            return from && *from == server;
        },
        std::chrono::nanoseconds{0}));
}

}  // namespace

void throw_exception_from_error(const start_error& e, const boost::source_location&) {
    throw process_exit{e.reason};
}

gen_server::result gen_server::handle_call(const term& request, const from&) {
    return stop_with(tuple("bad_call"_a, request));
}
gen_server::result gen_server::handle_cast(const term& request) {
    return stop_with(tuple("bad_cast"_a, request));
}
gen_server::result gen_server::handle_info(const term&) {
    return noreply();
}
gen_server::result gen_server::handle_continue(const term& what) {
    return stop_with(tuple("bad_continue"_a, what));
}

start_result<std::pair<pid, reference>> gen_server::start_server(factory_function make,
                                                                 const start_options& options, mode how) {
    const reference tag = make_reference();
    auto loop = std::make_unique<detail::gen_server_loop>(
        detail::server_start{std::move(make), self(), tag, how == mode::link}, options.name,
        options.hibernate_after);
    spawn_options spawn_with = options.spawn;
    spawn_with.link = how == mode::link;
    const monitored_process started = spawn_monitor(std::move(loop), spawn_with);
    const pid& server = started.pid;
    const reference& monitor_ref = started.ref;
    // The newest reference: the mailbox is not searched, however long it is.
    const auto news = receive_if(
        monitor_ref, [&](term_view m) { return is_ack_for(tag, m) || is_down(monitor_ref, m); },
        saturated(options.timeout));
    if (news && is_ack_for(tag, *news) && news->tuple()[1].is_atom(atoms::known<"ok">)) {
        if (how != mode::monitor) demonitor(monitor_ref, {.flush = true});
        return std::pair{server, monitor_ref};
    }
    term reason = atoms::known<"timeout">;
    if (!news) {
        if (how == mode::link) unlink(server);
        rakka::exit(server, atoms::known<"kill">);
    } else if (is_ack_for(tag, *news)) {
        reason = news->share(news->tuple()[1].tuple()[1]);
    } else {
        reason = news->share(news->tuple()[4]);
    }
    // The dead server is gone for good before the caller goes on, and leaves nothing in its mailbox.
    if (!news || is_ack_for(tag, *news))
        static_cast<void>(receive_if(monitor_ref, [&](term_view m) { return is_down(monitor_ref, m); }));
    if (how == mode::link) flush_exit_of(server);
    return start_error::because(reason);
}

boost::system::result<term, gen::no_reply> gen_server::try_call(const destination& server,
                                                                const term& request, wait_time timeout) {
    return gen::call(server, atoms::known<"$gen_call">, request, timeout);
}

term gen_server::call(const destination& server, const term& request, wait_time timeout) {
    auto answer = try_call(server, request, timeout);
    if (answer) return *std::move(answer);
    fail_in(answer.error().reason, atoms::known<"gen_server">, atoms::known<"call">,
            list(to_term(server), request, timeout_term(timeout)));
}

term gen_server::call(const destination& server, const term& request) {
    auto answer = try_call(server, request);
    if (answer) return *std::move(answer);
    fail_in(answer.error().reason, atoms::known<"gen_server">, atoms::known<"call">,
            list(to_term(server), request));
}

void gen_server::cast(const destination& server, const term& request) {
    const term message = tuple(atoms::known<"$gen_cast">, request);
    if (const auto* name = std::get_if<atom>(&server)) {
        if (const auto found = whereis(*name)) send(*found, message);
    } else {
        send(server, message);
    }
}

void gen_server::stop(const destination& server, const term& reason, wait_time timeout) {
    const auto fail = [](const term& why) -> void { throw process_exit{why}; };
    const monitor_target target = std::visit(
        [](const auto& s) -> monitor_target {
            if constexpr (std::is_same_v<std::decay_t<decltype(s)>, reference>) {
                throw process_exit{atoms::known<"badarg">};
            } else {
                return s;
            }
        },
        server);
    const auto begin = this_system().now();
    const reference ref = monitor(target);
    const auto answer = gen::call(server, atoms::known<"system">, tuple("terminate"_a, reason), timeout);
    if (!answer) {
        demonitor(ref, {.flush = true});
        const term& why = answer.error().reason;
        // OTP gives the bare reason only where the server itself has no part in it.
        const bool bare = why.is_atom(atoms::known<"noproc">) || why.is_atom(atoms::known<"timeout">) ||
                          why.is_tagged(atoms::known<"nodedown">, 2);
        if (bare) return fail(why);
        fail_in(why, "sys"_a, "terminate"_a, list(to_term(server), reason, timeout_term(timeout)));
    }
    std::optional<std::chrono::nanoseconds> left;
    if (timeout)
        left = std::max<std::chrono::nanoseconds>(saturated(*timeout) - (this_system().now() - begin), {});
    const auto down = receive_if(
        ref, [&](term_view m) { return is_down(ref, m); }, left);
    if (!down) {
        demonitor(ref, {.flush = true});
        return fail(atoms::known<"timeout">);
    }
    if (!(down->tuple()[4] == reason.view())) fail(down->share(down->tuple()[4]));
}

}  // namespace rakka
