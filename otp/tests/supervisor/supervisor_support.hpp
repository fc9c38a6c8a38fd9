// What the tests of supervisors have in common: children that tell what becomes of them, and looks at a
// supervisor.
#pragma once

#include <rakka/actors/links.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/actors/testing.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/print.hpp>
#include <rakka/otp/dynamic_supervisor.hpp>
#include <rakka/otp/gen_server.hpp>
#include <rakka/otp/supervisor.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace rakka {

using namespace std::chrono_literals;

/// Tells `observer` that it has started, `{started, Label, Pid}`, and, trapping exits, that it ends: `{ended,
/// Label, Reason}`. Casts: `{stop, Reason}`, `wait` (until it is killed, deaf to everything).
class reporter : public gen_server {
public:
    reporter(term label, pid observer) : label_(std::move(label)), observer_(observer) {}

private:
    result init() override {
        trap_exit(true);
        if (observer_) send(observer_, tuple("started"_a, label_, self()));
        return noreply();
    }
    result handle_call(const term&, const from&) override { return reply(label_); }
    result handle_cast(const term& request) override {
        if (request.is_tagged("stop"_a, 2)) return stop_with(request.share(request.tuple()[1]));
        if (request.is_atom("wait"_a)) static_cast<void>(receive_if([](term_view) { return false; }));
        return noreply();
    }
    void terminate(term_view reason) override {
        if (observer_) send(observer_, tuple("ended"_a, label_, term::copy(reason)));
    }
    term label_;
    pid observer_;
};

inline child_spec reporter_spec(term id, const pid& observer,
                                restart_type restart = restart_type::permanent) {
    child_spec spec = child_of<reporter>(id, {}, id, observer);
    spec.restart = restart;
    return spec;
}

/// A process that does nothing until it ends, linked to the caller.
inline start_answer idle() {
    return spawn_link([] { static_cast<void>(receive_if([](term_view) { return false; })); });
}

/// Ignores everything but kill, once it has said so.
inline start_answer deaf() {
    const pid starter = self();
    const pid child = spawn_link([starter] {
        trap_exit(true);
        send(starter, tuple("deaf"_a, self()));
        static_cast<void>(receive_if([](term_view) { return false; }));
    });
    static_cast<void>(receive_if([&](term_view m) { return m.is_tagged("deaf"_a, 2); }));
    return child;
}

/// How a test's system runs its processes.
struct shape {
    const char* name;
    system_options options;
};
inline const auto all_shapes = ::testing::Values(
    shape{"one_worker", {.workers = 1}}, shape{"four_workers", {.workers = 4}},
    shape{"four_shuffled", {.workers = 4, .seed = 7}}, shape{"simulation", {.simulation = true, .seed = 11}});

class supervisor_fixture : public ::testing::TestWithParam<shape> {
protected:
    void in_process(const std::function<void()>& body) {
        system_options options = GetParam().options;
        options.log = [](const log_event&) {};
        rakka::system s(options);
        s.run([&] {
            trap_exit(true);
            body();
        });
    }
};

/// The next message, which must come.
inline term next_message() {
    auto m = receive_if([](term_view) { return true; }, 20s);
    if (!m) throw std::runtime_error("no message came");
    return *m;
}

/// The labels of the next `n` messages `{what, Label, _}`; other messages stay.
inline std::vector<std::string> next_labels(atom what, std::size_t n) {
    std::vector<std::string> labels;
    while (labels.size() < n) {
        const auto m = receive_if([&](term_view v) { return v.is_tagged(what, 3); }, 20s);
        if (!m) throw std::runtime_error("missing: " + std::string(what.text()));
        labels.push_back(m->tuple()[1].to_string());
    }
    return labels;
}
using labels = std::vector<std::string>;

inline bool nothing_from(atom what) {
    return !receive_if([&](term_view v) { return v.is_tagged(what, 3); }, 0ms);
}

/// The running process with this id; none when there is none.
inline pid process_of(const server_ref& server, const term& id) {
    for (const child_info& c : supervisor::which_children(server))
        if (c.id == id) return c.process;
    return {};
}

/// Waits until `id` runs as another process than `old`.
inline pid successor_of(const pid& old, const server_ref& server, const term& id) {
    pid now;
    static_cast<void>(testing::wait_until([&] {
        now = process_of(server, id);
        return now && now != old;
    }));
    return now;
}

/// Why `p` has ended, or ends.
inline std::string end_of(const pid& p) {
    const auto reason = testing::check_process_exits(p, 20s);
    return reason ? reason->to_string() : "is alive";
}

/// The reason of the 'EXIT' message of a process that the caller is linked to, once it comes.
inline std::string exit_of(const pid& linked) {
    const auto exited = receive_if(
        [&](term_view m) { return m.is_tagged("EXIT"_a, 3) && m.tuple()[1] == term(linked).view(); }, 20s);
    return exited ? exited->tuple()[2].to_string() : "is alive";
}

/// `reason.to_string()` of a failed start, `"ok"` for success.
template <class T>
std::string outcome(const start_result<T>& r) {
    return r ? "ok" : r.error().reason.to_string();
}

/// Ends a supervisor the way its parent does, and waits for it.
inline std::string shut_down(const pid& server) {
    unlink(server);
    const reference ref = monitor(server);
    exit(server, "shutdown"_a);
    const auto down = receive_if(
        ref, [&](term_view m) { return is_down(ref, m); }, 60s);
    return down ? down->tuple()[4].to_string() : "is alive";
}

/// Ends a child from outside: it does not trap exits, or the reason is kill.
inline void crash(const pid& child, const term& reason = "crash"_a) {
    exit(child, reason);
    static_cast<void>(testing::check_process_exits(child, 20s));
}

}  // namespace rakka
