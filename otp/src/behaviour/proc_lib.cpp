#include "behaviour/behaviour.hpp"
#include "behaviour/class_name.hpp"
#include "log/report.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/links.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/saturated.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/throw_trace.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/otp/proc_lib.hpp>

namespace rakka::proc_lib {
namespace {

namespace d = rakka::detail;

const atom ancestors_key = "$ancestors"_a;
const atom initial_call_key = "$initial_call"_a;
const atom starter_key = "$rakka_starter"_a;  // {Pid, Ref} while somebody waits

bool is_calm(const term& reason) {
    return reason.is_atom(atoms::known<"normal">) || reason.is_atom(atoms::known<"shutdown">) ||
           reason.is_tagged(atoms::known<"shutdown">, 2);
}

/// What is in the dictionary counts, as a task has changed it.
term call_now(const term& initial_call) {
    term now = get(initial_call_key);
    const bool is_call = now.is_tuple(3) && now.tuple()[0].is(kind::atom) && now.tuple()[1].is(kind::atom) &&
                         now.tuple()[2].as<std::uint8_t>();
    return is_call ? now : initial_call;
}

class lib_body final : public process_body {
public:
    lib_body(std::function<void()> f, const std::type_info& code)
        : f_(std::move(f)), code_(code), ancestors_(d::ancestry_of_child()->to_list()) {}

    void expected_by(term starter) { starter_ = std::move(starter); }

    void run() override {
        const term initial_call = tuple(d::class_name(code_), "run"_a, 0);
        put(ancestors_key, ancestors_);
        put(initial_call_key, initial_call);
        if (starter_.has_value()) put(starter_key, starter_);
        RAKKA_TAKES_DOWN_THROWS;
        try {
            f_();
        } catch (...) {
            if (d::ended_by_signal()) throw;
            const term reason = exit_reason_of(std::current_exception());
            if (!is_calm(reason)) d::log_crash(reason, call_now(initial_call), ancestors_);
            throw process_exit{reason};  // its crash has been told
        }
    }
    [[nodiscard]] const std::type_info& code() const noexcept override { return code_; }

private:
    std::function<void()> f_;
    const std::type_info& code_;
    term ancestors_;
    term starter_;
};

bool is_news(const reference& tag, term_view m) {
    if (!m.is_tuple(3)) return false;
    const auto r = m.tuple()[0].as<reference>();
    return r && *r == tag;
}

/// Tells the starter, once. False: nobody waits (any more).
bool tell_starter(atom what, const term& value) {
    const term starter = erase(starter_key);
    if (!starter.has_value()) return false;
    send(starter.tuple()[0].as<pid>().value(), tuple(starter.share(starter.tuple()[1]), what, value));
    return true;
}

}  // namespace

std::unique_ptr<process_body> detail::make_body(std::function<void()> f, const std::type_info& code) {
    return std::make_unique<lib_body>(std::move(f), code);
}

start_result<term> detail::start_and_wait(std::unique_ptr<process_body> body,
                                          std::optional<std::chrono::milliseconds> timeout,
                                          spawn_options options, bool link) {
    const reference tag = make_reference();
    static_cast<lib_body&>(*body).expected_by(tuple(self(), tag));
    options.link = link;
    const monitored_process started = rakka::detail::spawn_monitor_here(std::move(body), options, {});
    const auto news = receive_if(
        started.ref, [&](term_view m) { return is_news(tag, m) || is_down(started.ref, m); },
        saturated(timeout));
    if (news && is_news(tag, *news) && news->tuple()[1].is_atom(atoms::known<"ok">)) {
        demonitor(started.ref, {.flush = true});
        return news->share(news->tuple()[2]);
    }
    term reason = atoms::known<"timeout">;
    if (!news) {
        if (link) unlink(started.pid);
        rakka::exit(started.pid, atoms::known<"kill">);
    } else {
        reason = is_news(tag, *news) ? news->share(news->tuple()[2]) : news->share(news->tuple()[4]);
    }
    if (!news || is_news(tag, *news))
        static_cast<void>(receive_if(started.ref, [&](term_view m) { return is_down(started.ref, m); }));
    // Between the end of the time and its own it may have acknowledged after all.
    if (!news)
        static_cast<void>(receive_if(
            started.ref, [&](term_view m) { return is_news(tag, m); }, std::chrono::nanoseconds{0}));
    if (link) d::flush_exit_of(started.pid);
    return start_error::because(reason);
}

std::vector<term> ancestors() {
    const auto* const loop = dynamic_cast<d::behaviour*>(d::own_handler());
    const term all = loop != nullptr ? loop->ancestors() : get(ancestors_key);
    std::vector<term> out;
    if (!all.is(kind::list)) return out;
    for (const term_view a : all.list())
        out.push_back(all.share(a));
    return out;
}

void init_ack(term value) {
    static_cast<void>(tell_starter(atoms::known<"ok">, value));
}

void init_fail(term reason) {
    static_cast<void>(tell_starter(atoms::known<"error">, reason));
    exit(std::move(reason));
}

void stop(const server_ref& server, const term& reason, std::optional<std::chrono::milliseconds> timeout) {
    d::stop_behaviour(server, reason, timeout);
}

}  // namespace rakka::proc_lib
