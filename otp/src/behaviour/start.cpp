#include "behaviour/behaviour.hpp"
#include "behaviour/gen_failure.hpp"

#include <rakka/actors/links.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/process_watch.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/actors/saturated.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>

#include <algorithm>

namespace rakka {

void throw_exception_from_error(const start_error& e, const boost::source_location&) {
    throw process_exit{e.reason};
}

namespace detail {
namespace {

bool is_ack_for(const reference& tag, term_view message) {
    if (!message.is_tuple(2)) return false;
    const auto r = message.tuple()[0].as<reference>();
    return r && *r == tag;
}

/// Why it has not started. The dead server is gone for good before the caller goes on, and leaves nothing in
/// its mailbox.
term failure_to_start(const monitored_process& started, const std::optional<term>& news, const reference& tag,
                      bool linked) {
    term reason = atoms::known<"timeout">;
    const bool told = news && is_ack_for(tag, *news);
    if (!news) {
        if (linked) unlink(started.pid);
        rakka::exit(started.pid, atoms::known<"kill">);
    } else if (told) {
        reason = news->share(news->tuple()[1].tuple()[1]);
    } else {
        reason = news->share(news->tuple()[4]);
    }
    if (!news || told)
        static_cast<void>(receive_if(started.ref, [&](term_view m) { return is_down(started.ref, m); }));
    // Between the end of the time and its own it may have acknowledged after all.
    if (!news)
        static_cast<void>(receive_if(
            started.ref, [&](term_view m) { return is_ack_for(tag, m); }, std::chrono::nanoseconds{0}));
    if (linked) flush_exit_of(started.pid);
    return reason;
}

}  // namespace

void flush_exit_of(const pid& server) {
    static_cast<void>(receive_if(
        [&](term_view m) {
            if (!m.is_tagged(atoms::known<"EXIT">, 3)) return false;
            const auto from = m.tuple()[1].as<pid>();
            return from && *from == server;
        },
        std::chrono::nanoseconds{0}));
}

start_result<std::pair<pid, reference>> start_behaviour(std::unique_ptr<behaviour> loop,
                                                        const start_options& options, start_mode how) {
    if (options.name.kept() != nullptr) {  // asked before a process is made for it, as gen:start does
        if (const auto holder = holder_of(options.name))
            return start_error::because(tuple(atoms::known<"already_started">, *holder));
    }
    const bool linked = how == start_mode::link;
    const reference tag = make_reference();
    loop->prepare(
        {.starter = self(), .tag = tag, .has_parent = linked, .name = options.name, .debug = options.debug},
        ancestry_of_child());
    spawn_options spawn_with = options.spawn;
    spawn_with.link = linked;
    const monitored_process started = spawn_monitor(std::move(loop), spawn_with);
    // The newest reference: the mailbox is not searched, however long it is.
    const auto news = receive_if(
        started.ref, [&](term_view m) { return is_ack_for(tag, m) || is_down(started.ref, m); },
        saturated(options.timeout));
    if (news && is_ack_for(tag, *news) && news->tuple()[1].is_atom(atoms::known<"ok">)) {
        if (how != start_mode::monitor) demonitor(started.ref, {.flush = true});
        return std::pair{started.pid, started.ref};
    }
    return start_error::because(failure_to_start(started, news, tag, linked));
}

start_result<pid> pid_of(const start_result<std::pair<pid, reference>>& started) {
    if (!started) return started.error();
    return started->first;
}

namespace {

template <class Label>
boost::system::result<term, gen::no_reply> call_labelled(const server_ref& server, const Label& label,
                                                         const term& request,
                                                         std::optional<std::chrono::milliseconds> timeout) {
    const auto to = server.resolve();
    if (!to) return gen::no_reply::because(atoms::known<"noproc">);
    auto answer = gen::call(*to, label, request, timeout);
    // The keeper of the name has not noticed yet that the node is lost.
    if (!answer && server.kept() != nullptr && answer.error().reason.is_tagged(atoms::known<"nodedown">, 2))
        return gen::no_reply::because(atoms::known<"noproc">);
    return answer;
}

}  // namespace

boost::system::result<term, gen::no_reply> call_server(const server_ref& server, atom label,
                                                       const term& request,
                                                       std::optional<std::chrono::milliseconds> timeout) {
    return call_labelled(server, label, request, timeout);
}

boost::system::result<term, gen::no_reply> call_server(const server_ref& server, const pid& label,
                                                       const term& request,
                                                       std::optional<std::chrono::milliseconds> timeout) {
    return call_labelled(server, label, request, timeout);
}

void stop_behaviour(const server_ref& server, const term& reason,
                    std::optional<std::chrono::milliseconds> timeout) {
    const auto fail = [](const term& why) { throw process_exit{why}; };
    const auto to = server.resolve();
    if (!to) return fail(atoms::known<"noproc">);
    const monitor_target target = std::visit(
        [](const auto& s) -> monitor_target {
            if constexpr (std::is_same_v<std::decay_t<decltype(s)>, reference>) {
                throw process_exit{atoms::known<"badarg">};
            } else {
                return s;
            }
        },
        *to);
    const auto begin = this_system().now();
    const reference ref = monitor(target);
    const auto answer = gen::call(*to, atoms::known<"system">, tuple("terminate"_a, reason), timeout);
    if (!answer) {
        demonitor(ref, {.flush = true});
        const term& why = answer.error().reason;
        // OTP gives the bare reason only where the server itself has no part in it.
        const bool bare = why.is_atom(atoms::known<"noproc">) || why.is_atom(atoms::known<"timeout">) ||
                          why.is_tagged(atoms::known<"nodedown">, 2);
        if (bare) return fail(why);
        fail_in(why, "sys"_a, "terminate"_a, list(server.to_term(), reason, timeout_term(timeout)));
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

void enter_loop(behaviour& loop, const start_options& options) {
    const bool has_it = holder_of(options.name) == self();
    if (!has_it) {
        if (const auto reason = take_name(options.name)) exit(*reason);
    }
    shared_ancestry line;
    behaviour_start start{.name = options.name, .takes_name = false, .debug = options.debug};
    if (const term all = get("$ancestors"_a); all.is(kind::list) && !all.list().empty()) {
        auto at = all.list().begin();
        const term parent = all.share(*at);
        const auto name = parent.as<atom>();
        const auto process = parent.as<pid>();
        line = new ancestry(name ? *name : atom(), process ? *process : pid(), all.share((++at).rest()));
        start.has_parent = line->process != pid();
    }
    loop.prepare(std::move(start), std::move(line));
    const watched_loop in_sight(loop);
    next decided = loop.init();
    for (;;) {
        if (decided.what() == next::action::stop) throw process_exit{std::move(decided.reason())};
        if (decided.what() == next::action::hibernate) hibernate();
        const auto limit = decided.timeout();
        auto message = limit ? receive_if([](term_view) { return true; }, *limit) : std::optional(receive());
        decided = message ? loop.handle(*std::move(message)) : loop.handle_timeout();
    }
}

}  // namespace detail
}  // namespace rakka
