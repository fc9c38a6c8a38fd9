// What the fuzz targets of otp share: an input is one term, a list of things that are said to processes of a
// simulated system, which is made for it.
#pragma once

#include "term_input.hpp"

#include <rakka/actors.hpp>
#include <rakka/base/check.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/otp/gen_server.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>

namespace rakka::fuzzing {

/// That of the pids of `a@localhost` in the seeds, which become those of the system.
inline constexpr std::uint32_t creation = 0x12345678;

inline system_options quiet() {
    system_options o;
    o.simulation = true;
    o.max_processes = 1024;
    o.report_stack_overflow = false;
    o.log = [](const auto&) {};
    return o;
}

/// Calls prepare(system), and talk(input) in a process of it that traps exits, if the input is a list. What
/// is printed meanwhile is for nobody.
template <class Prepare, class Talk>
int converse(const std::uint8_t* data, std::size_t size, Prepare&& prepare, Talk&& talk) {
    static const bool silent = std::freopen("/dev/null", "w", stdout) != nullptr;
    RAKKA_CHECK(silent);
    static const atom own("a@localhost");  // here before anything is decoded
    rakka::system sys(quiet());
    prepare(sys);
    const auto input = term_in(std::as_bytes(std::span(data, size)), {own, creation}, sys.origin());
    if (!input || !input->is(kind::list)) return 0;
    sys.run([&] {
        trap_exit(true);
        talk(*input);
    });
    return 0;
}
template <class Talk>
int converse(const std::uint8_t* data, std::size_t size, Talk&& talk) {
    return converse(
        data, size, [](rakka::system&) {}, talk);
}

inline term part(const term& t, std::size_t n) {
    return t.share(t.tuple()[n]);
}

/// Sends the message, unless it would have a file of any name written.
inline void say(const pid& server, const term& message) {
    const bool system = message.is_tagged("system"_a, 3) && message.tuple()[2].is_tagged("debug"_a, 2);
    if (!system || !message.tuple()[2].tuple()[1].is_tagged("log_to_file"_a, 2)) send(server, message);
}

/// Whatever has been said, a suspended server goes on.
inline void resume(const pid& server) {
    send(server, tuple("system"_a, tuple(self(), "resumed"_a), "resume"_a));
}

inline void say_all(const pid& server, const term& messages) {
    for (const term_view message : messages.list())
        say(server, messages.share(message));
    resume(server);
}

/// A server answers as long as it lives; nothing when it has ended.
inline std::optional<term> answer_of(const pid& server, const term& request) {
    const auto answer = gen_server::try_call(server, request, std::chrono::seconds(5));
    RAKKA_CHECK(answer || !is_alive(server));
    return answer ? std::optional(*answer) : std::nullopt;
}

/// Waits for virtual time to pass, so that timers fire.
inline void let_pass(std::chrono::milliseconds time) {
    static_cast<void>(receive_if([](term_view) { return false; }, time));
}

}  // namespace rakka::fuzzing
