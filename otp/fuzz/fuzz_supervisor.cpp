// Fuzzes what anybody can send to supervisors: one term, a list. Its first element chooses how the topmost
// one restarts, the others are steps:
//
//     N                  child number N of all ends
//     {N, Message}       Message to process number N of `names`
//     {N, What, K}       the request {What, Pid} to that process, Pid of child number K of all
//
// Supervisors that live answer, and when the topmost one has ended no process is left of all.
#include "conversation.hpp"

#include <rakka/otp/dynamic_supervisor.hpp>
#include <rakka/otp/supervisor.hpp>
#include <rakka/otp/task_supervisor.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace {

using namespace rakka;
using namespace std::chrono_literals;
using fuzzing::part;

const std::vector<atom> names{"top"_a, "simple"_a, "dynamic"_a, "tasks"_a, "worker"_a};

/// Starts, serves and ends as it is told.
class worker : public gen_server {
public:
    explicit worker(term how) : how_(std::move(how)) {}

private:
    term how_;

    result init() override {
        if (how_.is_atom("ignore"_a)) return ignore();
        if (how_.is_atom("fail"_a)) return fail_with(how_);
        if (how_.is_atom("exit"_a)) rakka::exit(how_);
        trap_exit(how_.is_atom("trap"_a));
        return how_.is_atom("brief"_a) ? noreply().timeout_after(1ms) : noreply();
    }
    result handle_call(const term& request, const from&) override { return reply(request); }
    result handle_cast(const term& request) override { return stop_with(request); }
    result handle_timeout() override { return stop_with("normal"_a); }
    [[nodiscard]] term state() const override { return how_; }
    void replace_state(const term& state) override { how_ = state; }
};

start_answer start_worker(const term& how) {
    // Linked to a task, it would be left behind when that ends normally.
    if (get("$callers"_a).has_value()) return start_answer::failed("in_a_task"_a);
    return gen_server::start_link<worker>({}, how);
}

void add_start_functions(export_table& exports) {
    exports.add("w"_a, "start_link"_a, 0, exported_function([](const std::vector<term>&) -> term {
                    return start_worker("none"_a).to_term();
                }));
    exports.add("w"_a, "start_link"_a, 1, exported_function([](const std::vector<term>& a) -> term {
                    return start_worker(a[0]).to_term();
                }));
    // Anything but a process that is none of the supervisor's.
    exports.add("w"_a, "answer"_a, 1, exported_function([](const std::vector<term>& a) -> term {
                    const bool started = a[0].is_tagged("ok"_a, 2) || a[0].is_tagged("ok"_a, 3);
                    return started ? term("ok"_a) : a[0];
                }));
}

child_spec child(term id, atom name, start_result<pid> (*start)(start_options)) {
    return {.id = std::move(id),
            .start = child_start([name, start] { return start({.name = name}); }),
            .type = child_type::supervisor};
}

std::vector<child_spec> children() {
    std::vector<child_spec> all;
    all.push_back({.id = 1, .start = mfargs{"w"_a, "start_link"_a, list("trap"_a)}});
    all.push_back(child("simple"_a, "simple"_a, [](start_options options) {
        return supervisor::start_link({.strategy = restart_strategy::simple_one_for_one, .intensity = 5},
                                      {{.id = 1, .start = mfargs{"w"_a, "start_link"_a}}},
                                      std::move(options));
    }));
    all.push_back(child("dynamic"_a, "dynamic"_a, [](start_options options) {
        return dynamic_supervisor::start_link({.max_restarts = 5, .max_children = 20}, std::move(options));
    }));
    all.push_back(child("tasks"_a, "tasks"_a, [](start_options options) {
        return task_supervisor::start_link({.max_children = 20}, std::move(options));
    }));
    all.push_back({.id = "worker"_a,
                   .start = child_start(
                       [] { return gen_server::start_link<worker>({.name = "worker"_a}, term("none"_a)); }),
                   .restart = restart_type::transient,
                   .significant = true});
    all.push_back({.id = list(1, 2),
                   .start = mfargs{"w"_a, "start_link"_a, list("brief"_a)},
                   .restart = restart_type::temporary,
                   .shutdown = child_shutdown::brutal_kill()});
    return all;
}

std::optional<pid> start_top(const term& how) {
    const auto n = how.as<std::uint8_t>();
    if (!n) return std::nullopt;
    constexpr restart_strategy strategies[] = {restart_strategy::one_for_one, restart_strategy::one_for_all,
                                               restart_strategy::rest_for_one};
    const auto ends = *n % 2 == 0 ? auto_shutdown_mode::any_significant : auto_shutdown_mode::all_significant;
    return supervisor::start_link({.strategy = strategies[*n / 2 % 3], .intensity = 5, .auto_shutdown = ends},
                                  children(), {.name = "top"_a})
        .value();
}

/// All processes but the caller and those that were there before.
std::vector<pid> others(const std::vector<pid>& before) {
    std::vector<pid> all;
    for (const pid& p : processes())
        if (p != self() && std::find(before.begin(), before.end(), p) == before.end()) all.push_back(p);
    return all;
}

struct players {
    std::vector<pid> before = processes();
    bool forged = false;  // somebody was told of an end that was none: children may outlive their supervisor

    [[nodiscard]] term child(term_view number) const {
        const auto all = others(before);
        const auto n = number.as<std::uint8_t>();
        return n && !all.empty() ? term(all[*n % all.size()]) : term(self());
    }
    void play(const term& step) {
        const std::size_t size = step.is(kind::tuple) ? step.tuple().size() : 0;
        if (size == 0) {
            const term ended = child(step);
            if (const pid p = ended.as<pid>().value(); p != self()) exit(p, "kill"_a);
            return;
        }
        const auto n = step.tuple()[0].as<std::uint8_t>();
        const auto to = n && *n < names.size() ? whereis(names[*n]) : std::nullopt;
        if (!to) return;
        if (size == 2) say(*to, part(step, 1));
        if (size == 3) say(*to, request(tuple(part(step, 1), child(step.tuple()[2]))));
    }
    void say(const pid& to, const term& message) {
        forged = forged || message.is_tagged("EXIT"_a, 3);
        fuzzing::say(to, message);
    }
    static term request(const term& body) { return tuple("$gen_call"_a, tuple(self(), "no alias"_a), body); }
};

void talk(const term& steps) {
    players all;
    const auto top = start_top(steps.share(*steps.list().begin()));
    if (!top) return;
    for (const term_view step : steps.list())
        all.play(steps.share(step));
    for (const atom name : names)
        if (const auto p = whereis(name)) fuzzing::resume(*p);
    fuzzing::let_pass(1s);
    for (const atom name : names) {
        const auto p = whereis(name);
        if (p && name != "worker"_a) static_cast<void>(fuzzing::answer_of(*p, "which_children"_a));
    }
    const reference ref = monitor(*top);
    exit(*top, "shutdown"_a);
    RAKKA_CHECK(receive_if([&](term_view m) { return is_down(ref, m); }, 24h));
    fuzzing::let_pass(1s);
    RAKKA_CHECK(all.forged || others(all.before).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzzing::converse(
        data, size, [](rakka::system& sys) { add_start_functions(sys.exports()); }, talk);
}
