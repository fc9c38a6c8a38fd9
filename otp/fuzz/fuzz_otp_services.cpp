// Fuzzes what peers can say to the servers that programs are made of, what they can have called of what these
// export, and what they have logged: one term, a list of steps.
//
//     {N, Message}                       Message to process number N of `names`
//     {Module, Function, Arguments}      calls an exported function, and waits until nothing more happens
//     {configure, Term}                  as if read from a configuration file
//     {log, Report, [{Key, Value}]}      puts an event into words and into JSON
//
// A server that lives answers, and a registry knows only processes that live.
#include "conversation.hpp"

#include <rakka/actors/layers.hpp>
#include <rakka/otp/agent.hpp>
#include <rakka/otp/application.hpp>
#include <rakka/otp/log_formatter.hpp>
#include <rakka/otp/registry.hpp>
#include <rakka/otp/service.hpp>
#include <rakka/otp/task_supervisor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace {

using namespace rakka;
using namespace std::chrono_literals;
using fuzzing::part;

const std::vector<atom> names{"unique"_a, "duplicate"_a, "agent"_a,  "counter"_a,
                              "calc"_a,   "tasks"_a,     "keeper"_a, "application_controller"_a,
                              "shop"_a};

struct sums {
    std::int64_t total = 0;
};

/// Parameters of every form.
service<sums> typed_service() {
    using texts = std::map<std::string, std::vector<double>>;
    return service<sums>("calc")
        .call("add", [](sums& s, std::int8_t n) { return s.total += n; })
        .call("add",
              [](sums& s, std::uint64_t a, bool b) { return b ? a : static_cast<std::uint64_t>(s.total); })
        .call("texts", [](const sums&, const texts& all) { return all.size(); })
        .call("later", [](sums&, const from& who, const std::string& what) { reply(who, what); })
        .call("maybe", [](const std::optional<atom>& a, const std::tuple<pid, reference>&) { return a; })
        .call("any", [](const term& t) { return t; })
        .cast("reset", [](sums& s) { s.total = 0; })
        .cast("set", [](sums& s, std::uint16_t n, double) { s.total = n; })
        .info([](sums& s, const term& message) {
            if (message.is_atom("reset"_a)) s.total = 0;
        });
}

/// Registers what it is told to: entries of a process that others name.
class keeper : public gen_server {
    result handle_call(const term& request, const from&) override {
        const auto unique = registry::find("unique"_a), all = registry::find("duplicate"_a);
        if (unique && request.is_tuple(2))
            static_cast<void>(unique->register_key(part(request, 0), part(request, 1)));
        if (all) static_cast<void>(all->register_key(request));
        return reply("ok"_a);
    }
    result handle_cast(const term& key) override {
        if (const auto unique = registry::find("unique"_a)) unique->unregister_key(key);
        if (const auto all = registry::find("duplicate"_a)) all->unregister_key(key);
        return noreply();
    }
};

class shop : public application {
    start_result<pid> start() override { return gen_server::start_link<keeper>({.name = "shop"_a}); }
    void start_phase(atom, const term& argument) override {
        if (argument.is_atom("fail"_a)) rakka::exit(argument);
    }
    void prep_stop() override { static_cast<void>(applications::get_all_env("shop"_a)); }
};
class broken : public application {
    start_result<pid> start() override { return start_error::because("broken"_a); }
};

void start_all() {
    static_cast<void>(registry::start_link({.name = "unique"_a, .partitions = 2, .meta = {{1, 2}}}).value());
    static_cast<void>(
        registry::start_link(
            {.name = "duplicate"_a, .keys = registry_keys::duplicate, .listeners = {"keeper"_a, "nobody"_a}})
            .value());
    agent::start_link([] { return term(list(1, 2)); }, {.name = "agent"_a}).value();
    agent::start_link([] { return sums(); }, {.name = "counter"_a}).value();
    const auto calc = typed_service();
    calc.export_to(this_system().exports());
    calc.start_link().value();
    task_supervisor::start_link({.max_children = 10}, {.name = "tasks"_a}).value();
    gen_server::start_link<keeper>({.name = "keeper"_a}).value();
    applications::load({.name = "base"_a}).value();
    applications::load<shop>({.name = "shop"_a,
                              .version = "1",
                              .applications = {"base"_a},
                              .env = {{"key"_a, term(1)}},
                              .registered = {"shop"_a},
                              .start_phases = {{"open"_a, term("now"_a)}}})
        .value();
    applications::load<broken>({.name = "broken"_a, .applications = {"shop"_a}}).value();
}

void call(const term& step) {
    const auto module = step.tuple()[0], function = step.tuple()[1];
    if (module.is_foreign_atom() || function.is_foreign_atom() || !module.is(kind::atom) ||
        !function.is(kind::atom))
        return;
    std::vector<term> arguments;
    const term given = part(step, 2);
    if (given.is(kind::list))
        for (const term_view a : given.list())
            arguments.push_back(given.share(a));
    const auto f = this_system().exports().find(*module.as<atom>(), *function.as<atom>(), arguments.size());
    if (!f) return;
    spawn([f, arguments] { static_cast<void>((*f)(arguments)); });
    fuzzing::let_pass(1ms);
}

void put_in_words(const term& report, const term& more) {
    using namespace rakka::log;
    static const std::vector<formatter> formats{
        text_format({.time_offset = "Z"}),
        text_format({.single_line = false, .legacy_header = true, .time_offset = "Z", .depth = 5}),
        text_format(
            {.layout = "{level} {msg} {key} {\n", .time_offset = "Z", .chars_limit = 20, .max_size = 30}),
        json_format(), json_format({.chars_limit = 30})};
    log_event e;
    e.level = log_level::error;
    e.report = report;
    e.process = self();
    if (more.is(kind::list))
        for (const term_view pair : more.list()) {
            const auto key = pair.is_tuple(2) && !pair.tuple()[0].is_foreign_atom()
                                 ? pair.tuple()[0].as<atom>()
                                 : rakka::result<atom>(etf::errc::wrong_type);
            if (key) e.more.emplace_back(*key, more.share(pair.tuple()[1]));
        }
    for (const formatter& f : formats)
        RAKKA_CHECK(!f(e).empty());
}

void play(const term& step) {
    if (!step.is(kind::tuple)) return;
    if (step.is_tagged("configure"_a, 2)) return static_cast<void>(applications::configure(part(step, 1)));
    if (step.is_tagged("log"_a, 3)) return put_in_words(part(step, 1), part(step, 2));
    if (step.is_tuple(3)) return call(step);
    if (!step.is_tuple(2)) return;
    const auto n = step.tuple()[0].as<std::uint8_t>();
    const auto to = n && *n < names.size() ? whereis(names[*n]) : std::nullopt;
    if (to) fuzzing::say(*to, part(step, 1));
}

void expect_answers() {
    const auto ask = [](atom name, const term& request) {
        if (const auto p = whereis(name)) static_cast<void>(fuzzing::answer_of(*p, request));
    };
    ask("agent"_a, tuple("get"_a, tuple("m"_a, "same"_a, list())));
    ask("calc"_a, tuple("any"_a, 1));
    ask("tasks"_a, "count_children"_a);
    ask("keeper"_a, "last"_a);
    ask("application_controller"_a, "which_applications"_a);
    for (const atom name : {"unique"_a, "duplicate"_a}) {
        const auto known = registry::find(name);
        if (!known || !is_alive(known->process())) continue;
        for (const auto& entry : known->entries())
            RAKKA_CHECK(is_alive(entry.process));
    }
}

void talk(const term& steps) {
    start_all();
    set_stop_handler(this_system(), {});  // an application that ends the program ends the others
    for (const term_view step : steps.list())
        play(steps.share(step));
    for (const atom name : names)
        if (const auto p = whereis(name)) fuzzing::resume(*p);
    fuzzing::let_pass(1s);
    expect_answers();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto prepare = [](rakka::system& sys) {
        sys.exports().add("m"_a, "same"_a, 1,
                          exported_function([](const std::vector<term>& a) { return a[0]; }));
    };
    return fuzzing::converse(data, size, prepare, talk);
}
